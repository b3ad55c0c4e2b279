"""A strict CMPP gateway, as the tests' peer. It prints one line of JSON for each thing that
happens, the first with its port. What it does not accept it closes for, with the reason.

--receipts after|before|twice|decimal: when reports come. Their form has no variants but one:
  with `decimal` a gateway of version 3 sends reports of 60 octets, as those of version 2.
--throttle-every N: every so manyth message is refused as too fast.
--unbind-at N: at this message it takes its leave and answers nothing any more.
--answer TEXT: what each person answers, once, to a whole text.
"""

import argparse
import asyncio
import hashlib
import json
import struct
import sys

import cmpp_fields as cmpp

CONNECT, TERMINATE, SUBMIT, DELIVER, ACTIVE_TEST, ANSWER = 1, 2, 4, 5, 8, 0x80000000


def tell(**line):
    print(json.dumps(line, ensure_ascii=False), flush=True)


class Gateway:
    """What outlives a connection."""

    def __init__(self, options):
        self.options = options
        self.submits = 0
        self.number = 0
        self.waiting = []
        self.parts = {}
        self.session = None

    def whole(self, message):
        if message["part"] is None:
            return message["text"]
        reference, total, number = message["part"]
        key = (message["to"], reference, total)
        known = self.parts.setdefault(key, {})
        known[number] = message["text"]
        if len(known) < total:
            return None
        del self.parts[key]
        return "".join(text for _, text in sorted(known.items()))

    def bring(self, what, of, arguments):
        self.waiting.append((what, of, arguments))
        if self.session:
            self.session.flush()

    def next_name(self):
        self.number += 1
        return cmpp.name(self.number)


