//! Narrowcast: a narrowband radio messaging and alerting server.
