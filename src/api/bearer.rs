//! The token of a request.

use crate::engine::io::Credential;

/// The token of a request; it was valid when the head was read.
#[derive(Debug, Clone)]
pub struct Bearer(pub Credential);