class Session:
    def __init__(self, gateway, writer):
        self.gateway = gateway
        self.writer = writer
        self.known = False
        self.leaving = False
        self.last = 0
        self.sequence = 0
        self.open = {}

    def say(self, command, sequence, body=b""):
        if not self.writer.is_closing():
            self.writer.write(struct.pack(">III", 12 + len(body), command, sequence) + body)

    def flush(self):
        version = self.gateway.options.version
        while self.gateway.waiting and len(self.open) < 16:
            item = self.gateway.waiting.pop(0)
            what, _, (source, to, content) = item
            message = self.gateway.next_name()
            self.sequence += 1
            self.open[self.sequence] = (message, item)
            body = cmpp.deliver(message, source, to, what == "receipt", content, version)
            self.say(DELIVER, self.sequence, body)

    def closed(self):
        if self.gateway.session is self:
            self.gateway.session = None
        self.gateway.waiting[:0] = [item for _, item in self.open.values()]
        self.open = {}

    def take(self, command, sequence, body):
        if command < ANSWER:
            cmpp.must(sequence > self.last, f"sequence {sequence} after {self.last}")
            self.last = sequence
        cmpp.must(self.known or command == CONNECT, "a request before the log-in")
        if command == CONNECT:
            self.log_in(sequence, body)
        elif command == SUBMIT:
            self.submit(sequence, body)
        elif command == DELIVER | ANSWER:
            self.kept(sequence, body)
        elif command == ACTIVE_TEST:
            cmpp.must(body == b"", "an ACTIVE_TEST with a body")
            self.say(command | ANSWER, sequence, b"\0")
        elif command == TERMINATE:
            cmpp.must(body == b"", "a TERMINATE with a body")
            self.say(command | ANSWER, sequence)
            self.writer.close()
        elif command in (TERMINATE | ANSWER, ACTIVE_TEST | ANSWER):
            cmpp.must(len(body) <= 1, "an answer with a body")
            if command == TERMINATE | ANSWER:
                self.writer.close()
        else:
            raise cmpp.Wrong(f"command {command:#x}")

    def log_in(self, sequence, body):
        cmpp.must(not self.known, "a second log-in")
        options = self.gateway.options
        proof = cmpp.connect(body, options.user, options.password, options.version)
        status = bytes(4 if options.version == 3 else 1)
        ours = hashlib.md5(status + proof + options.password.encode()).digest()
        self.say(CONNECT | ANSWER, sequence, status + ours + bytes([options.version << 4]))
        self.known = True
        self.gateway.session = self
        tell(bound="connect", version=options.version)
        self.flush()

    def submit(self, sequence, body):
        gateway, options = self.gateway, self.gateway.options
        message = cmpp.submit(body, options.user, options.service, options.source, options.version)
        gateway.submits += 1
        if self.leaving:
            return
        if gateway.submits == options.unbind_at:
            self.leaving = True
            self.sequence += 1
            self.say(TERMINATE, self.sequence)
            return
        if options.throttle_every and gateway.submits % options.throttle_every == 0:
            tell(throttled=message["to"])
            self.answer(sequence, bytes(8), 8)
            return
        name = gateway.next_name()
        report = message.pop("report")
        tell(taken=name.hex(), **message)
        self.plan(sequence, name, message, report)
        text = gateway.whole(message)
        if text is None:
            return
        tell(whole=text, to=message["to"])
        if options.answer:
            content = options.answer.encode("utf-16-be")
            answer = ("answer", message["to"], (message["to"], message["from"], content))
            asyncio.get_running_loop().call_later(0.3, gateway.bring, *answer)

    def answer(self, sequence, name, result):
        wide = self.gateway.options.version == 3
        self.say(SUBMIT | ANSWER, sequence, name + struct.pack(">I" if wide else ">B", result))

    def plan(self, sequence, name, message, report):
        loop, options = asyncio.get_running_loop(), self.gateway.options
        wide = options.version == 3 and options.receipts != "decimal"
        content = cmpp.report(name, message["to"], wide)
        receipt = ("receipt", name.hex(), (message["to"], message["from"], content))
        if report and options.receipts == "before":
            self.gateway.bring(*receipt)
            loop.call_later(0.05, self.answer, sequence, name, 0)
            return
        self.answer(sequence, name, 0)
        for _ in range(report * (2 if options.receipts == "twice" else 1)):
            loop.call_later(0.05, self.gateway.bring, *receipt)

    def kept(self, sequence, body):
        cmpp.must(sequence in self.open, f"an answer to nothing: {sequence}")
        name, item = self.open.pop(sequence)
        wide = self.gateway.options.version == 3
        cmpp.must(len(body) == (12 if wide else 9), "DELIVER_RESP has another length")
        cmpp.must(body[:8] == name, "DELIVER_RESP names another message")
        result = int.from_bytes(body[8:], "big")
        tell(kept=item[0], id=item[1], status=result)
        if result:
            asyncio.get_running_loop().call_later(0.2, self.gateway.bring, *item)
        self.flush()


async def serve(gateway, reader, writer):
    session = Session(gateway, writer)
    try:
        while True:
            total, command, sequence = struct.unpack(">III", await reader.readexactly(12))
            cmpp.must(12 <= total <= 4096, f"Total_Length is {total}")
            session.take(command, sequence, await reader.readexactly(total - 12))
    except (asyncio.IncompleteReadError, ConnectionError):
        pass
    except (cmpp.Wrong, ValueError) as wrong:
        tell(odd=str(wrong))
    session.closed()
    writer.close()


async def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--version", type=int, choices=(2, 3), default=2)
    parser.add_argument("--receipts", choices=("after", "before", "twice", "decimal"), default="after")
    parser.add_argument("--throttle-every", type=int, default=0)
    parser.add_argument("--unbind-at", type=int, default=0)
    parser.add_argument("--answer")
    parser.add_argument("--user", default="narrow")
    parser.add_argument("--password", default="s3cr3tpw")
    parser.add_argument("--service", default="ALERT")
    parser.add_argument("--source", default="10690001")
    gateway = Gateway(parser.parse_args())
    server = await asyncio.start_server(lambda *ends: serve(gateway, *ends), "127.0.0.1", 0)
    tell(port=server.sockets[0].getsockname()[1])
    # The test that started it has ended when its end of our input closes.
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


asyncio.run(main())
