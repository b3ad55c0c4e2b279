//! Areas of CAP alerts: by what they are known, and whom they stand for.

use narrowcast_protocol::warning::cap::Point;
use narrowcast_protocol::warning::text::one_line;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

use crate::config::cap_targets::{TARGETS, check_targets, targets};
use crate::config::error::Fault;
use crate::model::cap::{CapArea, Outline, Region, Spot};

/// Most areas, and most of them with a polygon.
const AREAS: (usize, usize) = (10_000, 1_000);
/// Least and most points of a polygon.
const POINTS: (usize, usize) = (3, 1_000);
/// Longest text by which an area is known, in characters.
const TEXT: usize = 300;

/// `[[cap.area]]`: an area and whom it stands for. An area of a document is this one by any of
/// its keys.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CapAreaTable {
    /// The value of a `geocode` of the area.
    pub geocode: Option<String>,
    /// A region of China: a code of it or of a region above it is meant.
    pub region: Option<String>,
    /// Whether the code of a part of `region` is enough.
    pub widen: bool,
    /// The `valueName` that codes must have.
    pub code_name: Option<String>,
    /// Points `latitude,longitude` in degrees of WGS-84, 3 to 1,000: what meets it is meant.
    #[serde(deserialize_with = "points")]
    pub polygon: Vec<String>,
    /// A point `latitude,longitude` in degrees of WGS-84: what holds it is meant.
    pub site: Option<String>,
    /// The area's `areaDesc`.
    pub name: Option<String>,
    /// One of the alert's `addresses`, or the value of a parameter `narrowcast:group`.
    pub address: Option<String>,
    /// Whom an alert for it names.
    pub targets: Vec<String>,
}

/// A list of points, or one text with white space between them.
fn points<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Written {
        One(String),
        Many(Vec<String>),
    }
    match Written::deserialize(deserializer) {
        Ok(Written::One(text)) => Ok(text.split_whitespace().map(str::to_owned).collect()),
        Ok(Written::Many(points)) => Ok(points),
        Err(_) => Err(D::Error::custom(
            "it is no polygon: write points, as in [\"34.70,113.60\", \"34.80,113.60\", \
             \"34.80,113.70\"]",
        )),
    }
}

fn point(text: &str) -> Result<Point, String> {
    Point::parse(text.trim()).ok_or_else(|| {
        let text: String = text.chars().take(40).collect();
        format!(
            "`{text}` is no point: write degrees north and east of WGS-84, as in \"34.75,113.66\""
        )
    })
}

impl CapAreaTable {
    pub(super) fn rule(&self) -> CapArea {
        let text = |text: &Option<String>| text.as_deref().map(|text| text.trim().to_owned());
        CapArea {
            geocode: text(&self.geocode),
            region: self.region.as_deref().and_then(Region::parse),
            widen: self.widen,
            code_name: text(&self.code_name),
            polygon: self.outline().and_then(Result::ok),
            site: self
                .site
                .as_deref()
                .and_then(|site| point(site).ok())
                .map(Spot::from),
            name: self.name.as_deref().map(one_line),
            address: text(&self.address),
            targets: targets(&self.targets),
        }
    }

    /// The polygon, if there is one.
    fn outline(&self) -> Option<Result<Outline, String>> {
        let (least, most) = POINTS;
        let count = self.polygon.len();
        match count {
            0 => None,
            _ if (least..=most).contains(&count) => {
                let points: Result<Vec<Point>, String> =
                    self.polygon.iter().map(|text| point(text)).collect();
                Some(points.and_then(|points| Outline::new(&points).map_err(|it| it.to_string())))
            }
            _ => Some(Err(format!(
                "it has {count} points: write {least} to {most}"
            ))),
        }
    }

    pub(super) fn check_all(areas: &[Self], faults: &mut Vec<Fault>) {
        for (index, area) in areas.iter().enumerate() {
            area.check(&format!("cap.area[{index}]"), faults);
        }
        let (most, polygons) = AREAS;
        if areas.len() > most {
            let why = format!("there are {}: write at most {most}", areas.len());
            faults.push(Fault::new("cap.area", why));
        }
        let count = areas.iter().filter(|area| !area.polygon.is_empty()).count();
        if count > polygons {
            let why = format!(
                "{count} have a polygon: write at most {polygons}, and codes, names or sites for \
                 the others"
            );
            faults.push(Fault::new("cap.area", why));
        }
    }

