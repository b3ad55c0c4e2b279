"""Octets of CMPP 2.0 and 3.0 as the gateway of the tests reads them: every field is checked."""

import hashlib
import re
import struct
from datetime import datetime, timedelta, timezone

BEIJING = timezone(timedelta(hours=8))


class Wrong(Exception):
    """What a strict gateway does not accept; the text is the reason."""


def must(holds, why):
    if not holds:
        raise Wrong(why)


class Fields:
    """Reads field after field; every octet must be read in the end."""

    def __init__(self, octets):
        self.octets = octets
        self.at = 0

    def take(self, count, name):
        part = self.octets[self.at : self.at + count]
        must(len(part) == count, f"{name} is cut short")
        self.at += count
        return part

    def byte(self, name, allowed=None):
        value = self.take(1, name)[0]
        must(allowed is None or value in allowed, f"{name} is {value}")
        return value

    def text(self, count, name):
        """Left-aligned ASCII; behind the first NUL stand NULs only."""
        octets = self.take(count, name)
        words, _, rest = octets.partition(b"\0")
        must(not rest.strip(b"\0"), f"{name} has octets behind its end: {octets.hex()}")
        must(all(0x20 < octet < 0x7F for octet in words), f"{name} is {octets.hex()}")
        return words.decode("ascii")

    def zeros(self, count, name):
        must(not any(self.take(count, name)), f"{name} is not zero")

    def end(self):
        must(self.at == len(self.octets), f"{len(self.octets) - self.at} octets too many")


def authenticator(account, secret, stamp):
    return hashlib.md5(account.encode() + bytes(9) + secret.encode() + b"%010d" % stamp).digest()


def connect(body, account, secret, version):
    """The authenticator of a log-in that may come in."""
    fields = Fields(body)
    must(fields.text(6, "Source_Addr") == account, "Source_Addr is another")
    proof = fields.take(16, "AuthenticatorSource")
    must(fields.byte("Version") == version << 4, "Version is another")
    stamp = struct.unpack(">I", fields.take(4, "Timestamp"))[0]
    fields.end()
    said = datetime.strptime(f"{datetime.now(BEIJING).year}{stamp:010d}", "%Y%m%d%H%M%S")
    skew = abs(said.replace(tzinfo=BEIJING) - datetime.now(BEIJING))
    must(skew < timedelta(minutes=5), f"Timestamp is off by {skew}")
    must(proof == authenticator(account, secret, stamp), "AuthenticatorSource is wrong")
    return proof


def time_of(fields, name):
    value = fields.text(17, name)
    must(value == "" or re.fullmatch(r"\d{13}\d\d[-+R]", value), f"{name} is {value}")
    return value


def submit(body, account, service, source, version):
    """A message, as a dictionary."""
    fields, wide = Fields(body), version == 3
    terminal = 32 if wide else 21
    fields.zeros(8, "Msg_Id")
    total = fields.byte("Pk_total", range(1, 256))
    number = fields.byte("Pk_number", range(1, total + 1))
    report = fields.byte("Registered_Delivery", (0, 1))
    fields.byte("Msg_level", range(10))
    must(fields.text(10, "Service_Id") == service, "Service_Id is another")
    payer = fields.byte("Fee_UserType", range(4))
    fee_terminal = fields.text(terminal, "Fee_terminal_Id")
    must((fee_terminal != "") == (payer == 3), "Fee_terminal_Id does not fit Fee_UserType")
    if wide:
        fields.byte("Fee_terminal_type", (0, 1))
    fields.byte("TP_pId", (0,))
    headed = fields.byte("TP_udhi", (0, 1))
    form = fields.byte("Msg_Fmt", (0, 8, 15))
    must(fields.text(6, "Msg_src") == account, "Msg_src is another")
    must(fields.text(2, "FeeType") in ("01", "02", "03"), "FeeType is none")
    must(re.fullmatch(r"\d{6}", fields.text(6, "FeeCode")), "FeeCode is no number")
    time_of(fields, "ValId_Time")
    must(time_of(fields, "At_Time") == "", "At_Time is set")
    sender = fields.text(21, "Src_Id")
    must(sender.startswith(source) and sender.isdigit(), f"Src_Id is {sender}")
    # Each recipient needs a receipt of its own.
    must(fields.byte("DestUsr_tl") == 1, "DestUsr_tl is not 1")
    to = fields.text(terminal, "Dest_terminal_Id")
    must(re.fullmatch(r"(\+?86)?1\d{10}", to), f"Dest_terminal_Id is {to}")
    if wide:
        fields.byte("Dest_terminal_type", (0,))
    length = fields.byte("Msg_Length", range(1, 160 if form == 0 else 141))
    content = fields.take(length, "Msg_Content")
    fields.zeros(20 if wide else 8, "LinkID" if wide else "Reserve")
    fields.end()
    part = None
    if headed:
        must(content[:3] == b"\x05\x00\x03" and len(content) > 6, "the header is none of a long text")
        part = list(content[3:6])
        must(part[1:] == [total, number], "the header and Pk_total, Pk_number differ")
        content = content[6:]
    must(headed or total == 1, "a long text without headers")
    coding = {0: "ascii", 8: "utf-16-be", 15: "gbk"}[form]
    return {"from": sender, "to": to, "text": content.decode(coding), "part": part, "report": report == 1}


def moment(now=None):
    return (now or datetime.now(BEIJING)).strftime("%y%m%d%H%M").encode()


def name(sequence):
    """A Msg_Id: when, which gateway, which message."""
    now = datetime.now(BEIJING)
    bits = now.month << 60 | now.day << 55 | now.hour << 50 | now.minute << 44 | now.second << 38
    return struct.pack(">Q", bits | 1001 << 16 | sequence & 0xFFFF)


def report(message, to, wide):
    terminal = to.encode().ljust(32 if wide else 21, b"\0")
    return message + b"DELIVRD" + moment() + moment() + terminal + bytes(4)


def deliver(message, source, to, is_report, content, version):
    wide = version == 3
    phone = source.encode().ljust(32 if wide else 21, b"\0") + (b"\0" if wide else b"")
    head = message + to.encode().ljust(21, b"\0") + bytes(10) + b"\0\0" + (b"\0" if is_report else b"\x08")
    return head + phone + bytes([is_report, len(content)]) + content + bytes(20 if wide else 8)
