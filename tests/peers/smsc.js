// A short message centre on the npm package smpp, as the tests' peer. It prints one line of JSON
// for each thing that happens, the first with its port. NARROWCAST_PEER_NODE names the directory
// whose node_modules has the package.
//
//   --receipts after|before|twice|decimal   when and how receipts come
//   --throttle-every N    every so manyth message is refused as too fast
//   --unbind-at N         at this message it takes its leave and answers nothing any more
//   --answer TEXT         what each person answers, once, to a whole text
"use strict";

const path = require("path");
const { createRequire } = require("module");
const { parseArgs } = require("util");
const smpp = createRequire(path.join(process.env.NARROWCAST_PEER_NODE, "/"))("smpp");

const { values: options } = parseArgs({
  options: {
    receipts: { type: "string", default: "after" },
    "throttle-every": { type: "string", default: "0" },
    "unbind-at": { type: "string", default: "0" },
    answer: { type: "string" },
    user: { type: "string", default: "narrow" },
    password: { type: "string", default: "s3cr3tpw" },
  },
});
const throttleEvery = Number(options["throttle-every"]);
const unbindAt = Number(options["unbind-at"]);

let submits = 0;
let number = 436948;
// What is to be brought, whatever the connection; what the client has not answered waits again.
const waiting = [];
const parts = new Map();
let current = null;

function tell(line) {
  process.stdout.write(JSON.stringify(line) + "\n");
}

// One part, decoded by the package: its words and, of a long text, which part it is.
function partOf(pdu) {
  const content = pdu.short_message;
  const words = Buffer.isBuffer(content.message) ? content.message.toString("latin1") : content.message;
  const header = (content.udh || []).find((element) => element[0] === 0);
  return { words, part: header ? [header[2], header[3], header[4]] : null };
}

// The whole text, when this was its last part.
function whole(to, words, part) {
  if (part === null) return words;
  const [reference, total, at] = part;
  const key = `${to}/${reference}/${total}`;
  const known = parts.get(key) || new Map();
  known.set(at, words);
  parts.set(key, known);
  if (known.size < total) return null;
  parts.delete(key);
  return [...known.entries()].sort((a, b) => a[0] - b[0]).map((entry) => entry[1]).join("");
}

function two(value) {
  return String(value).padStart(2, "0");
}

function moment() {
  const now = new Date(Date.now() + 8 * 3600 * 1000);
  return [now.getUTCFullYear() % 100, now.getUTCMonth() + 1, now.getUTCDate(), now.getUTCHours(), now.getUTCMinutes()]
    .map(two)
    .join("");
}

function receipt(pdu, name) {
  const at = moment();
  const id = options.receipts === "decimal" ? String(name).padStart(10, "0") : name.toString(16);
  return {
    what: "receipt",
    id: name.toString(16),
    fields: {
      source_addr: pdu.destination_addr,
      destination_addr: pdu.source_addr,
      esm_class: smpp.ESM_CLASS.MC_DELIVERY_RECEIPT,
      short_message: `id:${id} sub:001 dlvrd:001 submit date:${at} done date:${at} stat:DELIVRD err:000 text:`,
    },
  };
}

function bring(item) {
  waiting.push(item);
  flush();
}

function flush() {
  while (current !== null && waiting.length > 0) {
    const [item, session] = [waiting.shift(), current];
    session.open.add(item);
    session.deliver_sm({ ...item.fields }, (answer) => {
      session.open.delete(item);
      tell({ kept: item.what, id: item.id, status: answer.command_status });
      if (answer.command_status !== 0) setTimeout(() => bring(item), 200);
    });
  }
}

function submitted(session, pdu) {
  submits += 1;
  if (session.leaving) return;
  if (submits === unbindAt) {
    session.leaving = true;
    session.unbind(() => session.close());
    return;
  }
  if (throttleEvery > 0 && submits % throttleEvery === 0) {
    tell({ throttled: pdu.destination_addr });
    session.send(pdu.response({ command_status: smpp.ESME_RTHROTTLED }));
    return;
  }
  number += 1;
  const name = number;
  const { words, part } = partOf(pdu);
  const to = pdu.destination_addr;
  tell({ taken: name.toString(16), to, from: pdu.source_addr, text: words, part, coding: pdu.data_coding });
  const text = whole(to, words, part);
  if (text !== null) {
    tell({ whole: text, to });
    if (options.answer !== undefined) {
      const fields = { source_addr: to, destination_addr: pdu.source_addr, short_message: options.answer };
      setTimeout(() => bring({ what: "answer", id: to, fields }), 300);
    }
  }
  const respond = () => session.send(pdu.response({ message_id: name.toString(16).toUpperCase() }));
  const item = receipt(pdu, name);
  const wanted = (pdu.registered_delivery & 3) !== 0;
  if (options.receipts === "before" && wanted) {
    bring(item);
    setTimeout(respond, 50);
    return;
  }
  respond();
  const times = options.receipts === "twice" ? 2 : 1;
  for (let time = 0; wanted && time < times; time += 1) setTimeout(() => bring(item), 50);
}

const server = smpp.createServer((session) => {
  session.open = new Set();
  session.leaving = false;
  const bind = (pdu) => {
    if (pdu.system_id !== options.user || pdu.password !== options.password) {
      tell({ refused: pdu.system_id });
      session.send(pdu.response({ command_status: smpp.ESME_RBINDFAIL }));
      session.close();
      return;
    }
    session.send(pdu.response({ system_id: "peer" }));
    tell({ bound: pdu.command, version: pdu.interface_version });
    current = session;
    flush();
  };
  session.on("bind_transceiver", bind);
  session.on("submit_sm", (pdu) => submitted(session, pdu));
  session.on("enquire_link", (pdu) => session.send(pdu.response()));
  session.on("unbind", (pdu) => {
    session.send(pdu.response());
    session.close();
  });
  session.on("unknown", (pdu) => tell({ odd: `unknown command ${pdu.command_id}` }));
  session.on("pduerror", () => tell({ odd: "a PDU that cannot be read" }));
  session.on("error", () => {});
  session.on("close", () => {
    if (current === session) current = null;
    waiting.unshift(...session.open);
    session.open.clear();
    flush();
  });
});
server.listen(0, "127.0.0.1", () => tell({ port: server.address().port }));
// The test that started it has ended.
process.stdin.on("end", () => process.exit(0)).resume();
