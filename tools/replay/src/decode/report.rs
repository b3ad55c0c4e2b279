//! What is said about one frame: the JSON object of the contract for scripts.

use narrowcast_hardware::capture::Direction;
use narrowcast_protocol::dmr::fields::Field;
use narrowcast_protocol::dmr::target::Target;
use narrowcast_protocol::sms::Incoming;
use serde::Serialize;

use super::fields::FieldList;
use crate::input::Raw;

/// One frame, or one message put together from frames.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub(crate) struct Report {
    /// Every check of this layer has passed.
    pub(crate) ok: bool,
    pub(crate) kind: &'static str,
    #[serde(skip_serializing_if = "str::is_empty")]
    pub(crate) pdu: &'static str,
    /// Short name of the PDU inside a burst.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) content: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) error: Option<String>,
    /// Which check it was, `none` where there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) check: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) src: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) dst: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) group: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) slot: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) color_code: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) data_type: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) opcode: Option<u8>,
    /// Numbers or names of who sends and who is to get a short message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) parties: Option<(String, String)>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) text: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) encoding: Option<String>,
    /// What is odd about it although it could be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) note: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) reference: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) corrected_bits: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) time: Option<String>,
    /// The recorder's name for the link.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) link: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) direction: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) from: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) to: Option<String>,
    /// Bytes of the stream before this frame.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) offset: Option<u64>,
    #[serde(skip_serializing_if = "FieldList::is_empty")]
    pub(crate) fields: FieldList,
    /// What the frame carries.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) inner: Option<Box<Report>>,
    /// A short message, to put long texts together.
    #[serde(skip)]
    pub(crate) incoming: Option<Box<Incoming>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) hex: Option<String>,
}

impl Report {
    /// A frame of `kind` in `bytes`, about which nothing is known yet.
    pub(crate) fn new(kind: &'static str, bytes: &[u8]) -> Self {
        Self {
            ok: true,
            kind,
            hex: Some(hex::encode(bytes)),
            ..Self::default()
        }
    }

    /// Something that is no frame of `kind`.
    pub(crate) fn refused(kind: &'static str, given: String, why: String) -> Self {
        Self {
            kind,
            pdu: "Unknown",
            error: Some(why),
            hex: Some(given),
            ..Self::default()
        }
    }

    /// A check failed.
    pub(crate) fn fail(&mut self, why: impl ToString) {
        self.ok = false;
        self.error = Some(why.to_string());
    }

    /// Something is odd although it could be read.
    pub(crate) fn remark(&mut self, what: &str) {
        self.note = Some(match self.note.take() {
            Some(before) => format!("{before}; {what}"),
            None => what.to_owned(),
        });
    }

    /// Whom the frame is from and for.
    pub(crate) fn addresses(&mut self, source: Option<u32>, target: Option<Target>) {
        self.src = source;
        self.dst = target.map(|target| target.number);
        self.group = target.map(|target| target.group);
    }

    /// Adds fields to the tree.
    pub(crate) fn add(&mut self, fields: &[Field]) {
        self.fields.extend(fields);
    }

    /// What the recorder said about the frame.
    pub(crate) fn place(&mut self, raw: &Raw) {
        self.time = raw.at.map(|at| at.to_string());
        self.link = (!raw.interface.is_empty()).then(|| raw.interface.clone());
        self.direction = raw.direction.map(|direction| match direction {
            Direction::Inbound => "in",
            Direction::Outbound => "out",
        });
        if let Some((from, to)) = raw.peers {
            self.from = Some(from.to_string());
            self.to = Some(to.to_string());
        }
        self.offset = raw.offset;
        if let Some(missing) = raw.missing.filter(|missing| *missing > 0) {
            self.remark(&format!(
                "{missing} bytes of the stream are missing before it"
            ));
        }
    }

    /// The PDU's name, and that of what it carries.
    pub(crate) fn title(&self) -> String {
        match (self.content, &self.inner) {
            (Some(content), _) => format!("{} {content}", self.pdu),
            (None, Some(inner)) => format!("{} {}", self.pdu, inner.title()),
            (None, None) => self.pdu.to_owned(),
        }
    }
}
