//! Texts that operators have approved.

use super::*;

fn framed(template: &str) -> Policy {
    with_routes(vec![SmsRoute {
        signature: "【应急】".into(),
        template: template.into(),
        ..route(ROUTE, "operator")
    }])
}

#[test]
fn a_text_leaves_within_its_route_s_template_and_the_dry_run_counts_it() {
    let mut rig = rig_of(framed("尊敬的用户：{text}，请知悉。"));
    rig.link(ROUTE, 4);
    rig.submit(
        "山火",
        Precedence::Priority,
        Ask::Acknowledgement,
        "person:wang",
    );
    let rung = rig.rung();
    let text = text_of(&rung[0].2);
    let framed = text.strip_prefix("【应急】尊敬的用户：").unwrap();
    assert!(framed.contains(" 山火 回"), "{text}");
    assert!(framed.ends_with("收到，请知悉。"), "{text}");
    // 55 characters with 4 of signature and 11 of template are 70; one more is a second part.
    let parts = |rig: &mut Rig, characters: usize| {
        let text = "山".repeat(characters);
        let submit = rig.a_submit(&text, Precedence::Routine, Ask::Receipt, "person:wang");
        let Ok(Response::Plan(plan)) = rig.ask(Request::DryRun(submit)) else {
            panic!()
        };
        (plan.sms[0].parts, plan.sms[0].cost)
    };
    assert_eq!(parts(&mut rig, 55), (1, 5));
    assert_eq!(parts(&mut rig, 56), (2, 10));
}

#[test]
fn a_text_that_has_half_left_goes_on_in_its_frame_and_a_new_text_has_the_new_one() {
    let words = "山".repeat(150);
    let mut rig = rig_of(framed("旧：{text}"));
    rig.link(ROUTE, 9);
    rig.submit(&words, Precedence::Flash, Ask::Receipt, "person:wang");
    let before = rig.rung();
    assert_eq!(before.len(), 3);
    rig.takes(before[0].0, "1");
    let durable = rig.facts.len();
    rig.restart_with(framed("新模板：{text}，完。"), durable);
    rig.link(ROUTE, 9);
    rig.pass(Duration::from_secs(60));
    let to_wang = |rig: &Rig| -> Vec<Part> {
        let rung = rig.rung().into_iter().map(|(_, _, part)| part);
        rung.filter(|part| part.to.to_string() == WANG).collect()
    };
    // The same two parts as before the restart, under the same number.
    let missing: Vec<_> = before[1..].iter().map(|it| it.2.part.clone()).collect();
    let again: Vec<_> = to_wang(&rig).into_iter().map(|it| it.part).collect();
    assert_eq!(again, missing);
    let alert = rig.submit("新", Precedence::Flash, Ask::Receipt, "person:wang");
    let last = rig.rung();
    let last = last.last().unwrap();
    assert_eq!(text_of(&last.2), "【应急】新模板：新，完。");
    assert_eq!(rig.only(&alert).rung, Rung::Queued);
}

#[test]
fn a_text_of_which_nothing_has_left_takes_the_template_of_the_day() {
    let mut rig = rig_of(framed("旧：{text}"));
    rig.submit("山火", Precedence::Flash, Ask::Receipt, "person:wang");
    let durable = rig.facts.len();
    rig.restart_with(framed("新：{text}"), durable);
    rig.link(ROUTE, 9);
    assert_eq!(text_of(&rig.rung()[0].2), "【应急】新：山火");
}
