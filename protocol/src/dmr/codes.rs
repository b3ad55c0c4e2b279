//! Code points of a small field as an enum that covers the field's whole value space.

/// Declares an enum with one variant per assigned code and `Other(code)` for the rest,
/// with `from_code`, `code` and a `Display` that says what the code means.
macro_rules! codes {
    ($(#[$doc:meta])* $name:ident { $($variant:ident = $code:literal, $meaning:literal;)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum $name {
            $(
                #[doc = concat!("Code ", stringify!($code), ": ", $meaning, ".")]
                $variant,
            )+
            /// A code without an assigned meaning here.
            Other(u8),
        }

        impl $name {
            /// What `code` stands for.
            #[must_use]
            pub const fn from_code(code: u8) -> Self {
                match code {
                    $($code => Self::$variant,)+
                    other => Self::Other(other),
                }
            }

            /// The number on the air.
            #[must_use]
            pub const fn code(self) -> u8 {
                match self {
                    $(Self::$variant => $code,)+
                    Self::Other(code) => code,
                }
            }
        }

        impl core::fmt::Display for $name {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                match self {
                    $(Self::$variant => f.write_str($meaning),)+
                    Self::Other(code) => write!(f, "reserved ({code})"),
                }
            }
        }
    };
}

pub(crate) use codes;
