//! Commands that come by another way than HTTP: the same bodies, checks and answers.

use axum::http::StatusCode;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::api::backend::Backend;
use crate::api::body::{
    AlarmReportBody, DoneBody, ReceiptBody, RecordedAnswerBody, SensorAlarmBody, SubmitBody,
};
use crate::api::extract::{Object, parse};
use crate::api::problem::{MEDIA_TYPE, Problem};
use crate::engine::io::{Credential, Request, Response};
use crate::model::alert::Target;
use crate::model::ids::{AlertId, EmergencyId};
use crate::model::text;

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Said {
    /// The body of `POST /api/v1/alerts`, and in it `idempotency_key`.
    Submit,
    /// `id` of the alert and `because`.
    Cancel,
    /// `id` of the emergency.
    Take,
    /// The body of `POST /api/v1/alerts/{id}/answers`, and in it `id`.
    Answer,
    /// The body of `POST /api/v1/alarms`.
    Alarm,
}

/// What is answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    /// The HTTP status that the API would give.
    pub status: u16,
    /// The media type of the body.
    pub media_type: &'static str,
    /// JSON.
    pub body: Vec<u8>,
    /// In how many seconds it may go well, if it is refused for now.
    pub retry_after: Option<u64>,
}

impl Word {
    fn of(status: StatusCode, body: &impl Serialize) -> Self {
        Self {
            status: status.as_u16(),
            media_type: "application/json",
            body: serde_json::to_vec(body).unwrap_or_default(),
            retry_after: None,
        }
    }

    /// It is not permitted, whatever it says.
    #[must_use]
    pub fn refused(why: &str) -> Self {
        Problem::forbidden(why).into()
    }
}

impl From<Problem> for Word {
    fn from(problem: Problem) -> Self {
        Self {
            status: problem.status,
            media_type: MEDIA_TYPE,
            retry_after: problem.retry_after,
            body: serde_json::to_vec(&problem).unwrap_or_default(),
        }
    }
}

/// Does what is asked for in the name of `credential`. The answer comes when its fact is durable.
pub async fn answer(backend: &Backend, credential: Credential, said: Said, body: &[u8]) -> Word {
    let done = match said {
        Said::Submit => submit(backend, credential, body).await,
        Said::Cancel => match cancel(body) {
            Ok(request) => done(backend, credential, request).await,
            Err(problem) => Err(problem),
        },
        Said::Take => match take(body) {
            Ok(request) => done(backend, credential, request).await,
            Err(problem) => Err(problem),
        },
        Said::Answer => match recorded(body) {
            Ok(request) => done(backend, credential, request).await,
            Err(problem) => Err(problem),
        },
        Said::Alarm => alarm(backend, credential, body).await,
    };
    done.unwrap_or_else(Word::from)
}

async fn submit(backend: &Backend, credential: Credential, body: &[u8]) -> Result<Word, Problem> {
    let (key, body) = with::<SubmitBody>(body, "idempotency_key")?;
    let visible = key.bytes().all(|byte| (0x20..0x7F).contains(&byte));
    if !visible || !(1..=255).contains(&key.len()) {
        return Err(Problem::invalid(
            "idempotency_key",
            "the key must be 1 to 255 visible ASCII characters",
        ));
    }
    let submit = body.into_submit(AlertId(backend.new_id()), Some(key))?;
    match asked(backend, credential, Request::Submit(submit)).await {
        Ok(Response::Accepted(receipt)) => {
            Ok(Word::of(StatusCode::CREATED, &ReceiptBody::from(receipt)))
        }
        Ok(_) => Err(Problem::unexpected()),
        Err(problem) => {
            let mut problem = problem.outside_by("targets");
            if problem.field.as_deref() == Some("Idempotency-Key") {
                problem.field = Some("idempotency_key".to_owned());
            }
            Err(problem)
        }
    }
}

async fn alarm(backend: &Backend, credential: Credential, body: &[u8]) -> Result<Word, Problem> {
    let Object(report) = parse::<Object<AlarmReportBody>>(body)?;
    match asked(backend, credential, Request::ReportAlarm(report.into())).await {
        Ok(Response::SensorAlarm { view, new }) => {
            let status = if new {
                StatusCode::CREATED
            } else {
                StatusCode::OK
            };
            Ok(Word::of(status, &SensorAlarmBody::from(*view)))
        }
        Ok(_) => Err(Problem::unexpected()),
        Err(problem) => Err(problem.outside_by("site")),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CancelCommand {
    id: String,
    because: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TakeCommand {
    id: String,
}

fn cancel(body: &[u8]) -> Result<Request, Problem> {
    let Object(command) = parse::<Object<CancelCommand>>(body)?;
    Ok(Request::Cancel {
        alert: id::<AlertId>(&command.id)?,
        because: command.because,
    })
}

fn take(body: &[u8]) -> Result<Request, Problem> {
    let Object(command) = parse::<Object<TakeCommand>>(body)?;
    Ok(Request::TakeEmergency {
        id: id::<EmergencyId>(&command.id)?,
    })
}

fn recorded(body: &[u8]) -> Result<Request, Problem> {
    let (alert, body) = with::<RecordedAnswerBody>(body, "id")?;
    let recipient: Target = body
        .recipient
        .parse()
        .map_err(|error| Problem::invalid("recipient", format!("{error}")))?;
    text::check(&body.text).map_err(|error| Problem::invalid("text", error.to_string()))?;
    Ok(Request::Answer {
        alert: id::<AlertId>(&alert)?,
        recipient,
        choice: body.choice,
        text: body.text,
    })
}

fn id<T: std::str::FromStr<Err: std::fmt::Display>>(text: &str) -> Result<T, Problem> {
    text.parse()
        .map_err(|error: T::Err| Problem::invalid("id", error.to_string()))
}

/// A body of the API with one text more in it.
fn with<T: DeserializeOwned>(body: &[u8], field: &'static str) -> Result<(String, T), Problem> {
    let Object(mut fields) = parse::<Object<Map<String, Value>>>(body)?;
    let text = match fields.remove(field) {
        Some(Value::String(text)) => text,
        Some(_) => return Err(Problem::invalid(field, "write a text")),
        None => return Err(Problem::invalid(field, format!("missing field `{field}`"))),
    };
    // Read again from its text, so that what is wrong is named as over HTTP.
    let rest = serde_json::to_vec(&fields).unwrap_or_default();
    let Object(rest) = parse::<Object<T>>(&rest)?;
    Ok((text, rest))
}

async fn asked(
    backend: &Backend,
    credential: Credential,
    request: Request,
) -> Result<Response, Problem> {
    Ok(backend.ask(credential, request).await??)
}

async fn done(
    backend: &Backend,
    credential: Credential,
    request: Request,
) -> Result<Word, Problem> {
    match asked(backend, credential, request).await? {
        Response::Done(seq) => Ok(Word::of(StatusCode::OK, &DoneBody { seq: seq.0 })),
        _ => Err(Problem::unexpected()),
    }
}
