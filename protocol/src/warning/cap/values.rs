//! The value sets of CAP 1.2, clauses 3.2.1 and 3.2.2, by the standard's names.

use core::fmt;

macro_rules! values {
    ($(#[$doc:meta])* $name:ident { $($(#[$value_doc:meta])* $value:ident,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum $name { $($(#[$value_doc])* $value,)+ }

        impl $name {
            /// Every value, in the standard's order.
            pub const ALL: &'static [Self] = &[$(Self::$value,)+];
            /// The names of [`Self::ALL`].
            pub const NAMES: &'static [&'static str] = &[$(stringify!($value),)+];

            /// The value of a name; names differ by the case of their letters.
            #[must_use]
            pub fn from_name(name: &str) -> Option<Self> {
                let found = Self::NAMES.iter().zip(Self::ALL).find(|(known, _)| **known == name);
                found.map(|(_, value)| *value)
            }

            /// The standard's name of the value.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$value => stringify!($value),)+ }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.name())
            }
        }
    };
}

values! {
    /// `status`: how the message is to be handled.
    Status {
        /// To be acted on by everybody it is for.
        Actual,
        /// To be acted on by the participants of the exercise that `note` names.
        Exercise,
        /// For the network's own functions.
        System,
        /// Technical test: nobody acts on it.
        Test,
        /// A template; not to be acted on in this form.
        Draft,
    }
}

values! {
    /// `msgType`: what the message is.
    MsgType {
        /// The first information.
        Alert,
        /// Takes the place of the messages in `references`.
        Update,
        /// Ends the messages in `references`.
        Cancel,
        /// Acknowledges the messages in `references`.
        Ack,
        /// Refuses the messages in `references`; `note` says why.
        Error,
    }
}

values! {
    /// `scope`: who may see the message.
    Scope {
        /// Everybody.
        Public,
        /// Those of whom the rule in `restriction` is true.
        Restricted,
        /// Those in `addresses`.
        Private,
    }
}

values! {
    /// `category`: what kind of event.
    Category {
        /// Geophysical, landslides too.
        Geo,
        /// Meteorological, floods too.
        Met,
        /// General emergency and public safety.
        Safety,
        /// Law enforcement, military, homeland security.
        Security,
        /// Rescue and recovery.
        Rescue,
        /// Fire suppression and rescue.
        Fire,
        /// Medical and public health.
        Health,
        /// Pollution and other environmental.
        Env,
        /// Public and private transport.
        Transport,
        /// Utilities, telecommunication and other infrastructure.
        Infra,
        /// Chemical, biological, radiological, nuclear, explosive.
        CBRNE,
        /// Others.
        Other,
    }
}

values! {
    /// `responseType`: what those who hear it should do.
    ResponseType {
        /// Take shelter in place or as `instruction` says.
        Shelter,
        /// Leave as `instruction` says.
        Evacuate,
        /// Make preparations.
        Prepare,
        /// Carry out a planned activity.
        Execute,
        /// Keep away from the event.
        Avoid,
        /// Follow the sources of information.
        Monitor,
        /// Evaluate the information; not for public warnings.
        Assess,
        /// The event is no threat any more.
        AllClear,
        /// Nothing is recommended.
        None,
    }
}

values! {
    /// `urgency`: how soon to act.
    Urgency {
        /// At once.
        Immediate,
        /// Soon, within the next hour.
        Expected,
        /// In the near future.
        Future,
        /// No more.
        Past,
        /// Not known.
        Unknown,
    }
}

values! {
    /// `severity`: the threat to life or property.
    Severity {
        /// Extraordinary.
        Extreme,
        /// Significant.
        Severe,
        /// Possible.
        Moderate,
        /// Minimal or none.
        Minor,
        /// Not known.
        Unknown,
    }
}

values! {
    /// `certainty`: how sure the event is.
    Certainty {
        /// It has happened or is going on.
        Observed,
        /// More likely than not.
        Likely,
        /// Possible, but not likely.
        Possible,
        /// Not expected.
        Unlikely,
        /// Not known.
        Unknown,
    }
}
