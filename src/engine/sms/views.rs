//! What is told about routes.

use std::collections::HashMap;

use narrowcast_protocol::air::StationId;

use crate::engine::Engine;
use crate::engine::sms::wording;
use crate::engine::views::{SmsPlan, SmsRouteView};
use crate::model::alert::Alert;
use crate::model::roster::Recipient;

impl Engine {
    /// Every SMS route, in the order of the configuration.
    pub(in crate::engine) fn sms_routes(&self) -> Vec<SmsRouteView> {
        let now = self.clock.mono();
        let routes = self.state.policy.routes.iter();
        let view = routes.map(|route| {
            let run = self.sms.routes.get(&route.id).cloned().unwrap_or_default();
            let under_way = self.sms.jobs.values();
            let under_way = under_way.filter(|job| job.route == route.id).count();
            SmsRouteView {
                id: route.id,
                name: route.name.clone(),
                kind: route.kind,
                up: run.is_there,
                rests: !run.works(now) && run.is_there,
                exercises: route.exercises,
                room: run.room,
                under_way: u32::try_from(under_way).unwrap_or(u32::MAX),
                waiting: u32::try_from(self.sms.queues.count(route.carrier())).unwrap_or(u32::MAX),
                taken: run.taken,
                refused: run.refusals,
                throttled: run.throttled,
                delivered: run.delivered,
                failed: run.failed,
                last_error: run.last_error,
                cost_today: self.state.sent.route_today(route.id, self.wall())
                    * u64::from(route.cost),
                description: self.describe(route.id, ""),
            }
        });
        view.collect()
    }

    /// What each route would bear of an alert.
    pub(in crate::engine) fn sms_plan(
        &self,
        alert: &Alert,
        recipients: &[Recipient],
    ) -> Vec<SmsPlan> {
        let policy = &self.state.policy;
        let mut plans: Vec<SmsPlan> = Vec::new();
        let mut known: HashMap<(StationId, u8), u8> = HashMap::new();
        for recipient in recipients {
            let Some(phone) = recipient.phones().first() else {
                continue;
            };
            let Some(route) = self.route_to(*phone, alert) else {
                continue;
            };
            let found = plans.iter().position(|plan| plan.route == route.id);
            let at = found.unwrap_or_else(|| {
                plans.push(SmsPlan {
                    route: route.id,
                    name: route.name.clone(),
                    up: self.route_up(route.id),
                    at_once: 0,
                    if_needed: 0,
                    parts: 0,
                    cost: 0,
                });
                plans.len() - 1
            });
            let text = alert.text_for(&recipient.language);
            let parts = *known.entry((route.id, text)).or_insert_with(|| {
                let said = alert.said_to(&recipient.language);
                let parts = wording::parts(policy, route, said, 0).map_or(0, |it| it.len());
                u8::try_from(parts).unwrap_or(u8::MAX)
            });
            if let Some(plan) = plans.get_mut(at) {
                plan.parts = plan.parts.max(parts);
                plan.at_once += u32::from(recipient.radio.is_none());
                plan.if_needed += u32::from(recipient.radio.is_some());
                plan.cost += u64::from(parts) * u64::from(route.cost);
            }
        }
        plans
    }
}
