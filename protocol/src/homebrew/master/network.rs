//! From where a station may log in.

use core::fmt;
use core::str::FromStr;
use std::net::IpAddr;

use ipnet::IpNet;

/// A range of addresses, as `192.0.2.0/24`, `2001:db8::/32` or one address. A range of IPv4
/// addresses mapped into IPv6 (`::ffff:192.0.2.0/120`) is one of IPv4 addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network(IpNet);

/// Why a text is no network.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NetworkError {
    /// The part before the slash.
    #[error("{0:?} is no IP address")]
    Address(String),
    /// The part after the slash.
    #[error("/{0} is no prefix length: expected 0 to {1}")]
    Prefix(String, u8),
}

impl Network {
    /// The network of the first `prefix` bits of `base`.
    ///
    /// # Errors
    /// The prefix is longer than the address (32 or 128 bits).
    pub fn new(base: IpAddr, prefix: u8) -> Result<Self, NetworkError> {
        // The first 96 bits of a mapped address say that it is one.
        let (base, prefix) = match (base.to_canonical(), prefix.checked_sub(96)) {
            (IpAddr::V4(mapped), Some(prefix)) if base.is_ipv6() => (mapped.into(), prefix),
            _ => (base, prefix),
        };
        let longest = if base.is_ipv4() { 32 } else { 128 };
        IpNet::new(base, prefix)
            .map(Self)
            .map_err(|_| NetworkError::Prefix(prefix.to_string(), longest))
    }

    /// Whether `address` lies in it. An IPv4 address mapped into IPv6 counts as IPv4.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        self.0.contains(&address.to_canonical())
    }
}

impl FromStr for Network {
    type Err = NetworkError;

    fn from_str(text: &str) -> Result<Self, NetworkError> {
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        let base: IpAddr = address
            .parse()
            .map_err(|_| NetworkError::Address(address.to_owned()))?;
        let longest = if base.is_ipv4() { 32 } else { 128 };
        let prefix = prefix.map_or(Ok(longest), |text| {
            text.parse()
                .map_err(|_| NetworkError::Prefix(text.to_owned(), longest))
        })?;
        Self::new(base, prefix)
    }
}

impl From<IpAddr> for Network {
    fn from(address: IpAddr) -> Self {
        Self(address.to_canonical().into())
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holds(network: &str, address: &str) -> bool {
        let network: Network = network.parse().unwrap();
        network.contains(address.parse().unwrap())
    }

    #[test]
    fn the_prefix_decides() {
        assert!(holds("192.0.2.0/24", "192.0.2.255"));
        assert!(!holds("192.0.2.0/24", "192.0.3.0"));
        assert!(holds("0.0.0.0/0", "203.0.113.9"));
        assert!(holds("192.0.2.7", "192.0.2.7"));
        assert!(!holds("192.0.2.7", "192.0.2.6"));
        assert!(holds("2001:db8::/32", "2001:db8:ffff::1"));
        assert!(!holds("2001:db8::/32", "2001:db9::1"));
        assert!(holds("::/0", "2001:db9::1"));
    }

    #[test]
    fn mapped_addresses_are_ipv4() {
        assert!(holds("192.0.2.0/24", "::ffff:192.0.2.1"));
        assert!(holds("::ffff:192.0.2.0/120", "192.0.2.1"));
        assert!(!holds("::ffff:192.0.2.0/120", "192.0.3.1"));
        assert!(!holds("::/0", "192.0.2.1"));
    }

    #[test]
    fn what_is_wrong_is_named() {
        let error = |text: &str| text.parse::<Network>().unwrap_err().to_string();
        assert_eq!(error("192.0.2/24"), "\"192.0.2\" is no IP address");
        assert_eq!(
            error("192.0.2.0/33"),
            "/33 is no prefix length: expected 0 to 32"
        );
        assert_eq!(error("::/x"), "/x is no prefix length: expected 0 to 128");
    }
}
