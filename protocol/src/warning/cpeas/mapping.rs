//! The value sets against those of CAP 1.2, both ways, and colours against classes.

use super::values::{Certainty, Class, Colour, MsgType, Scope, Status, Urgency};
use crate::warning::cap;

impl Colour {
    /// The class of the colour. None for white, for Unknown and for what is not known.
    #[must_use]
    pub const fn class(&self) -> Option<Class> {
        match self {
            Self::Red => Some(Class::I),
            Self::Orange => Some(Class::II),
            Self::Yellow => Some(Class::III),
            Self::Blue => Some(Class::IV),
            Self::White | Self::Unknown | Self::Other(_) => None,
        }
    }

    /// CAP's severity. White is Minor as blue is; what is not known is Unknown.
    #[must_use]
    pub const fn to_cap(&self) -> cap::Severity {
        match self {
            Self::Red => cap::Severity::Extreme,
            Self::Orange => cap::Severity::Severe,
            Self::Yellow => cap::Severity::Moderate,
            Self::Blue | Self::White => cap::Severity::Minor,
            Self::Unknown | Self::Other(_) => cap::Severity::Unknown,
        }
    }

    /// The colour of CAP's severity.
    #[must_use]
    pub const fn from_cap(severity: cap::Severity) -> Self {
        match severity {
            cap::Severity::Extreme => Self::Red,
            cap::Severity::Severe => Self::Orange,
            cap::Severity::Moderate => Self::Yellow,
            cap::Severity::Minor => Self::Blue,
            cap::Severity::Unknown => Self::Unknown,
        }
    }
}

impl Class {
    /// The class as it is spoken of.
    #[must_use]
    pub const fn chinese(self) -> &'static str {
        match self {
            Self::I => "特别重大",
            Self::II => "重大",
            Self::III => "较大",
            Self::IV => "一般",
        }
    }
}

impl Status {
    /// CAP's status. None for what is not known: it must not be taken for Actual.
    #[must_use]
    pub const fn to_cap(&self) -> Option<cap::Status> {
        match self {
            Self::Actual => Some(cap::Status::Actual),
            Self::Test => Some(cap::Status::Test),
            Self::Exercise => Some(cap::Status::Exercise),
            Self::Draft => Some(cap::Status::Draft),
            Self::Other(_) => None,
        }
    }

    /// The status of CAP's. None for System, which has no place in this form.
    #[must_use]
    pub const fn from_cap(status: cap::Status) -> Option<Self> {
        match status {
            cap::Status::Actual => Some(Self::Actual),
            cap::Status::Test => Some(Self::Test),
            cap::Status::Exercise => Some(Self::Exercise),
            cap::Status::Draft => Some(Self::Draft),
            cap::Status::System => None,
        }
    }
}

impl MsgType {
    /// CAP's message type. None for what is not known.
    #[must_use]
    pub const fn to_cap(&self) -> Option<cap::MsgType> {
        match self {
            Self::Alert => Some(cap::MsgType::Alert),
            Self::Update => Some(cap::MsgType::Update),
            Self::Cancel => Some(cap::MsgType::Cancel),
            Self::Ack => Some(cap::MsgType::Ack),
            Self::Error => Some(cap::MsgType::Error),
            Self::Other(_) => None,
        }
    }

    /// The type of CAP's.
    #[must_use]
    pub const fn from_cap(msg_type: cap::MsgType) -> Self {
        match msg_type {
            cap::MsgType::Alert => Self::Alert,
            cap::MsgType::Update => Self::Update,
            cap::MsgType::Cancel => Self::Cancel,
            cap::MsgType::Ack => Self::Ack,
            cap::MsgType::Error => Self::Error,
        }
    }
}

impl Scope {
    /// CAP's scope. None for what is not known: it must not be taken for Public.
    #[must_use]
    pub const fn to_cap(&self) -> Option<cap::Scope> {
        match self {
            Self::Public => Some(cap::Scope::Public),
            Self::Other(_) => None,
        }
    }

    /// The scope of CAP's. None for all but Public.
    #[must_use]
    pub const fn from_cap(scope: cap::Scope) -> Option<Self> {
        match scope {
            cap::Scope::Public => Some(Self::Public),
            cap::Scope::Restricted | cap::Scope::Private => None,
        }
    }
}

impl Urgency {
    /// CAP's urgency. What is not known is Unknown.
    #[must_use]
    pub const fn to_cap(&self) -> cap::Urgency {
        match self {
            Self::Immediate => cap::Urgency::Immediate,
            Self::Expected => cap::Urgency::Expected,
            Self::Future => cap::Urgency::Future,
            Self::Past => cap::Urgency::Past,
            Self::Unknown | Self::Other(_) => cap::Urgency::Unknown,
        }
    }

    /// The urgency of CAP's.
    #[must_use]
    pub const fn from_cap(urgency: cap::Urgency) -> Self {
        match urgency {
            cap::Urgency::Immediate => Self::Immediate,
            cap::Urgency::Expected => Self::Expected,
            cap::Urgency::Future => Self::Future,
            cap::Urgency::Past => Self::Past,
            cap::Urgency::Unknown => Self::Unknown,
        }
    }
}

impl Certainty {
    /// CAP's certainty. `VeryLikely` is Likely, as CAP 1.2 says; what is not known is Unknown.
    #[must_use]
    pub const fn to_cap(&self) -> cap::Certainty {
        match self {
            Self::Observed => cap::Certainty::Observed,
            Self::VeryLikely | Self::Likely => cap::Certainty::Likely,
            Self::Unlikely => cap::Certainty::Unlikely,
            Self::Unknown | Self::Other(_) => cap::Certainty::Unknown,
        }
    }

    /// The certainty of CAP's. Possible has no word here: it is Unknown, which promises
    /// nothing and denies nothing.
    #[must_use]
    pub const fn from_cap(certainty: cap::Certainty) -> Self {
        match certainty {
            cap::Certainty::Observed => Self::Observed,
            cap::Certainty::Likely => Self::Likely,
            cap::Certainty::Unlikely => Self::Unlikely,
            cap::Certainty::Possible | cap::Certainty::Unknown => Self::Unknown,
        }
    }
}
