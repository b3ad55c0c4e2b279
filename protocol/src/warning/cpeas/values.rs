//! The value sets. All are open: the standard's text is not public.

use core::fmt;

/// A value set that keeps what it does not know.
pub(super) trait Open: Sized {
    /// The value of a text.
    fn of(text: &str) -> Self;
    /// How the value is written.
    fn text(&self) -> &str;
    /// Whether the value is a known one.
    fn is_known(&self) -> bool;
    /// The known names.
    fn names() -> &'static [&'static str];
}

macro_rules! open_values {
    ($(#[$doc:meta])* $name:ident { $($(#[$value_doc:meta])* $value:ident = $text:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash)]
        pub enum $name {
            $($(#[$value_doc])* $value,)+
            /// A value that is not known here, as it was written. Not empty.
            Other(String),
        }

        impl $name {
            /// The names of the known values.
            pub const NAMES: &'static [&'static str] = &[$($text,)+];

            /// The value of a name, in any case of its letters. What is not known is kept.
            #[must_use]
            pub fn parse(text: &str) -> Self {
                $(if text.eq_ignore_ascii_case($text) {
                    return Self::$value;
                })+
                Self::Other(text.to_owned())
            }

            /// The name of the value as it is written.
            #[must_use]
            pub const fn name(&self) -> &str {
                match self {
                    $(Self::$value => $text,)+
                    Self::Other(text) => text.as_str(),
                }
            }
        }

        impl Open for $name {
            fn of(text: &str) -> Self {
                Self::parse(text)
            }

            fn text(&self) -> &str {
                self.name()
            }

            fn is_known(&self) -> bool {
                !matches!(self, Self::Other(_))
            }

            fn names() -> &'static [&'static str] {
                Self::NAMES
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.name())
            }
        }
    };
}

open_values! {
    /// `status`: how the message is to be handled.
    Status {
        /// To be acted on.
        Actual = "Actual",
        /// Technical test: nobody acts on it.
        Test = "Test",
        /// Exercise; defined, not used in the field.
        Exercise = "Exercise",
        /// A template; defined, not used in the field.
        Draft = "Draft",
    }
}

open_values! {
    /// `msgType`: what the message is.
    MsgType {
        /// The first issue of an event.
        Alert = "Alert",
        /// A later issue, also one that continues the warning unchanged.
        Update = "Update",
        /// Ends the event, every issue of it.
        Cancel = "Cancel",
        /// Reserved.
        Ack = "Ack",
        /// Reserved.
        Error = "Error",
    }
}

open_values! {
    /// `scope`: who may see the message.
    Scope {
        /// Everybody; the only value in the field.
        Public = "Public",
    }
}

open_values! {
    /// `secClassification`: how confidential the message is.
    Classification {
        /// Not at all.
        Unrestricted = "None",
        /// For the agencies only.
        Inner = "Inner",
    }
}

open_values! {
    /// `methodName`: by which means a text is to be spread.
    MethodName {
        /// Short messages.
        Sms = "SMS",
        /// Displays.
        Led = "LED",
        /// Loudspeakers.
        Speaker = "SPEAKER",
        /// Television.
        Tv = "TV",
        /// Radio broadcast.
        Broadcast = "BROADCAST",
        /// Web sites.
        Web = "WEB",
        /// Telephone.
        Phone = "PHONE",
        /// Fax.
        Fax = "FAX",
    }
}

open_values! {
    /// `urgency`: how soon to act. In practice Unknown.
    Urgency {
        /// At once.
        Immediate = "Immediate",
        /// Soon.
        Expected = "Expected",
        /// In the near future.
        Future = "Future",
        /// No more.
        Past = "Past",
        /// Not known.
        Unknown = "Unknown",
    }
}

open_values! {
    /// `certainty`: how sure the event is. In practice Unknown.
    Certainty {
        /// It has happened or is going on.
        Observed = "Observed",
        /// Very likely.
        VeryLikely = "VeryLikely",
        /// Likely.
        Likely = "Likely",
        /// Not expected.
        Unlikely = "Unlikely",
        /// Not known.
        Unknown = "Unknown",
    }
}

open_values! {
    /// `severity`: the colour of the warning, from worst to least. Show it as a word, too.
    Colour {
        /// 红色, class I.
        Red = "Red",
        /// 橙色, class II.
        Orange = "Orange",
        /// 黄色, class III.
        Yellow = "Yellow",
        /// 蓝色, class IV.
        Blue = "Blue",
        /// 白色: below blue, in one province only; no class of its own.
        White = "White",
        /// Not known.
        Unknown = "Unknown",
    }
}

/// The class of a warning, from I, the worst, to IV.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Class {
    /// 特别重大.
    I,
    /// 重大.
    II,
    /// 较大.
    III,
    /// 一般.
    IV,
}
