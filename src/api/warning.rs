//! Warnings of other systems, whichever way they come: a document in, what became of it out.

use std::sync::Arc;

use narrowcast_protocol::warning::cap::{self, Class};
use narrowcast_protocol::warning::cpeas;
use narrowcast_protocol::warning::text::one_line;
use narrowcast_protocol::warning::xml::Strictness;
use sha2::{Digest, Sha256};
use tokio::task::spawn_blocking;
use tracing::info;

use axum::http::StatusCode;

use crate::api::backend::Backend;
use crate::api::body::{CapBody, ReceiptBody};
use crate::api::problem::Problem;
use crate::api::warning_alarm;
use crate::engine::io::{AlarmReport, Credential, Request, Response, Says, Submit, Warn};
use crate::model::cap::{CapRules, Mapped, key};
use crate::model::cpeas as national;
use crate::model::ids::AlertId;
use crate::model::text;
use crate::model::wall::Wall;
use crate::model::warning::{
    AllClear, MessageKey, WarningForm, WarningKind, WarningMessage, WarningOutcome,
};

/// Most characters of a note that the log repeats.
const NOTE: usize = 300;
/// Most characters of what areas have hit that the log says.
const MATCHED: usize = 2_000;
/// Most characters of a sender that a sentence repeats.
const SENDER: usize = 100;

/// A document that was understood.
enum Read {
    Cap(Box<cap::Alert>),
    Cpeas(Box<cpeas::Message>),
}

/// What a message means here.
enum Meant {
    /// An answer of somebody else: nothing is done.
    Note,
    /// Its alert, if it is the version in force.
    Alert(Box<Mapped>),
    /// A sensor's alarm, by the rules for those.
    Alarm(Box<AlarmReport>),
    /// The warning is over; how people are told, if they are.
    Over(Option<AllClear>),
}

/// What a message is, whichever its form.
struct Message {
    warning: WarningMessage,
    /// As later ones call it.
    shown: String,
    /// Only noted in the log.
    is_note: bool,
    note: String,
}

/// Takes a document in, in the name of `credential`. The answer comes when it is durable.
///
/// # Errors
/// It is no document that can be taken, or what it asks for is refused.
pub async fn take(
    backend: &Backend,
    rules: &Arc<CapRules>,
    credential: &Credential,
    document: Vec<u8>,
) -> Result<CapBody, Problem> {
    let known = Arc::clone(rules);
    // A large document takes its time.
    let work = spawn_blocking(move || understand(&known, &document).map(|it| (it, document)));
    let (understood, document) = work.await.map_err(|_| Problem::unexpected())??;
    let (message, meant) = understood;
    let mut body = CapBody::new(message.shown);
    let says = match meant {
        Meant::Note => {
            let note: String = message.note.chars().take(NOTE).collect();
            info!(warning = %body.message, note = %text::shown(&note), "a source's answer");
            "it is noted in the log".clone_into(&mut body.said);
            return Ok(body);
        }
        Meant::Alarm(report) => return alarm(backend, credential, *report, body).await,
        Meant::Over(all_clear) => Says::Over {
            because: because(&message.note, &body.message),
            all_clear,
        },
        Meant::Alert(mapped) => {
            body.unknown_areas.clone_from(&mapped.unknown_areas);
            let matched = mapped.matched_areas.join(" | ");
            let matched: String = matched.chars().take(MATCHED).collect();
            info!(warning = %body.message, matched = %text::shown(&matched), "CAP areas");
            let id = AlertId(backend.new_id());
            let exercise = message.warning.exercise;
            Says::Alert(Box::new(submit(id, *mapped, rules, exercise)))
        }
    };
    let warn = Warn {
        message: message.warning,
        says,
        document,
    };
    let asked = backend.ask(credential.clone(), Request::Warn(Box::new(warn)));
    let answer = asked.await?.map_err(|refusal| by_element(refusal.into()))?;
    let Response::Warned(warned) = answer else {
        return Err(Problem::unexpected());
    };
    body.said = said(warned.outcome, warned.ended.is_empty()).to_owned();
    body.outcome = Some(warned.outcome.name().to_owned());
    body.repeated = warned.repeated;
    body.alert = warned.receipt.map(ReceiptBody::from);
    body.cancelled = warned.ended.iter().map(ToString::to_string).collect();
    body.all_clear = warned.all_clear.map(ReceiptBody::from);
    body.problem = warned.problem;
    Ok(body)
}

