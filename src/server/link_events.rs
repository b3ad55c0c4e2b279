//! What the links report: to the core, to the board, to the counters and the log.

use narrowcast_hardware::events::LinkEvent;
use narrowcast_protocol::air::StationId;
use narrowcast_protocol::session::{Notice, Step};
use tokio::time::Instant;
use tracing::{info, warn};

use crate::engine::io::Input;
use crate::observe::metrics::DropLabel;
use crate::server::task::Task;

impl Task {
    pub(super) fn link_event(&mut self, event: LinkEvent) {
        match event {
            LinkEvent::Heard(heard) => self.input(Input::Heard(heard)),
            LinkEvent::Job { id, step } => {
                if matches!(step, Step::Refused(_) | Step::Lost | Step::Done) {
                    self.links.forget(id);
                }
                self.spans.step(id, step);
                self.input(Input::Step { id, step });
            }
            LinkEvent::Sent(id) => {
                self.spans.written(id);
                self.input(Input::Sent(id));
            }
            LinkEvent::Carrier { id, state, room } => {
                self.shown.carrier(id, state);
                self.input(Input::Carrier { id, state, room });
            }
            LinkEvent::Notice(notice) => self.notice(notice),
            // The log has it from the link's own task, which says which link it is.
            LinkEvent::Link(state) => {
                if !state.up {
                    self.metrics.links_lost.inc();
                }
            }
        }
    }

    fn notice(&mut self, notice: Notice) {
        let name_of = |station| {
            let name = self.shown.name(station).to_owned();
            let link = self.links.name(station).unwrap_or_default().to_owned();
            (name, link)
        };
        match notice {
            Notice::StationIdentified {
                station,
                description,
            } => {
                let (name, link) = name_of(station);
                info!(station = station.0, name, link, says = %description, "a station is there");
                self.shown.strangers.admitted(station);
                self.input(Input::StationIdentified {
                    station,
                    description,
                });
            }
            Notice::LogInRefused {
                claimed,
                peer,
                why,
                count,
            } => {
                self.metrics.log_ins_refused.inc_by(u64::from(count));
                let name = self.shown.name(StationId(claimed));
                let link = self.links.name_for(StationId(claimed));
                warn!(claimed, name, link, %peer, why, count, "log-in refused");
                self.shown.strangers.refused(claimed, Instant::now());
            }
            Notice::Unfit { claimed, peer, why } => {
                let id = StationId(claimed.unwrap_or_default());
                let (name, link) = (self.shown.name(id), self.links.name_for(id));
                warn!(claimed, name, link, %peer, %why, "somebody sends what cannot be used");
            }
            Notice::Dropped {
                station,
                cause,
                count,
            } => {
                let link = station.map_or_else(|| "-".to_owned(), |id| id.to_string());
                self.metrics
                    .dropped
                    .get_or_create(&DropLabel { link, cause })
                    .inc_by(u64::from(count));
            }
            Notice::StationMoved { station, from, to } => {
                let (name, link) = name_of(station);
                warn!(station = station.0, name, link, %from, %to, "a station logged in from another address");
            }
            Notice::StationCloses { station } => {
                let (name, link) = name_of(station);
                info!(
                    station = station.0,
                    name, link, "a station says that it closes"
                );
            }
            Notice::StationLeft { station, why } => {
                let (name, link) = name_of(station);
                info!(station = station.0, name, link, why, "a station left");
            }
        }
    }
}
