//! Facts before effects, restarts, and the same run from the same seed.

use super::*;

#[test]
fn nothing_leaves_before_the_fact_behind_it_is_durable() {
    let mut rig = Rig::new();
    rig.up(1);
    let submit = rig.a_submit("山火", Precedence::Flash, Ask::Acknowledgement, "radio:1");
    let input = Input::Request {
        ticket: Ticket(9),
        credential: Credential::System,
        request: Box::new(Request::Submit(submit)),
    };
    let before = rig.engine.seq();
    rig.engine.handle(input, rig.now);
    let mut held = Vec::new();
    while let Some(output) = rig.engine.poll() {
        match output.effect {
            Effect::Persist { entries } => {
                assert!(
                    entries
                        .iter()
                        .any(|entry| matches!(entry.fact, Fact::AttemptStarted { .. }))
                );
            }
            _ => held.push(output),
        }
    }
    let reply = held
        .iter()
        .find(|output| matches!(output.effect, Effect::Reply { .. }))
        .unwrap();
    assert!(
        reply.after >= Seq(before.0 + 2),
        "the reply waits for acceptance and recipients"
    );
    let send = held
        .iter()
        .find(|output| matches!(output.effect, Effect::Transmit(_)))
        .unwrap();
    assert_eq!(
        send.after,
        rig.engine.seq(),
        "the transmission waits for its attempt"
    );
}

#[test]
fn a_restart_at_any_fact_loses_nothing_and_tries_open_attempts_again() {
    let mut rig = Rig::new();
    rig.up(1);
    let alert = rig
        .submit("a", Precedence::Flash, Ask::Receipt, "radio:1")
        .id;
    let durable = rig.facts.len();
    assert!(matches!(
        rig.facts[durable - 1].fact,
        Fact::AttemptStarted { .. }
    ));
    rig.restart(durable);
    let delivery = rig.delivery(alert);
    assert!(delivery.unclear && delivery.rung == Rung::Queued && delivery.attempts == 1);
    rig.up(1);
    assert!(rig.sends().is_empty(), "not at once: the radio may have it");
    rig.pass(Duration::from_secs(21));
    assert_eq!(rig.sends().len(), 1);
    rig.play(rig.last_send().0, 1, Some(1));
    assert_eq!(rig.delivery(alert).rung, Rung::Received);
}

#[test]
fn a_checkpoint_restores_what_the_facts_tell() {
    let mut rig = Rig::new();
    rig.up(1);
    rig.submit("a", Precedence::Flash, Ask::Acknowledgement, "group:fire");
    rig.distress(3, 1);
    let (seq, stored) = rig.engine.checkpoint();
    let mut restored = Engine::new(rig.now, [1; 32]);
    assert_eq!(restored.restore(&stored), Ok(seq));
    assert_eq!(restored.state, rig.engine.state);
    assert!(Engine::new(rig.now, [1; 32]).restore(b"nonsense").is_err());
}

#[test]
fn no_fact_outgrows_a_record_however_long_the_names() {
    let mut rig = Rig::new();
    let long = "很长的名字".repeat(12);
    let node: Node = [long.as_str(); 1]
        .join("/")
        .chars()
        .take(40)
        .collect::<String>()
        .parse()
        .unwrap();
    let radios: Vec<RosterEntry> = (100..900)
        .map(|id| {
            RosterEntry::Radio(Radio {
                name: long.clone(),
                node: node.clone(),
                ..a_radio(id)
            })
        })
        .collect();
    rig.ask(Request::ImportRoster {
        entries: radios,
        replace: true,
    })
    .unwrap();
    let receipt = rig.submit("a", Precedence::Flash, Ask::Receipt, "all");
    assert_eq!(receipt.recipients, 800);
    let largest = rig
        .facts
        .iter()
        .map(|entry| postcard::to_stdvec(entry).unwrap().len())
        .max()
        .unwrap();
    assert!(largest < 16 * 1024 - 512, "{largest}");
    assert_eq!(rig.view(receipt.id).counts.queued, 800);
}

#[test]
fn the_same_seed_and_the_same_inputs_make_the_same_facts_and_jobs() {
    let run = || {
        let mut rig = Rig::new();
        rig.up(1);
        rig.submit(
            "山火",
            Precedence::Flash,
            Ask::Acknowledgement,
            "group:fire",
        );
        rig.distress(3, 1);
        rig.says(1, "hello", 4);
        rig.pass(Duration::from_secs(300));
        (rig.facts, format!("{:?}", rig.jobs))
    };
    assert_eq!(run(), run());
}