async fn alarm(
    backend: &Backend,
    credential: &Credential,
    report: AlarmReport,
    mut body: CapBody,
) -> Result<CapBody, Problem> {
    let raised = report.raised;
    let asked = backend.ask(credential.clone(), Request::ReportAlarm(report));
    let answer = asked.await?.map_err(|refusal| {
        let mut problem = Problem::from(refusal).outside_by("site");
        if let Some(field) = problem.field.as_deref() {
            problem.field = Some(format!("info/parameter narrowcast:{field}"));
        }
        problem
    })?;
    let Response::SensorAlarm { view, new } = answer else {
        return Err(Problem::unexpected());
    };
    let said = match (raised, new) {
        (true, true) => "a sensor alarm is raised",
        (true, false) => "the sensor alarm stands",
        (false, _) => "the sensor alarm is cleared",
    };
    said.clone_into(&mut body.said);
    body.sensor_alarm = Some(view.id.to_string());
    Ok(body)
}

/// What a message is, and what it means here.
fn understand(rules: &CapRules, document: &[u8]) -> Result<(Message, Meant), Problem> {
    let now = Wall::from(jiff::Timestamp::now());
    rules
        .signed(document, now)
        .map_err(|why| refused(why.to_string()))?;
    let read = read(document)?;
    let hash: [u8; 32] = Sha256::digest(document).into();
    let message = match &read {
        Read::Cap(alert) => of_cap(alert, hash)?,
        Read::Cpeas(message) => of_national(message, hash)?,
    };
    if message.is_note {
        return Ok((message, Meant::Note));
    }
    if let Read::Cap(alert) = &read
        && let Some(report) = warning_alarm::report(alert, message.warning.exercise)
    {
        return Ok((message, Meant::Alarm(Box::new(report))));
    }
    let meant = match message.warning.kind {
        WarningKind::Cancel => Meant::Over(rules.all_clear.then(|| match &read {
            Read::Cap(alert) => crate::model::cap::all_clear(alert),
            Read::Cpeas(message) => national::all_clear(message),
        })),
        WarningKind::Issue | WarningKind::Update => {
            let mapped = match &read {
                Read::Cap(alert) => crate::model::cap::map(alert, rules, now),
                Read::Cpeas(message) => national::map(message, rules, now),
            };
            let mapped =
                mapped.map_err(|error| Problem::invalid(error.element(), error.to_string()))?;
            Meant::Alert(Box::new(mapped))
        }
    };
    Ok((message, meant))
}

fn refused(why: String) -> Problem {
    let title = "The document is no warning that can be taken";
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "cap", title, why)
}

const fn said(outcome: WarningOutcome, nothing_ended: bool) -> &'static str {
    match outcome {
        WarningOutcome::Issued => "submitted",
        WarningOutcome::Replaced => "submitted, in place of the version that was in force",
        WarningOutcome::Late => "kept; a later version is in force, so nothing is sent",
        WarningOutcome::Over => "kept; the warning is over already, so nothing is sent",
        WarningOutcome::Cancelled if nothing_ended => {
            "the warning is over; no alert of it was live"
        }
        WarningOutcome::Cancelled => "cancelled",
        WarningOutcome::CancelledAhead => {
            "nothing that it names is known here; it is remembered for 24 h, and none of it will be \
             sent"
        }
    }
}

/// The message of a document, if intake may take it.
fn read(octets: &[u8]) -> Result<Read, Problem> {
    let document = match cap::read(octets, Strictness::Strict) {
        Ok(document) => document,
        Err(why @ (cap::Refusal::NoNamespace | cap::Refusal::Namespace(_))) => {
            // Without a namespace, or with its own: the national form has the same root.
            let Ok(received) = cpeas::read(octets, Strictness::Strict) else {
                return Err(refused(why.to_string()));
            };
            return match received.acceptable() {
                Some(message) => Ok(Read::Cpeas(Box::new(message.clone()))),
                None => {
                    let errors = received.faults.iter();
                    let errors = errors.filter(|fault| fault.level() == cpeas::Level::Error);
                    let errors: Vec<String> = errors.map(ToString::to_string).collect();
                    Err(refused(errors.join("; ")))
                }
            };
        }
        Err(why) => return Err(refused(why.to_string())),
    };
    let [received] = document.alerts.as_slice() else {
        let count = document.alerts.len();
        return Err(refused(format!(
            "the document holds {count} alerts; send each by itself, so that each has its own answer"
        )));
    };
    let alert = received.acceptable().cloned().ok_or_else(|| {
        let faults = received
            .of(Class::Structure)
            .chain(received.of(Class::Meaning));
        let faults: Vec<String> = faults.map(ToString::to_string).collect();
        refused(faults.join("; "))
    })?;
    Ok(Read::Cap(Box::new(alert)))
}

