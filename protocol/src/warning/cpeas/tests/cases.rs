//! Cases from the field.

use super::*;

const METHODS: &str = "<code><method><methodName>SMS</methodName><message/>\
    <audienceGrp></audienceGrp><audenceprt>,</audenceprt></method>\
    <method><methodName>SPEAKER</methodName><message>广播</message>\
    <audienceGrp>g1,</audienceGrp></method></code>";
const AREA: &str = "<areaDesc>郑州市</areaDesc><geocode>410100000000,410100000000</geocode>";

#[test]
fn placeholders_are_nobody_and_never_everybody() {
    let message = sound(&[
        ("<code></code>", METHODS),
        ("<areaDesc>郑州市</areaDesc>", AREA),
    ]);
    let [sms, speaker] = message.methods.as_slice() else {
        panic!("{:?}", message.methods);
    };
    assert_eq!(sms.name, MethodName::Sms);
    assert!(sms.groups.is_empty() && sms.addressees.is_empty());
    assert_eq!(sms.message, None);
    assert_eq!(message.text_of(sms), "预计未来三小时有特大暴雨。");
    assert_eq!(speaker.groups, ["g1"]);
    assert_eq!(message.text_of(speaker), "广播");
    assert_eq!(message.info.areas[0].geocodes, ["410100000000"]);
    assert_eq!((message.info.onset, message.info.expires), (None, None));
    // The name of the file says Update; the document says Alert, and wins.
    let name = FileName::parse("41010041600000_20261123163005_11B03_RED_Update.xml");
    let faults = name.expect("a name").differences(&message);
    let said: Vec<String> = faults.iter().map(ToString::to_string).collect();
    assert_eq!(
        said,
        ["msgType is \"Alert\", and the file's name has \"Update\"; the document counts"]
    );
}

#[test]
fn single_addressees_are_read_in_both_spellings_and_written_as_in_the_field() {
    let method = "<code><method><methodName>PHONE</methodName><audiencePrt>1，2, ,1</audiencePrt>\
        <audenceprt>3,2,</audenceprt></method></code>";
    let message = sound(&[("<code></code>", method)]);
    assert_eq!(message.methods[0].addressees, ["1", "2", "3"]);
    let written = message.to_xml().expect("written");
    assert!(
        written.contains("<audenceprt>1,2,3</audenceprt>"),
        "{written}"
    );
    assert!(!written.contains("audiencePrt"), "{written}");
}

#[test]
fn gbk_is_read_when_declared_and_leniently_when_not() {
    let gbk = |declared: &str| {
        let text = format!(
            "<?xml version='1.0' encoding='{declared}'?>{}",
            document(&[])
        );
        encoding_rs::GBK.encode(&text).0.into_owned()
    };
    let plain = sound(&[]);
    for declared in ["GBK", "GB2312", "gb18030"] {
        let received = read(&gbk(declared), Strictness::Strict).expect("read");
        assert_eq!(received.acceptable(), Some(&plain));
        assert_eq!(received.faults, []);
    }
    let refused = read(&gbk("UTF-8"), Strictness::Strict);
    assert!(matches!(refused, Err(Refusal::Xml(_))), "{refused:?}");
    let received = read(&gbk("UTF-8"), Strictness::Lenient).expect("read");
    assert_eq!(received.acceptable(), Some(&plain));
    assert!(matches!(received.faults[0].rule, Rule::Encoding(_)));
}

#[test]
fn names_of_files_are_read_in_any_case() {
    let upper = "33000041600000_20121025091026_11B01_BLUE_ALERT.XML";
    let name = FileName::parse(upper).expect("a name");
    assert_eq!(FileName::parse(&upper.to_lowercase()).as_ref(), Some(&name));
    assert_eq!(name.identifier.sender().region(), "330000");
    assert_eq!((name.colour, name.msg_type), (Colour::Blue, MsgType::Alert));
    assert_eq!(name.attachment, None);
    let attachment = |tail: &str| {
        let name = upper.replace(".XML", tail);
        FileName::parse(&name).and_then(|name| name.attachment)
    };
    assert_eq!(attachment("_P_01.jpg"), Some(Attachment::Approval(1)));
    assert_eq!(attachment("_o_12.DOC"), Some(Attachment::Other(12)));
    for tail in [
        ".doc",
        "",
        "_P.jpg",
        "_X_01.jpg",
        "_P_1_2.jpg",
        "_P_+1.jpg",
        ".",
    ] {
        assert_eq!(
            FileName::parse(&upper.replace(".XML", tail)),
            None,
            "{tail}"
        );
    }
    assert_eq!(
        FileName::parse("33000041600000_20121025091026_11B01_BLUE.XML"),
        None
    );
    assert_eq!(FileName::parse(&upper.replace("11B01", "B1101")), None);
    assert_eq!(FileName::parse(&upper.replace("_2012", "_012")), None);
}
