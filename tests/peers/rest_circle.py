"""The whole circle with a client that openapi-python-client made of our document: an alert, a
radio's answer, its events by pages and by the stream, a cancel.

Arguments: the server, the token, a radio that answers, a radio that is away.
"""

import json
import sys
import time
from typing import TypeVar

from narrowcast_client import AuthenticatedClient
from narrowcast_client.api.alerts import (
    alerts_cancel,
    alerts_deliveries,
    alerts_dry_run,
    alerts_list,
    alerts_show,
    alerts_submit,
)
from narrowcast_client.api.events import events_events, events_page
from narrowcast_client.api.roster import roster_import
from narrowcast_client.models import (
    AlertBody,
    AlertList,
    AskBody,
    BecauseBody,
    DeliveryList,
    DoneBody,
    EventBody,
    EventPage,
    PlanBody,
    Problem,
    ReceiptBody,
    RosterLine,
    SubmitBody,
    SubmitBodyPrecedence,
)
from narrowcast_client.types import UNSET

Kind = TypeVar("Kind")


def expect(kind: type[Kind], value: object) -> Kind:
    """The value, which must be of this kind."""
    if not isinstance(value, kind):
        raise SystemExit(f"no {kind.__name__}: {value}")
    return value


def read_to_end(client: AuthenticatedClient, start: int) -> tuple[list[EventBody], int]:
    """All events from this position on, page by page, and where the next ones begin."""
    events: list[EventBody] = []
    while True:
        page = expect(EventPage, events_page.sync(client=client, from_=start, limit=50))
        if not page.events:
            return events, page.next_
        events += page.events
        start = page.next_


def until_event(client: AuthenticatedClient, alert: str, kind: str) -> list[EventBody]:
    """Waits for an event of this alert; the alert's events so far."""
    events: list[EventBody] = []
    start = 1
    for _ in range(400):
        more, start = read_to_end(client, start)
        events += [event for event in more if event.alert == alert]
        if any(event.type_ == kind for event in events):
            return events
        time.sleep(0.05)
    raise SystemExit(f"no {kind} among {[event.type_ for event in events]}")


def stream_until(client: AuthenticatedClient, alert: str, kind: str) -> list[EventBody]:
    """Events of this alert from the stream, up to the first of this kind."""
    events: list[EventBody] = []
    # A stream does not end: the request is the client's, its lines are read as they come.
    request = events_events._get_kwargs(from_=1, alert=alert)
    with client.get_httpx_client().stream(**request) as answer:
        if answer.status_code != 200:
            raise SystemExit(f"the stream answers {answer.status_code}")
        for line in answer.iter_lines():
            if line.startswith("data:"):
                events.append(EventBody.from_dict(json.loads(line[5:])))
                if events[-1].type_ == kind:
                    return events
    raise SystemExit("the stream has ended")


def until_answered(client: AuthenticatedClient, alert: str, present: int, away: int) -> None:
    """Waits until the radio that is there has answered; nothing proves that the other has it."""
    rungs: dict[object, str] = {}
    for _ in range(400):
        listed = expect(DeliveryList, alerts_deliveries.sync(alert, client=client))
        rungs = {it.radio: it.rung.value for it in listed.deliveries}
        if rungs.get(present) == "answered":
            break
        time.sleep(0.05)
    if rungs.get(present) != "answered" or rungs.get(away) not in ("queued", "sent"):
        raise SystemExit(f"one has answered, the other is away: {rungs}")


def main(server: str, token: str, present: int, away: int) -> None:
    client = AuthenticatedClient(base_url=server, token=token, raise_on_unexpected_status=True)
    lines = [
        RosterLine(
            kind="radio", id=str(radio), name=f"Unit {radio}", node="city", confirms="yes"
        )
        for radio in (present, away)
    ]
    expect(DoneBody, roster_import.sync(client=client, body=lines))

    alert = SubmitBody(
        text="山火逼近,请立即到3号集合点",
        targets=[f"radio:{present}", f"radio:{away}"],
        precedence=SubmitBodyPrecedence.FLASH,
        ask=AskBody.ACKNOWLEDGEMENT,
    )
    plan = expect(PlanBody, alerts_dry_run.sync(client=client, body=alert))
    receipt = expect(
        ReceiptBody, alerts_submit.sync(client=client, body=alert, idempotency_key="nr 1")
    )
    again = expect(
        ReceiptBody, alerts_submit.sync(client=client, body=alert, idempotency_key="nr 1")
    )
    if again.id != receipt.id or receipt.recipients != plan.recipients:
        raise SystemExit(f"{plan} {receipt} {again}")

    until_answered(client, receipt.id, present, away)
    events = until_event(client, receipt.id, "evidenced")
    if events[0].type_ != "alert_accepted" or events[0].data["text"] != alert.text:
        raise SystemExit(f"the first event: {events[0]}")

    shown = expect(AlertBody, alerts_show.sync(receipt.id, client=client))
    if shown.ended_at is not UNSET and shown.ended_at is not None:
        raise SystemExit(f"it has ended: {shown}")

    because = BecauseBody(because="the wind has turned")
    expect(DoneBody, alerts_cancel.sync(receipt.id, client=client, body=because))
    streamed = stream_until(client, receipt.id, "alert_ended")
    paged = until_event(client, receipt.id, "alert_ended")
    positions = [event.seq for event in streamed]
    if positions != [event.seq for event in paged][: len(positions)]:
        raise SystemExit(f"{positions} came by the stream, by pages {paged}")
    shown = expect(AlertBody, alerts_show.sync(receipt.id, client=client))
    if not shown.ended_at:
        raise SystemExit(f"it has not ended: {shown}")
    listed = expect(AlertList, alerts_list.sync(client=client))
    if [it.id for it in listed.alerts] != [receipt.id]:
        raise SystemExit(f"{listed}")

    problem = expect(Problem, alerts_cancel.sync(receipt.id, client=client, body=because))
    wrong = expect(
        Problem, alerts_submit.sync(client=client, body=SubmitBody(text="", targets=["all"]))
    )
    if (problem.status, wrong.status, wrong.field) != (409, 422, "text"):
        raise SystemExit(f"{problem} {wrong}")

    print(json.dumps({"events": len(paged), "streamed": len(streamed)}))


main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
