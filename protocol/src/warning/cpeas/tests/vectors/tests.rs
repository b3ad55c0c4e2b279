//! A document of the field, to its values.

use std::path::Path;

use super::*;

#[test]
fn henan_2020_is_read_to_its_values() {
    let Some(root) = std::env::var_os("NARROWCAST_VECTORS") else {
        return;
    };
    let file = Path::new(&root).join("cap/cn_cpeas_native_henan_2020.xml");
    let octets = std::fs::read(file).expect("the document");
    let received = read(&octets, Strictness::Strict).expect("of this form");
    assert_eq!(received.faults, []);
    let message = received.acceptable().expect("acceptable");
    assert_eq!(
        message.identifier.to_string(),
        "41000041600000_20200205105119"
    );
    assert_eq!(message.identifier.sender(), &message.sender_code);
    assert_eq!(message.sender, "河南省气象局");
    assert_eq!(message.send_time.to_string(), "2020-02-05 10:45:00+08:00");
    assert_eq!(
        (&message.status, &message.msg_type),
        (&Status::Actual, &MsgType::Update)
    );
    assert_eq!(message.scope, Scope::Public);
    assert_eq!(message.classification, Some(Classification::Unrestricted));
    assert_eq!((&message.note, &message.phone), (&None, &None));
    assert_eq!(message.event().to_string(), "41000041600000_20200204121842");
    let methods: Vec<_> = message
        .methods
        .iter()
        .map(|it| (&it.name, it.groups.len()))
        .collect();
    assert_eq!(
        methods,
        [
            (&MethodName::Speaker, 1),
            (&MethodName::Sms, 2),
            (&MethodName::Web, 0)
        ]
    );
    let sms = &message.methods[1];
    assert_eq!(sms.groups[1], "5080d87d-fd9e-4016-8d8d-2a86df9ab50a");
    assert!(message.methods.iter().all(|it| it.addressees.is_empty()));
    assert_eq!(message.text_of(sms), message.info.description);
    assert!(
        message
            .text_of(&message.methods[0])
            .contains("大风蓝色预警[IV级/一般]全省")
    );
    let info = &message.info;
    assert_eq!(
        (info.event_type.as_str(), &info.colour),
        ("11B06", &Colour::Blue)
    );
    assert_eq!(info.colour.class(), Some(Class::IV));
    assert_eq!(info.effective.to_string(), "2020-02-05 10:57:42+08:00");
    assert_eq!((info.onset, info.expires), (None, None));
    assert_eq!(info.sender_name, "李飞");
    assert_eq!(info.headline, "河南省气象局发布大风蓝色预警[IV级/一般]");
    assert_eq!((&info.instruction, &info.web), (&None, &None));
    assert_eq!(info.areas[0].description.as_deref(), Some("河南省,河南省"));
    assert_eq!(info.areas[0].geocodes, ["410000000000"]);
    let again = message.to_xml().expect("written");
    assert_eq!(super::received(&again).message.as_ref(), Some(message));
}
