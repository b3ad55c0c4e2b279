"""The whole circle with a generic MQTT 5 client: an alert with a response topic and correlation
data, its answer, its events, a cancel.

Arguments: the broker's port, the prefix of the topics, a radio that answers, a radio that is away.
"""

import json
import queue
import sys
from typing import Any

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

PATIENCE = 20
REPLIES = "platform/replies/desk-1"


class Circle:
    def __init__(self, port: int, prefix: str) -> None:
        self.prefix = prefix
        self.replies: queue.Queue[mqtt.MQTTMessage] = queue.Queue()
        self.events: queue.Queue[mqtt.MQTTMessage] = queue.Queue()
        self.states: queue.Queue[mqtt.MQTTMessage] = queue.Queue()
        subscribed: queue.Queue[list[Any]] = queue.Queue()
        self.client = mqtt.Client(
            CallbackAPIVersion.VERSION2, client_id="desk-1", protocol=mqtt.MQTTv5
        )
        self.client.on_subscribe = lambda _c, _u, _mid, codes, _p: subscribed.put(codes)
        for topic, kept in (
            (REPLIES, self.replies),
            (f"{prefix}/event/#", self.events),
            (f"{prefix}/state", self.states),
        ):
            self.client.message_callback_add(topic, lambda _c, _u, message, q=kept: q.put(message))
        self.client.connect("127.0.0.1", port)
        self.client.loop_start()
        self.client.subscribe([(REPLIES, 1), (f"{prefix}/event/#", 1), (f"{prefix}/state", 1)])
        codes = subscribed.get(timeout=PATIENCE)
        assert not any(code.is_failure for code in codes), codes
        self.seen: list[dict[str, Any]] = []

    def until_online(self) -> None:
        while json.loads(self.states.get(timeout=PATIENCE).payload)["state"] != "online":
            pass

    def ask(self, command: str, body: dict[str, Any], correlation: bytes) -> tuple[int, Any]:
        """The status and body of the answer, which must bear this correlation data."""
        properties = Properties(PacketTypes.PUBLISH)
        properties.ResponseTopic = REPLIES
        properties.CorrelationData = correlation
        payload = json.dumps(body, ensure_ascii=False)
        topic = f"{self.prefix}/{command}"
        self.client.publish(topic, payload, qos=1, properties=properties).wait_for_publish(PATIENCE)
        reply = self.replies.get(timeout=PATIENCE)
        assert reply.properties.CorrelationData == correlation, reply.properties
        user = dict(reply.properties.UserProperty)
        return int(user["status"]), json.loads(reply.payload)

    def until_event(self, alert: str, kind: str) -> dict[str, Any]:
        """Waits for an event of this alert."""
        while True:
            message = self.events.get(timeout=PATIENCE)
            event = json.loads(message.payload)
            assert message.topic == f"{self.prefix}/event/{event['type']}", message.topic
            self.seen.append(event)
            if event.get("subject", "").endswith(alert) and event["type"] == kind:
                return event


def main(port: int, prefix: str, present: int, away: int) -> None:
    circle = Circle(port, prefix)
    circle.until_online()
    alert = {
        "text": "山洪预警,立即撤离",
        "targets": [f"radio:{present}", f"radio:{away}"],
        "precedence": "flash",
        "ask": "acknowledgement",
        "idempotency_key": "nr 1",
    }
    status, receipt = circle.ask("submit", alert, b"\x00submit\xff")
    assert status == 201 and receipt["recipients"] == 2, receipt
    accepted = circle.until_event(receipt["id"], "cn.narrowcast.alert.accepted.v1")
    assert accepted["data"]["text"] == alert["text"], accepted
    while True:
        evidence = circle.until_event(receipt["id"], "cn.narrowcast.delivery.evidenced.v1")
        if "answered" in json.dumps(evidence["data"]).lower():
            break

    cancel = {"id": receipt["id"], "because": "the water falls"}
    status, done = circle.ask("cancel", cancel, b"cancel")
    assert status == 200, done
    ended = circle.until_event(receipt["id"], "cn.narrowcast.alert.ended.v1")
    assert ended["ncseq"] >= done["seq"], (ended, done)
    status, problem = circle.ask("cancel", cancel, b"cancel again")
    assert status == 409, problem

    positions = [event["ncseq"] for event in circle.seen]
    assert positions == sorted(positions), positions
    circle.client.disconnect()
    circle.client.loop_stop()
    print(json.dumps({"id": receipt["id"], "events": len(positions)}))


main(int(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
