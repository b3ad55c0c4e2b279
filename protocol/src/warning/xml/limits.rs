//! How large a document may be.

/// Most octets of a document.
pub const MAX_OCTETS: usize = 1 << 20;
/// Most nodes: elements, texts, comments and instructions.
pub const MAX_NODES: u32 = 20_000;
/// Deepest nesting of elements; the root counts as 1.
pub const MAX_DEPTH: u32 = 32;
/// Most attributes of one element, namespace declarations included.
pub const MAX_ATTRIBUTES: u32 = 64;
/// Most namespaces that an element and those around it declare together.
pub const MAX_NAMESPACES: u32 = 64;
