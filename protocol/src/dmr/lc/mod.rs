//! Link control (TS 102 361-1 clause 9.1.6, TS 102 361-2 clause 7.1).

mod service_options;

pub use service_options::ServiceOptions;
