//! `resource` (CAP 1.2, clause 3.2.3): a file that belongs to the message. It is named, and
//! never fetched or opened here.

use super::fault::{Rule, shown};
use super::fields::Fields;
use super::out::Out;
use super::simple;

/// Most octets of a resource that the message itself holds.
pub const MAX_CONTENT: usize = 256 << 10;

/// A file that belongs to the message.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Resource {
    /// `resourceDesc`: what it is, in words.
    pub resource_desc: String,
    /// `mimeType`, such as `image/png`.
    pub mime_type: String,
    /// `size`: octets.
    pub size: Option<u64>,
    /// `uri`: where it is; absolute, or a name that goes with `deref_uri`.
    pub uri: Option<String>,
    /// `derefUri`: its content in Base64, at most [`MAX_CONTENT`] octets decoded; white space
    /// is taken out.
    pub deref_uri: Option<String>,
    /// `digest`: SHA-1 in hexadecimal.
    pub digest: Option<String>,
}

impl Resource {
    pub(super) fn decode(fields: &mut Fields<'_, '_, '_>) -> Option<Self> {
        Some(Self {
            resource_desc: fields.text("resourceDesc"),
            mime_type: fields.text("mimeType"),
            size: size(fields),
            uri: fields.option("uri"),
            deref_uri: content(fields),
            digest: fields.option("digest"),
        })
    }

    pub(super) fn encode(&self, out: &mut Out) {
        out.open("resource");
        out.text("resourceDesc", &self.resource_desc);
        out.text("mimeType", &self.mime_type);
        if let Some(size) = self.size {
            out.text("size", &size.to_string());
        }
        out.option("uri", self.uri.as_deref());
        out.option("derefUri", self.deref_uri.as_deref());
        out.option("digest", self.digest.as_deref());
        out.close("resource");
    }
}

fn size(fields: &mut Fields<'_, '_, '_>) -> Option<u64> {
    let text = fields.raw("size")?;
    let size = text.strip_prefix('+').unwrap_or(&text).parse().ok();
    if size.is_none() {
        let rule = Rule::Size(shown(&text));
        fields.faults.note(fields.path("size"), rule);
    }
    size
}

fn content(fields: &mut Fields<'_, '_, '_>) -> Option<String> {
    let text = fields.raw("derefUri")?;
    let path = fields.path("derefUri");
    match simple::base64_octets(&text) {
        None => fields.faults.note(path, Rule::Base64),
        Some(octets) if octets > MAX_CONTENT => {
            let what = "octets of content";
            let most = MAX_CONTENT;
            fields.faults.fatal(path, Rule::Limit { what, most });
        }
        Some(_) => {
            let text: String = text.split_whitespace().collect();
            return Some(text).filter(|text| !text.is_empty());
        }
    }
    None
}
