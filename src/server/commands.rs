//! Commands that come over a broker, asked of the engine in the name of their source: it has the
//! role and node of the configuration, and passes the checks that a token passes.

use std::time::Duration;

use futures_util::StreamExt as _;
use sha2::{Digest as _, Sha256};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tracing::info;
use ulid::Ulid;

use crate::api::backend::Backend;
use crate::api::commands::{self, Said, Word};
use crate::bridge::platform::mqtt::command::{self, Answer, CommandKind, Ending, Received};
use crate::config::MqttTable;
use crate::engine::io::Credential;
use crate::model::ids::TokenId;
use crate::model::token::Principal;

/// Where commands come from, and what they may do.
#[derive(Debug, Clone)]
pub(super) struct Source {
    name: String,
    /// None: they are refused.
    who: Option<Principal>,
}

impl Source {
    pub(super) fn of(table: &MqttTable) -> Self {
        let who = table.submit_role.map(|role| Principal {
            token: identity("mqtt", &table.name),
            name: format!("mqtt:{}", table.name),
            role,
            node: table.submit_node.clone(),
        });
        Self {
            name: table.name.clone(),
            who,
        }
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }
}

/// Idempotency keys are remembered by it: the same after every start, another for each name.
pub(super) fn identity(kind: &str, name: &str) -> TokenId {
    let mut bytes = [0; 16];
    for (byte, digest) in bytes
        .iter_mut()
        .zip(Sha256::digest(format!("{kind}:{name}")))
    {
        *byte = digest;
    }
    TokenId(Ulid::from(u128::from_be_bytes(bytes)))
}

/// Answers commands until `shutdown`: as many at once as the broker may leave unacknowledged, and
/// in the order in which they came.
pub(super) async fn take_commands(
    received: mpsc::Receiver<Received>,
    source: Source,
    backend: Backend,
    shutdown: CancellationToken,
) {
    let work = async {
        let (source, backend) = (&source, &backend);
        futures_util::stream::unfold(received, async |mut received| {
            received.recv().await.map(|command| (command, received))
        })
        .map(|command| async move {
            let answer = decide(source, backend, &command).await;
            command.answer(answer).await;
        })
        .buffered(usize::from(command::AT_ONCE))
        .for_each(|()| std::future::ready(()))
        .await;
    };
    tokio::select! {
        () = work => {}
        () = shutdown.cancelled() => {}
    }
}

/// What becomes of a command. Where nobody waits for the answer, "try again" is said to nobody:
/// the command is kept and asked again.
async fn decide(source: &Source, backend: &Backend, command: &Received) -> Answer {
    loop {
        let word = answered(source, backend, command).await;
        let later = word.retry_after.filter(|_| !command.is_awaited());
        let Some(seconds) = later else {
            let (name, kind) = (&source.name, command.kind.word());
            info!(source = %name, command = kind, status = word.status, "a command was answered");
            return to_answer(word);
        };
        tokio::time::sleep(Duration::from_secs(seconds)).await;
    }
}

async fn answered(source: &Source, backend: &Backend, command: &Received) -> Word {
    if command.retained {
        return Word::refused(
            "a retained command would be done again for every new connection: publish it without \
             the retain flag, and clear the topic",
        );
    }
    let Some(who) = &source.who else {
        return Word::refused(
            "commands over this broker are refused: its table [[mqtt]] has no `submit_role`",
        );
    };
    let said = match command.kind {
        CommandKind::Submit => Said::Submit,
        CommandKind::Cancel => Said::Cancel,
        CommandKind::Take => Said::Take,
        CommandKind::Answer => Said::Answer,
        CommandKind::Alarm => Said::Alarm,
    };
    let credential = Credential::Source(Box::new(who.clone()));
    commands::answer(backend, credential, said, &command.payload).await
}

fn to_answer(word: Word) -> Answer {
    Answer {
        ending: match word.status {
            200..=299 => Ending::Done,
            401 | 403 => Ending::NotPermitted,
            _ if word.retry_after.is_some() => Ending::Later,
            _ => Ending::Unfit,
        },
        status: word.status,
        media_type: word.media_type,
        body: word.body,
    }
}