fn of_cap(alert: &cap::Alert, hash: [u8; 32]) -> Result<Message, Problem> {
    let exercise = exercise(alert.status)?;
    let own = alert
        .references
        .iter()
        .filter(|it| it.sender == alert.sender);
    let references: Vec<MessageKey> = own.map(|it| MessageKey::of(&key(it))).collect();
    let kind = match alert.msg_type {
        cap::MsgType::Update => WarningKind::Update,
        cap::MsgType::Cancel => WarningKind::Cancel,
        cap::MsgType::Alert | cap::MsgType::Ack | cap::MsgType::Error => WarningKind::Issue,
    };
    if kind == WarningKind::Cancel && references.is_empty() {
        return Err(not_its_own(alert.sender.as_str()));
    }
    let sent = Wall::from(alert.sent.timestamp());
    Ok(Message {
        shown: text::shown(&alert.id().to_string()),
        is_note: matches!(alert.msg_type, cap::MsgType::Ack | cap::MsgType::Error),
        note: one_line(alert.note.as_deref().unwrap_or_default()),
        warning: WarningMessage {
            name: key(&alert.id()),
            form: WarningForm::Cap,
            kind,
            references,
            version: (sent, sent),
            exercise,
            hash,
        },
    })
}

fn of_national(message: &cpeas::Message, hash: [u8; 32]) -> Result<Message, Problem> {
    let unknown = |field: &str, value: &str, known: &str| {
        Problem::invalid(
            field,
            format!("`{}` is not known here; send {known}", text::shown(value)),
        )
    };
    let status = message.status.to_cap();
    let status =
        status.ok_or_else(|| unknown("status", message.status.name(), "Actual or Exercise"))?;
    let exercise = exercise(status)?;
    if message.scope.to_cap().is_none() {
        return Err(unknown(
            "scope",
            message.scope.name(),
            "Public; what is not is not spread",
        ));
    }
    let msg_type = message.msg_type.to_cap();
    let msg_type = msg_type.ok_or_else(|| {
        unknown(
            "msgType",
            message.msg_type.name(),
            "Alert, Update or Cancel",
        )
    })?;
    let kind = match msg_type {
        cap::MsgType::Update => WarningKind::Update,
        cap::MsgType::Cancel => WarningKind::Cancel,
        cap::MsgType::Alert | cap::MsgType::Ack | cap::MsgType::Error => WarningKind::Issue,
    };
    let own = message.identifier.sender();
    if message
        .references
        .as_ref()
        .is_some_and(|first| first.sender() != own)
    {
        return Err(not_its_own(own.as_str()));
    }
    let first = message.references.as_ref();
    let references = first.map(|it| MessageKey::of(&national::key(it)));
    let at = |time: cpeas::Time| Wall::from(time.timestamp());
    Ok(Message {
        shown: text::shown(&message.identifier.to_string()),
        is_note: matches!(msg_type, cap::MsgType::Ack | cap::MsgType::Error),
        note: one_line(message.note.as_deref().unwrap_or_default()),
        warning: WarningMessage {
            name: national::key(&message.identifier),
            form: WarningForm::Cpeas,
            kind,
            references: references.into_iter().collect(),
            version: (at(message.info.effective), at(message.send_time)),
            exercise,
            hash,
        },
    })
}

fn not_its_own(sender: &str) -> Problem {
    let sender: String = text::shown(sender).chars().take(SENDER).collect();
    let why = format!("no message of {sender} is named; only its own sender may end a message");
    Problem::invalid("references", why)
}

fn exercise(status: cap::Status) -> Result<bool, Problem> {
    match status {
        cap::Status::Actual => Ok(false),
        cap::Status::Exercise => Ok(true),
        status @ (cap::Status::System | cap::Status::Test | cap::Status::Draft) => {
            Err(Problem::invalid(
                "status",
                format!("{status} is never sent to anybody; send Actual or Exercise"),
            ))
        }
    }
}

fn submit(id: AlertId, mapped: Mapped, rules: &CapRules, exercise: bool) -> Submit {
    Submit {
        id,
        text: mapped.words.text,
        precedence: mapped.precedence,
        ask: rules.ask.clone(),
        targets: mapped.targets,
        expires_at: Some(mapped.expires_at),
        exercise,
        sms: true,
        station: None,
        // The message's own name tells repeats.
        idempotency: None,
        language: mapped.words.language,
        translations: mapped.words.translations,
    }
}

/// A refusal by the element of the document that it is about.
fn by_element(problem: Problem) -> Problem {
    let mut problem = problem.outside_by("info/area");
    match problem.field.as_deref() {
        Some("Idempotency-Key") => {
            problem = Problem::new(
                StatusCode::CONFLICT,
                "key-reused",
                "Another document has this name",
                "another document of the same sender and identifier was taken already; send a \
                 correction as an Update with an identifier of its own",
            );
            problem.field = Some("identifier".to_owned());
        }
        Some("expires_at") => problem.field = Some("info/expires".to_owned()),
        _ => {}
    }
    problem
}

/// Why a Cancel cancels: its note, or its name.
fn because(note: &str, message: &str) -> String {
    let whole = if note.is_empty() {
        format!("cancelled by {message}")
    } else {
        format!("cancelled by its source: {note}")
    };
    text::shown(&whole).chars().take(text::REASON).collect()
}
