//! Codes of Chinese regions (GB/T 2260, and its townships and villages).

use std::borrow::Borrow;
use std::fmt;

/// Digits of the levels: province, city, county, township, village.
const LEVELS: [usize; 5] = [2, 2, 2, 3, 3];
/// Codes of the provinces.
const PROVINCES: [&str; 34] = [
    "11", "12", "13", "14", "15", "21", "22", "23", "31", "32", "33", "34", "35", "36", "37", "41",
    "42", "43", "44", "45", "46", "50", "51", "52", "53", "54", "61", "62", "63", "64", "65", "71",
    "81", "82",
];

/// A region: its digits without the levels at the end that are all zero. `410100` and
/// `410100000000` are both 4101, the city; `330205004000` is 330205004, a township.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Region(String);

impl Region {
    /// Reads 6 or 12 digits that begin with a province; none otherwise.
    #[must_use]
    pub fn parse(code: &str) -> Option<Self> {
        let digits = code.bytes().all(|c| c.is_ascii_digit());
        let known = PROVINCES.contains(&code.get(..2)?);
        if !(digits && known && matches!(code.len(), 6 | 12)) {
            return None;
        }
        let mut rest = code;
        let mut kept = 0;
        let mut end = 0;
        for level in LEVELS {
            let Some((part, behind)) = rest.split_at_checked(level) else {
                break;
            };
            (rest, end) = (behind, end + level);
            if part.bytes().any(|c| c != b'0') {
                kept = end;
            }
        }
        code.get(..kept).map(|kept| Self(kept.to_owned()))
    }

    /// Whether the other is this one or a part of it.
    #[must_use]
    pub fn covers(&self, other: &Self) -> bool {
        other.0.starts_with(&self.0)
    }

    /// The digits of this region and of those that it is a part of, the smallest first; 5 at most.
    pub(super) fn upwards(&self) -> impl Iterator<Item = &str> {
        let ends = [12, 9, 6, 4, 2].into_iter();
        ends.filter_map(|end| self.0.get(..end))
    }
}

/// By its digits, as `Region::upwards` gives them.
impl Borrow<str> for Region {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Region {
    /// As 6 digits, or 12 where it is smaller than a county.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = if self.0.len() > 6 { 12 } else { 6 };
        write!(f, "{:0<width$}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(code: &str) -> Option<String> {
        Region::parse(code).map(|region| region.0)
    }

    #[test]
    fn levels_of_zeros_at_the_end_are_dropped_level_by_level() {
        for (code, is) in [
            ("410000", "41"),
            ("410000000000", "41"),
            ("410100", "4101"),
            ("410100000000", "4101"),
            ("330205004000", "330205004"),
            ("330205004100", "330205004100"),
            ("330205100000", "330205100"),
            // Counties that belong to no city.
            ("429004", "429004"),
            ("110100", "1101"),
        ] {
            assert_eq!(kept(code).as_deref(), Some(is), "{code}");
        }
    }

    #[test]
    fn what_is_no_code_of_a_province_is_no_region() {
        for code in [
            "",
            "4",
            "41",
            "4101",
            "41010",
            "4101000",
            "41010000000",
            "4101000000000",
            "006037",
            "990000",
            "000000",
            "100000",
            "41010a",
            "４１０１００",
            "郑州市",
            " 410100",
            "+41010",
        ] {
            assert_eq!(kept(code), None, "{code}");
        }
    }

    #[test]
    fn a_region_covers_its_parts_and_nothing_beside_it() {
        let of = |code| Region::parse(code).unwrap();
        assert!(of("410000").covers(&of("410105001002")));
        assert!(of("410100").covers(&of("410100000000")));
        assert!(!of("410105").covers(&of("410100")));
        assert!(!of("410100").covers(&of("411000")));
        // 100 townships would be lost if zeros were dropped in pairs.
        assert!(of("330205004000").covers(&of("330205004123")));
        assert!(!of("330205004000").covers(&of("330205005000")));
        let small = of("410105001002");
        let up: Vec<&str> = small.upwards().collect();
        assert_eq!(up, ["410105001002", "410105001", "410105", "4101", "41"]);
        assert_eq!(of("410100").upwards().collect::<Vec<_>>(), ["4101", "41"]);
    }
}
