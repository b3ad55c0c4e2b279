//! The responses to the three bind requests (clause 4.1.2). A refusal may have no body.

use bytes::BytesMut;

use super::Cut;
use super::bind::Way;
use super::tlv::{Tag, Tlvs};
use super::wire::{open, put_text, text};

/// Let in or not, as the status in the header says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BindResp {
    /// What it answers.
    pub way: Way,
    /// `system_id`: the name of the centre, at most 15 characters; none if the body was empty.
    pub system_id: String,
    /// `sc_interface_version`, where the centre says it.
    pub version: Option<u8>,
}

impl BindResp {
    /// Reads a body. Optional parameters that are cut are dropped.
    ///
    /// # Errors
    /// The name has no end.
    pub fn decode(way: Way, body: &[u8]) -> Result<Self, Cut> {
        if body.is_empty() {
            return Ok(Self {
                way,
                system_id: String::new(),
                version: None,
            });
        }
        let name = text("system_id");
        let (rest, system_id) = open("bind_resp", body, name)?;
        let tlvs = Tlvs::decode(rest);
        let version = tlvs.get(Tag::SC_INTERFACE_VERSION);
        Ok(Self {
            way,
            system_id,
            version: version.and_then(|value| value.first().copied()),
        })
    }

    /// Appends the body.
    pub fn encode(&self, out: &mut BytesMut) {
        put_text(out, &self.system_id, 16);
        let mut tlvs = Tlvs::default();
        if let Some(version) = self.version {
            tlvs.push(Tag::SC_INTERFACE_VERSION, [version]);
        }
        tlvs.encode(out);
    }
}
