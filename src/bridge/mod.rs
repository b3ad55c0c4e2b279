//! What leaves for other systems, and comes from them.

pub mod platform;
