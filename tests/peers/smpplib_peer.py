"""The Python package smpplib, as the tests' peer. It prints one line of JSON for each thing.

decode HEX: the PDUs of a stream, as the package reads them.
send PORT TO TEXT: sends a text to a centre, and says what comes of it.
"""

import json
import struct
import sys
import threading

import smpplib.client
import smpplib.consts
import smpplib.gsm
import smpplib.smpp


def tell(**line):
    print(json.dumps(line, ensure_ascii=False), flush=True)


def words(value):
    return value.decode("latin1") if isinstance(value, bytes) else value


def decode(stream):
    client = smpplib.client.Client("127.0.0.1", 1, allow_unknown_opt_params=True)
    while stream:
        length = struct.unpack(">I", stream[:4])[0]
        octets, stream = stream[:length], stream[length:]
        pdu = smpplib.smpp.parse_pdu(octets, client=client, allow_unknown_opt_params=True)
        line = {"command": pdu.command, "status": pdu.status, "sequence": pdu.sequence}
        for name in pdu.params:
            value = getattr(pdu, name, None)
            if value is not None and name != "short_message":
                line[name] = words(value)
        content = getattr(pdu, "short_message", None)
        if content:
            header = content[: content[0] + 1] if pdu.esm_class & 0x40 else b""
            coding = {0: "ascii", 8: "utf-16-be"}[pdu.data_coding]
            line["header"] = list(header)
            line["text"] = content[len(header) :].decode(coding)
        tell(**line)


def send(port, to, text):
    client = smpplib.client.Client("127.0.0.1", port, allow_unknown_opt_params=True)
    answered = threading.Event()
    parts, coding, esm_class = smpplib.gsm.make_parts(text)
    missing = {"answers": len(parts), "receipts": len(parts)}

    def done(what):
        missing[what] -= 1
        if not any(missing.values()):
            answered.set()

    def sent(pdu):
        tell(answer=words(pdu.message_id), status=pdu.status)
        done("answers")

    def received(pdu):
        tell(receipt=words(pdu.receipted_message_id), text=words(pdu.short_message))
        done("receipts")
        return 0

    client.set_message_sent_handler(sent)
    client.set_message_received_handler(received)
    client.connect()
    client.bind_transceiver(system_id="narrow", password="s3cr3tpw")
    tell(bound=True)
    for part in parts:
        client.send_message(
            source_addr="10690001",
            destination_addr=to,
            short_message=part,
            data_coding=coding,
            esm_class=esm_class,
            registered_delivery=True,
        )
    threading.Thread(target=client.listen, daemon=True).start()
    if not answered.wait(10):
        tell(odd=f"missing: {missing}")


if sys.argv[1] == "decode":
    decode(bytes.fromhex(sys.argv[2]))
else:
    send(int(sys.argv[2]), sys.argv[3], sys.argv[4])