    fn check(&self, at: &str, faults: &mut Vec<Fault>) {
        let mut fault = |key: &str, why: String| {
            faults.push(Fault::new(format!("{at}.{key}"), why));
        };
        let texts = [
            ("geocode", &self.geocode),
            ("code_name", &self.code_name),
            ("name", &self.name),
            ("address", &self.address),
        ];
        for (key, text) in texts {
            let length = text.as_deref().map(|text| one_line(text).chars().count());
            if length.is_some_and(|length| !(1..=TEXT).contains(&length)) {
                fault(key, format!("it must have 1 to {TEXT} characters"));
            }
        }
        if let Some(code) = self
            .region
            .as_deref()
            .filter(|it| Region::parse(it).is_none())
        {
            let code: String = code.chars().take(40).collect();
            let why = format!(
                "`{code}` is no region of China: write 6 or 12 digits that begin with a \
                 province, as in \"410100\"; other codes stand in geocode"
            );
            fault("region", why);
        }
        if self.widen && self.region.is_none() {
            fault(
                "widen",
                "it says nothing without region: write region, or leave it out".to_owned(),
            );
        }
        if self.code_name.is_some() && self.geocode.is_none() && self.region.is_none() {
            let why = "it says nothing without a code: write geocode or region, or leave it out";
            fault("code_name", why.to_owned());
        }
        if let Some(Err(why)) = self.outline() {
            fault("polygon", why);
        }
        if let Some(Err(why)) = self.site.as_deref().map(point) {
            fault("site", why);
        }
        if self.targets.is_empty() {
            fault(
                "targets",
                format!("it is empty: name 1 to {TARGETS} targets"),
            );
        }
        let keys = [
            &self.geocode,
            &self.region,
            &self.site,
            &self.name,
            &self.address,
        ];
        if keys.iter().all(|key| key.is_none()) && self.polygon.is_empty() {
            faults.push(Fault::new(
                at,
                "it is known by nothing: write geocode, region, polygon, site, name (the \
                 areaDesc) or address",
            ));
        }
        check_targets(&format!("{at}.targets"), &self.targets, faults);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    fn faults(text: &str) -> Vec<String> {
        let config = Config::parse("t", text).unwrap();
        config.check().iter().map(ToString::to_string).collect()
    }

    fn area(keys: &str) -> String {
        format!("[[cap.area]]\ntargets = [\"all\"]\n{keys}\n")
    }

    fn rule(keys: &str) -> CapArea {
        assert_eq!(faults(&area(keys)), Vec::<String>::new());
        let rules = Config::parse("t", &area(keys)).unwrap().cap_rules();
        rules.areas.into_iter().next().unwrap()
    }

    #[test]
    fn an_area_is_read_with_all_that_it_is_known_by() {
        let all = rule(
            "geocode = \"a\"\nregion = \"410100000000\"\nwiden = true\ncode_name = \"GB\"\n\
             polygon = [\"34.7,113.6\", \"34.8,113.6\", \"34.8,113.7\"]\nsite = \" 34.75,113.66 \"\n\
             name = \"郑州市\"\naddress = \"fire-1\"",
        );
        assert_eq!(all.geocode.as_deref(), Some("a"));
        assert_eq!(all.region, Region::parse("410100"));
        assert!(all.widen);
        assert_eq!(all.code_name.as_deref(), Some("GB"));
        assert_eq!(all.site.unwrap().to_string(), "34.75,113.66");
        assert_eq!(all.name.as_deref(), Some("郑州市"));
        assert_eq!(all.address.as_deref(), Some("fire-1"));
        assert_eq!(all.targets.len(), 1);
        // As CAP writes it: one text, closed.
        let closed = rule("polygon = \"34.7,113.6 34.8,113.6\\n34.8,113.7 34.7,113.6\"");
        assert!(closed.polygon.is_some() && all.polygon.is_some());
    }

    #[test]
    fn what_is_wrong_with_an_area_is_said_by_its_key_with_the_remedy() {
        let long = format!("name = \"{}\"", "a".repeat(TEXT + 1));
        let many = format!("polygon = \"{}\"", "1,1 ".repeat(1_001));
        for (keys, key, says) in [
            ("", "", "known by nothing"),
            ("code_name = \"a\"", ".code_name", "write geocode"),
            ("geocode = \" \"", ".geocode", "1 to 300"),
            ("name = \"\\u200B\"", ".name", "1 to 300"),
            (&long, ".name", "1 to 300"),
            ("region = \"006037\"", ".region", "province"),
            ("region = \"4101\"", ".region", "6 or 12 digits"),
            ("name = \"a\"\nwiden = true", ".widen", "write region"),
            ("polygon = \"1,1 2,2\"", ".polygon", "3 to 1000"),
            (&many, ".polygon", "1001 points"),
            ("polygon = [\"1,1\", \"2;2\", \"3,1\"]", ".polygon", "`2;2`"),
            (
                "polygon = \"1,1 91,2 3,1\"",
                ".polygon",
                "as in \"34.75,113.66\"",
            ),
            (
                "polygon = \"1,179 1,-179 2,179\"",
                ".polygon",
                "two polygons",
            ),
            ("site = \"here\"", ".site", "WGS-84"),
            ("name = \"a\"\ntargets = []", ".targets", "1 to 100"),
            (
                "name = \"a\"\ntargets = [\"all\", \"x\"]",
                ".targets[1]",
                "person:ID",
            ),
        ] {
            let targets = if keys.contains("targets") {
                ""
            } else {
                "targets = [\"all\"]"
            };
            let found = faults(&format!("[[cap.area]]\n{keys}\n{targets}\n"));
            let start = format!("cap.area[0]{key}: ");
            let said = found
                .iter()
                .any(|it| it.starts_with(&start) && it.contains(says));
            assert!(said, "{found:?} lacks {start}{says}");
        }
        let error = Config::parse("t", &area("polygon = 7")).unwrap_err();
        assert!(error.to_string().contains("write points"), "{error}");
    }

    #[test]
    fn areas_are_so_many_that_they_can_be_compared() {
        let of = |count: usize, keys: &str| faults(&area(keys).repeat(count));
        assert_eq!(
            of(AREAS.1, "polygon = \"1,1 2,2 3,1\""),
            Vec::<String>::new()
        );
        let found = of(AREAS.1 + 1, "polygon = \"1,1 2,2 3,1\"");
        assert!(found.concat().contains("at most 1000"), "{found:?}");
        let found = of(AREAS.0 + 1, "name = \"a\"");
        assert!(found.concat().contains("at most 10000"), "{found:?}");
    }
}
