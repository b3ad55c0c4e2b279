//! The surroundings of Narrowcast in virtual time.
