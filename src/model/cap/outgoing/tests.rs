use narrowcast_protocol::warning::cap::Layout;
use proptest::prelude::*;

use super::super::tests::{alert, info, rules};
use super::*;
use narrowcast_protocol::warning::cap::Severity;

fn any_original() -> impl Strategy<Value = Alert> {
    let status = prop::sample::select(vec![
        Status::Actual,
        Status::Exercise,
        Status::System,
        Status::Test,
        Status::Draft,
    ]);
    (status, prop::option::of("[a-z]{1,9}")).prop_map(|(status, note)| {
        let one = info("zh-CN", "e", Severity::Minor, "08:00", "12:00");
        Alert {
            status,
            note,
            ..alert(vec![one])
        }
    })
}

proptest! {
    #[test]
    fn an_exercise_is_never_written_as_anything_else_and_nothing_else_as_one(
        text in "[ -~\u{4E00}-\u{4EFF}]{0,30}[a-z]",
        rank in 0_usize..4,
        exercise: bool,
        accepted in 0_i64..4_000_000_000_000,
        cancelled in prop::option::of(0_i64..4_000_000_000_000),
        original in any_original(),
    ) {
        let precedences = [
            Precedence::Flash,
            Precedence::Immediate,
            Precedence::Priority,
            Precedence::Routine,
        ];
        let outgoing = Outgoing {
            id: AlertId(ulid::Ulid::from(7u128)),
            text: &text,
            language: None,
            translations: &[],
            targets: &["node:east".to_owned()],
            precedence: precedences[rank],
            exercise,
            accepted_at: Wall::from_millis(accepted),
            expires_at: Wall::from_millis(accepted + 3_600_000),
            cancelled_at: cancelled.map(Wall::from_millis),
        };
        let own = outgoing.alert(&rules()).unwrap();
        let status = if exercise { Status::Exercise } else { Status::Actual };
        prop_assert_eq!(own.status, status);
        prop_assert!(own.to_xml(Layout::Indented).is_ok());
        let came = original.status;
        let kept = original.note.clone();
        let relayed = outgoing.with(original, "nc.example").unwrap();
        prop_assert_eq!(relayed.status, if exercise { Status::Exercise } else { came });
        prop_assert!(kept.is_none() || relayed.note == kept, "its own words stay");
    }
}
