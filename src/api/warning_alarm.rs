//! Sensor alarms that come as CAP: a monitoring system that speaks nothing else says by parameters
//! that a sensor raised an alarm, or that it is over.

use narrowcast_protocol::warning::cap::{Alert, MsgType};
use narrowcast_protocol::warning::text::one_line;

use crate::engine::io::AlarmReport;
use crate::model::wall::Wall;

/// What the parameters begin with: `narrowcast:site`, `kind`, `level`, `alarm` and `value`.
const PREFIX: &str = "narrowcast:";

/// What a CAP message says of a sensor alarm; none if it names no site and kind of one. An Alert
/// or Update says that the alarm stands, a Cancel that it is cleared.
pub(super) fn report(alert: &Alert, exercise: bool) -> Option<AlarmReport> {
    let said = |name: &str| {
        let mut all = alert.info.iter().flat_map(|info| &info.parameter);
        let found = all.find(|it| it.value_name.strip_prefix(PREFIX) == Some(name))?;
        Some(one_line(&found.value)).filter(|value| !value.is_empty())
    };
    Some(AlarmReport {
        site: said("site")?,
        kind: said("kind")?,
        level: said("level"),
        raised: alert.msg_type != MsgType::Cancel,
        id: said("alarm"),
        value: said("value"),
        at: Some(Wall::from(alert.sent.timestamp())),
        exercise,
    })
}
