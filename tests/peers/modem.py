"""A GSM modem on a pseudo-terminal, as the tests' peer. What it is given to send is read, and
what it brings is written, by the PDU coder of python-gsmmodem-new. It prints one line of JSON
for each thing that happens, the first with its path.

--answer TEXT: what each person answers to a whole text, in parts if it is long; may be given
  several times.
"""

import argparse
import json
import os
import pty
import sys
import threading
import time
import tty
from datetime import datetime

from gsmmodem import pdu as coder
from gsmmodem.util import SimpleOffsetTzInfo

BEIJING = SimpleOffsetTzInfo(8)
# Octets of text in one part of a long one.
ROOM = 134


def tell(**line):
    print(json.dumps(line, ensure_ascii=False), flush=True)


def now():
    return coder._encodeTimestamp(datetime.now(BEIJING).replace(microsecond=0))


def status_report(reference, number):
    octets = bytearray([0, 0x06, reference])
    octets += coder._encodeAddressField(number) + now() + now() + bytearray([0])
    return octets


def incoming(number, text):
    """SMS-DELIVER in UCS-2, in as many parts as it takes."""
    octets = bytes(coder.encodeUcs2(text))
    pieces = [octets[at : at + ROOM] for at in range(0, len(octets), ROOM)]
    if len(octets) <= 140:
        pieces = [octets]
    for at, piece in enumerate(pieces, 1):
        header = bytearray()
        if len(pieces) > 1:
            element = coder.Concatenation()
            element.reference, element.parts, element.number = 0x5A, len(pieces), at
            encoded = element.encode()
            header = bytearray([len(encoded)]) + encoded
        first = 0x44 if header else 0x04
        data = header + piece
        yield bytearray([0, first]) + coder._encodeAddressField(number) + bytearray(
            [0, 8]
        ) + now() + bytearray([len(data)]) + data


class Modem:
    def __init__(self, line, answers):
        self.line = line
        self.answers = answers
        self.lock = threading.Lock()
        self.reference = 0
        self.store = {}
        self.parts = {}
        self.prompt = None

    def say(self, words):
        with self.lock:
            os.write(self.line, f"\r\n{words}\r\n".encode())

    def later(self, seconds, work, *arguments):
        timer = threading.Timer(seconds, work, arguments)
        timer.daemon = True
        timer.start()

    def report(self, reference, number):
        octets = status_report(reference, number)
        self.say(f"+CDS: {len(octets) - 1}\r\n{octets.hex().upper()}")

    def bring(self, number, text):
        for octets in incoming(number, text):
            index = 1 + max(self.store, default=0)
            self.store[index] = octets
            self.say(f'+CMTI: "SM",{index}')

    def sent(self, hexadecimal):
        octets = bytes.fromhex(hexadecimal)
        message = coder.decodeSmsPdu(hexadecimal)
        if message["type"] != "SMS-SUBMIT" or message["tpdu_length"] != self.prompt:
            tell(odd=f"{message['type']} of {message['tpdu_length']}, not {self.prompt}")
        self.reference = self.reference % 255 + 1
        part = None
        for element in message.get("udh", []):
            if isinstance(element, coder.Concatenation):
                part = [element.reference, element.parts, element.number]
        number, text = message["number"], message["text"]
        tell(taken=str(self.reference), to=number, text=text, part=part)
        self.say(f"+CMGS: {self.reference}")
        self.say("OK")
        if octets[1 + octets[0]] & 0x20:
            self.later(0.1, self.report, self.reference, number)
        whole = self.whole(number, text, part)
        if whole is not None:
            tell(whole=whole, to=number)
            for at, answer in enumerate(self.answers, 1):
                self.later(at * 0.5, self.bring, number, answer)

    def whole(self, number, text, part):
        if part is None:
            return text
        reference, total, at = part
        known = self.parts.setdefault((number, reference, total), {})
        known[at] = text
        return "".join(words for _, words in sorted(known.items())) if len(known) == total else None

    def command(self, typed):
        name, _, value = typed.partition("=")
        if name == "AT+CMGS":
            self.prompt = int(value)
            with self.lock:
                os.write(self.line, b"\r\n> ")
            return
        if name == "AT+CMGR":
            octets = self.store.get(int(value))
            if octets is None:
                self.say("+CMS ERROR: 321")
                return
            self.say(f"+CMGR: 0,,{len(octets) - 1}\r\n{octets.hex().upper()}")
        elif name == "AT+CMGL":
            for index, octets in sorted(self.store.items()):
                self.say(f"+CMGL: {index},0,,{len(octets) - 1}\r\n{octets.hex().upper()}")
        elif name == "AT+CMGD":
            if self.store.pop(int(value.split(",")[0]), None) is not None:
                tell(deleted=value)
        else:
            known = {
                "AT+CPIN?": "+CPIN: READY",
                "AT+CREG?": "+CREG: 0,1",
                "AT+CSQ": "+CSQ: 17,99",
                "AT+CGSN": "861234567890123",
                "AT+CIMI": "460001234567890",
                "AT+CSCA?": '+CSCA: "+8613800371500",145',
                "AT+CPMS?": '+CPMS: "SM",0,30,"SM",0,30,"SM",0,30',
            }
            if typed in known:
                self.say(known[typed])
        self.say("OK")

    def run(self):
        typed = bytearray()
        while True:
            try:
                octets = os.read(self.line, 256)
            except OSError:
                time.sleep(0.05)
                continue
            for octet in octets:
                if octet == 0x1B:
                    typed.clear()
                    self.prompt = None
                elif octet == (0x1A if self.prompt else 0x0D):
                    words = typed.decode("ascii").strip()
                    typed.clear()
                    if self.prompt:
                        self.sent(words)
                        self.prompt = None
                    elif words:
                        self.command(words)
                else:
                    typed.append(octet)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--answer", action="append", default=[])
    options = parser.parse_args()
    ours, theirs = pty.openpty()
    tty.setraw(theirs)
    modem = Modem(ours, options.answer)
    threading.Thread(target=modem.run, daemon=True).start()
    # The far end stays open here too: a line without one reports a hang-up without pause.
    tell(path=os.ttyname(theirs))
    # The test that started it has ended when its end of our input closes.
    sys.stdin.read()


main()
