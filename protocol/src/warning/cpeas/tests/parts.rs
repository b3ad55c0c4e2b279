//! Identifiers, codes, times, sizes and the mapping to CAP, each for itself.

use super::*;
use crate::warning::cap;

#[test]
fn an_identifier_has_its_parts_with_a_serial_or_without() {
    let text = "41012341605607_20200205105119";
    assert_eq!(text.len(), 29);
    let id = Identifier::parse(text).expect("an id");
    let sender = id.sender();
    assert_eq!((sender.region(), sender.agency()), ("410123", "416"));
    assert_eq!((sender.unit(), sender.extension()), ("056", "07"));
    assert_eq!((id.time_digits(), id.serial()), ("20200205105119", None));
    let utc: jiff::Timestamp = "2020-02-05T02:51:19Z".parse().expect("a time");
    assert_eq!(id.time(), Some(utc));
    for serial in ["1", "042"] {
        let text = format!("{text}_{serial}");
        let id = Identifier::parse(&text).expect("an id");
        assert_eq!(id.serial(), Some(serial));
        assert_eq!(id.to_string(), text);
    }
    let no_time = Identifier::parse("41012341605607_20201305105119").expect("an id");
    assert_eq!(no_time.time(), None);
    for bad in [
        "",
        "41012341605607",
        "4101234160560_20200205105119",
        "41012341605607_2020020510511",
        "41012341605607_20200205105119_",
        "41012341605607_20200205105119_a",
        "41012341605607_20200205105119_1_2",
        "41012341605607_20200205105119_123456789012345678901",
        "4101234160560７_20200205105119",
        " 41012341605607_20200205105119",
    ] {
        assert_eq!(Identifier::parse(bad), None, "{bad}");
    }
}

#[test]
fn times_have_a_blank_and_are_the_same_instants_in_cap() {
    let time = Time::parse("2020-02-05 10:45:00+08:00").expect("a time");
    assert_eq!(time.to_string(), "2020-02-05 10:45:00+08:00");
    assert_eq!(time.to_cap().to_string(), "2020-02-05T10:45:00+08:00");
    assert_eq!(Time::from_cap(time.to_cap()), time);
    for bad in [
        "2020-02-05T10:45:00+08:00",
        "2020-02-05 10:45:00",
        "2020-02-05 10:45:00Z",
        "2020-02-30 10:45:00+08:00",
        "2020-02-05  10:45:00+08:00",
        "",
    ] {
        assert_eq!(Time::parse(bad), None, "{bad}");
    }
}

#[test]
fn sizes_count_with_their_units() {
    let octets = |text: &str| Size::new(text).and_then(|size| size.octets());
    assert_eq!(octets("84k"), Some(86_016));
    assert_eq!(octets("84 KB"), Some(86_016));
    assert_eq!(octets("2M"), Some(2_097_152));
    assert_eq!(octets("17"), Some(17));
    for bad in [
        "k",
        "-1",
        "1.5k",
        "84 octets",
        "18446744073709551615k",
        "８k",
    ] {
        assert_eq!(octets(bad), None, "{bad}");
    }
    assert_eq!(Size::new(""), None);
}

#[test]
fn a_code_of_an_event_has_a_category_by_its_prefix() {
    let category = |code: &str| EventType::new(code).expect("a code").category();
    assert_eq!(category("11B06"), cap::Category::Met);
    assert_eq!(category("11B25"), cap::Category::Fire);
    assert_eq!(category("11B29"), cap::Category::Env);
    assert_eq!(category("11D01"), cap::Category::Geo);
    assert_eq!(category("12A01"), cap::Category::Safety);
    assert_eq!(category("13A01"), cap::Category::Health);
    assert_eq!(category("14A01"), cap::Category::Security);
    for other in ["15A01", "11Z01", "11b06", "11B6", "11B066", "暴雨"] {
        assert_eq!(category(other), cap::Category::Other, "{other}");
    }
}

#[test]
fn what_cap_can_say_comes_back_from_it() {
    for severity in cap::Severity::ALL {
        assert_eq!(Colour::from_cap(*severity).to_cap(), *severity);
    }
    for urgency in cap::Urgency::ALL {
        assert_eq!(Urgency::from_cap(*urgency).to_cap(), *urgency);
    }
    for msg_type in cap::MsgType::ALL {
        assert_eq!(MsgType::from_cap(*msg_type).to_cap(), Some(*msg_type));
    }
    for status in cap::Status::ALL {
        let back = Status::from_cap(*status).and_then(|it| it.to_cap());
        assert_eq!(back, Some(*status).filter(|it| *it != cap::Status::System));
    }
    for scope in cap::Scope::ALL {
        let back = Scope::from_cap(*scope).and_then(|it| it.to_cap());
        assert_eq!(back, Some(*scope).filter(|it| *it == cap::Scope::Public));
    }
    for certainty in cap::Certainty::ALL {
        let expected = match certainty {
            cap::Certainty::Possible => cap::Certainty::Unknown,
            other => *other,
        };
        assert_eq!(Certainty::from_cap(*certainty).to_cap(), expected);
    }
}

#[test]
fn colours_are_severities_and_what_is_not_known_is_never_taken_for_harmless() {
    let severity = |text: &str| Colour::parse(text).to_cap();
    assert_eq!(severity("Red"), cap::Severity::Extreme);
    assert_eq!(severity("Orange"), cap::Severity::Severe);
    assert_eq!(severity("Yellow"), cap::Severity::Moderate);
    assert_eq!(severity("Blue"), cap::Severity::Minor);
    assert_eq!(severity("White"), cap::Severity::Minor);
    assert_eq!(severity("Purple"), cap::Severity::Unknown);
    assert_eq!(Colour::Red.class().map(Class::chinese), Some("特别重大"));
    assert_eq!(Colour::White.class(), None);
    assert_eq!(Status::parse("Real").to_cap(), None);
    assert_eq!(Scope::parse("Private").to_cap(), None);
    assert_eq!(
        Certainty::parse("VeryLikely").to_cap(),
        cap::Certainty::Likely
    );
}
