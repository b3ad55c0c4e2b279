-- Wireshark dissector for the links of DMR base stations:
--   * Homebrew (MMDVM) datagrams over UDP, and those of its trunking variant (DTC*, DMRT)
--   * frames of MMDVM modems, in serial captures (link type 250) and in UDP or TCP streams
--
-- Install: copy it into the folder of personal Lua plugins (Help, About, Folders), or
--   tshark -X lua_script:narrowcast.lua -r capture.pcapng
-- Datagrams are found by their names on any port. Modem frames in UDP or TCP need
-- "Decode As... MMDVM".

local homebrew = Proto("homebrew", "Homebrew DMR protocol")
local mmdvm = Proto("mmdvm", "MMDVM modem protocol")

local FRAME_TYPES = { [0] = "voice", [1] = "voice sync", [2] = "data sync", [3] = "reserved" }
local DATA_TYPES = {
    [0] = "PI header", [1] = "voice LC header", [2] = "terminator with LC", [3] = "CSBK",
    [4] = "MBC header", [5] = "MBC continuation", [6] = "data header", [7] = "rate 1/2 data",
    [8] = "rate 3/4 data", [9] = "idle", [10] = "rate 1 data", [11] = "unified single block",
}
local OPERATIONS = {
    [0x01] = "registration", [0x02] = "deregistration", [0x03] = "group subscribe",
    [0x04] = "group unsubscribe", [0x05] = "UDT transfer", [0x06] = "UDT accept",
    [0x07] = "private call setup", [0x08] = "private call accept",
    [0x09] = "private call reject", [0x0A] = "status",
}

local f = {
    name = ProtoField.string("homebrew.name", "Message"),
    sequence = ProtoField.uint8("homebrew.sequence", "Sequence"),
    source = ProtoField.uint24("homebrew.source", "Source"),
    destination = ProtoField.uint24("homebrew.destination", "Destination"),
    repeater = ProtoField.uint32("homebrew.repeater_id", "Repeater id"),
    slot = ProtoField.uint8("homebrew.slot", "Slot"),
    private = ProtoField.bool("homebrew.private", "Private call", 8, { "yes", "no" }, 0x40),
    frame_type = ProtoField.uint8("homebrew.frame_type", "Frame type", base.DEC, FRAME_TYPES, 0x30),
    data_type = ProtoField.uint8("homebrew.data_type", "Data type", base.DEC, DATA_TYPES, 0x0F),
    voice = ProtoField.uint8("homebrew.voice", "Voice burst", base.DEC, nil, 0x0F),
    stream = ProtoField.uint32("homebrew.stream_id", "Stream id", base.HEX),
    burst = ProtoField.bytes("homebrew.burst", "Burst"),
    ber = ProtoField.uint8("homebrew.bit_errors", "Bit errors"),
    rssi = ProtoField.uint8("homebrew.rssi", "RSSI (-dBm)"),
    uuid = ProtoField.bytes("homebrew.uuid", "UUID"),
    salt = ProtoField.bytes("homebrew.salt", "Salt or repeater id"),
    digest = ProtoField.bytes("homebrew.digest", "Digest"),
    options = ProtoField.string("homebrew.options", "Options"),
    text = ProtoField.string("homebrew.text", "Text"),
    opcode = ProtoField.uint8("homebrew.opcode", "Opcode", base.HEX),
    timestamp = ProtoField.int64("homebrew.timestamp", "Timestamp (s)"),
    accepted = ProtoField.uint8("homebrew.accepted", "Accepted", base.HEX),
    count = ProtoField.uint8("homebrew.count", "Addresses"),
    address = ProtoField.uint24("homebrew.address", "Address"),
    status = ProtoField.uint8("homebrew.status", "Status", base.DEC, nil, 0x7F),
    kind = ProtoField.uint8("homebrew.udt_type", "UDT type", base.HEX),
    payload = ProtoField.bytes("homebrew.payload", "Payload"),
}
homebrew.fields = {}
for _, field in pairs(f) do table.insert(homebrew.fields, field) end
local malformed = ProtoExpert.new("homebrew.malformed", "The message is cut short",
    expert.group.MALFORMED, expert.severity.ERROR)
homebrew.experts = { malformed }

-- Longer names stand before those that they begin with.
local NAMES = {
    "DMRD", "DMRT", "DMRA", "DMRG", "RPTPING", "RPTACK", "RPTSBKN", "RPTCL", "RPTL", "RPTK",
    "RPTC", "RPTO", "RPTG", "MSTPONG", "MSTNAK", "MSTCL", "DTCPING", "DTCPONG", "DTCSBKN",
    "DTCACK", "DTCNAK", "DTCCL", "DTCL", "DTCK", "DTCC", "DTCO", "DTCG",
}
-- Length of a configuration; a close has the same name as its beginning.
local CONFIGURATION = 302

local function name_of(tvb)
    local length = tvb:len()
    for _, name in ipairs(NAMES) do
        if length >= #name and tvb:range(0, #name):string() == name then
            -- A configuration of a station whose id begins with an L.
            if (name == "RPTCL" or name == "DTCCL") and length == CONFIGURATION then
                return name:sub(1, 4)
            end
            return name
        end
    end
    return nil
end

-- The characters of a configuration: name, offset, length.
local CONFIG = {
    { "Callsign", 8, 8 }, { "RX frequency", 16, 9 }, { "TX frequency", 25, 9 },
    { "Power", 34, 2 }, { "Color code", 36, 2 }, { "Latitude", 38, 8 }, { "Longitude", 46, 9 },
    { "Height", 55, 3 }, { "Location", 58, 20 }, { "Description", 78, 19 }, { "Slots", 97, 1 },
    { "URL", 98, 124 }, { "Software", 222, 40 }, { "Package", 262, 40 },
}

local function dmrd(tvb, tree, info)
    if tvb:len() < 53 then return false end
    local bits = tvb:range(15, 1):uint()
    local slot = bits >= 0x80 and 2 or 1
    tree:add(f.sequence, tvb:range(4, 1))
    tree:add(f.source, tvb:range(5, 3))
    tree:add(f.destination, tvb:range(8, 3))
    tree:add(f.repeater, tvb:range(11, 4))
    tree:add(f.slot, tvb:range(15, 1), slot)
    tree:add(f.private, tvb:range(15, 1))
    tree:add(f.frame_type, tvb:range(15, 1))
    local what
    if math.floor(bits / 16) % 4 == 2 then
        tree:add(f.data_type, tvb:range(15, 1))
        what = DATA_TYPES[bits % 16] or "reserved"
    else
        tree:add(f.voice, tvb:range(15, 1))
        what = "voice"
    end
    tree:add(f.stream, tvb:range(16, 4))
    tree:add(f.burst, tvb:range(20, 33))
    if tvb:len() >= 55 then
        tree:add(f.ber, tvb:range(53, 1))
        tree:add(f.rssi, tvb:range(54, 1))
    end
    if tvb:len() >= 71 then tree:add(f.uuid, tvb:range(55, 16)) end
    local group = math.floor(bits / 64) % 2 == 0 and "group " or ""
    info:append(string.format(" %s, %d -> %s%d, slot %d", what, tvb:range(5, 3):uint(), group,
        tvb:range(8, 3):uint(), slot))
    return true
end

local function addresses(tvb, tree, at)
    if tvb:len() < at + 1 then return false end
    local count = tvb:range(at, 1):uint()
    tree:add(f.count, tvb:range(at, 1))
    for n = 0, count - 1 do
        if tvb:len() < at + 4 + 3 * n then return false end
        tree:add(f.address, tvb:range(at + 1 + 3 * n, 3))
    end
    return true
end

local function parties(tvb, tree, info, at)
    if tvb:len() < at + 6 then return false end
    tree:add(f.source, tvb:range(at, 3))
    tree:add(f.destination, tvb:range(at + 3, 3))
    info:append(string.format(", %d -> %d", tvb:range(at, 3):uint(), tvb:range(at + 3, 3):uint()))
    return true
end

local function dmrt(tvb, tree, info)
    if tvb:len() < 5 then return false end
    local opcode = tvb:range(4, 1):uint()
    local operation = opcode % 64
    local way = "to the network"
    if opcode >= 0x80 then way = "within the site" elseif opcode >= 0x40 then way = "from the network" end
    local what = opcode < 0x80 and OPERATIONS[operation] or "internal"
    tree:add(f.opcode, tvb:range(4, 1)):append_text(string.format(" (%s, %s)", what or "unknown", way))
    info:append(string.format(" %s %s", what or "unknown", way))
    if opcode >= 0x80 or not OPERATIONS[operation] then return true end
    if operation == 3 or operation == 4 then return addresses(tvb, tree, 5) end
    if operation <= 2 then
        if tvb:len() < 14 then return false end
        tree:add_le(f.timestamp, tvb:range(5, 8))
        if opcode == 0x41 then
            tree:add(f.accepted, tvb:range(13, 1))
            return addresses(tvb, tree, 14)
        end
        return addresses(tvb, tree, 13)
    end
    if tvb:len() < 21 then return false end
    tree:add(f.uuid, tvb:range(5, 16))
    if operation == 5 then
        if tvb:len() < 29 then return false end
        local length = tvb:range(22, 1):uint()
        tree:add(f.kind, tvb:range(21, 1))
        if not parties(tvb, tree, info, 23) or tvb:len() < 29 + length then return false end
        if length > 0 then tree:add(f.payload, tvb:range(29, length)) end
        return true
    elseif operation == 10 then
        if tvb:len() < 22 then return false end
        tree:add(f.status, tvb:range(21, 1))
        return parties(tvb, tree, info, 22)
    elseif operation == 7 then
        return parties(tvb, tree, info, 22)
    end
    return parties(tvb, tree, info, 21)
end

local function login(name, tvb, tree, info)
    local kind = name:gsub("^DTC", ""):gsub("^RPT", ""):gsub("^MST", "")
    local function id_at(at)
        if tvb:len() < at + 4 then return false end
        tree:add(f.repeater, tvb:range(at, 4))
        info:append(" " .. tvb:range(at, 4):uint())
        return true
    end
    if kind == "ACK" then
        -- An answer may stand alone; the first one brings the salt.
        if tvb:len() >= 10 then tree:add(f.salt, tvb:range(6, 4)) end
        return true
    elseif kind == "NAK" or kind == "PONG" or kind == "SBKN" or name == "MSTCL" then
        -- Some masters answer without an id, or with something else there.
        if tvb:len() == #name + 4 then id_at(#name) end
        return true
    elseif not id_at(#name) then
        -- The close of either side of the trunking variant has one name.
        return kind == "CL"
    elseif kind == "K" and tvb:len() >= 40 then
        tree:add(f.digest, tvb:range(8, 32))
    elseif kind == "O" and tvb:len() > 8 then
        tree:add(f.options, tvb:range(8))
    elseif kind == "C" then
        if tvb:len() < CONFIGURATION then return false end
        for _, field in ipairs(CONFIG) do
            local range = tvb:range(field[2], field[3])
            tree:add(f.text, range):set_text(field[1] .. ": " .. range:string())
        end
        info:append(" " .. tvb:range(8, 8):string())
    end
    return true
end

function homebrew.dissector(tvb, pinfo, root)
    local name = name_of(tvb)
    if not name then return 0 end
    pinfo.cols.protocol = name:match("^DTC") and "Homebrew-T" or "Homebrew"
    local tree = root:add(homebrew, tvb(), "Homebrew DMR protocol, " .. name)
    tree:add(f.name, tvb:range(0, #name))
    pinfo.cols.info = name
    local whole = true
    if name == "DMRD" then whole = dmrd(tvb, tree, pinfo.cols.info)
    elseif name == "DMRT" then whole = dmrt(tvb, tree, pinfo.cols.info)
    elseif name ~= "DMRA" and name ~= "DMRG" then
        whole = login(name, tvb, tree, pinfo.cols.info)
    end
    if not whole then tree:add_proto_expert_info(malformed) end
    return tvb:len()
end

homebrew:register_heuristic("udp", function(tvb, pinfo, root)
    return name_of(tvb) ~= nil and homebrew.dissector(tvb, pinfo, root) > 0
end)

DissectorTable.get("udp.port"):add(62031, homebrew)

local TYPES = {
    [0x00] = "GET_VERSION", [0x01] = "GET_STATUS", [0x02] = "SET_CONFIG", [0x03] = "SET_MODE",
    [0x04] = "SET_FREQ", [0x08] = "CAL_DATA", [0x09] = "RSSI_DATA", [0x0A] = "SEND_CWID",
    [0x17] = "DMR_ALOHA", [0x18] = "DMR_DATA1", [0x19] = "DMR_LOST1", [0x1A] = "DMR_DATA2",
    [0x1B] = "DMR_LOST2", [0x1C] = "DMR_SHORTLC", [0x1D] = "DMR_START", [0x1E] = "DMR_ABORT",
    [0x50] = "POCSAG_DATA", [0x70] = "ACK", [0x7F] = "NAK", [0x80] = "SERIAL_DATA",
    [0x90] = "TRANSPARENT", [0x91] = "QSO_INFO", [0xF1] = "DEBUG1", [0xF2] = "DEBUG2",
    [0xF3] = "DEBUG3", [0xF4] = "DEBUG4", [0xF5] = "DEBUG5",
}

local m = {
    length = ProtoField.uint16("mmdvm.length", "Length"),
    type = ProtoField.uint8("mmdvm.type", "Type", base.HEX, TYPES),
    answers = ProtoField.uint8("mmdvm.answers", "Answers", base.HEX, TYPES),
    reason = ProtoField.uint8("mmdvm.reason", "Reason"),
    slot = ProtoField.uint8("mmdvm.slot", "Slot"),
    control = ProtoField.uint8("mmdvm.control", "Control", base.HEX),
    burst = ProtoField.bytes("mmdvm.burst", "Burst"),
    rssi = ProtoField.uint16("mmdvm.rssi", "RSSI"),
    data = ProtoField.bytes("mmdvm.data", "Data"),
    outside = ProtoField.bytes("mmdvm.outside", "Outside any frame"),
}
mmdvm.fields = {}
for _, field in pairs(m) do table.insert(mmdvm.fields, field) end

-- Length of header and whole frame at an offset; nil if none begins there.
local function frame_at(tvb, at)
    local left = tvb:len() - at
    if left < 3 or tvb:range(at, 1):uint() ~= 0xE0 then return nil end
    local length = tvb:range(at + 1, 1):uint()
    if length >= 3 then return 3, length end
    if length == 0 and left >= 4 then return 4, tvb:range(at + 2, 1):uint() + 255 end
    return nil
end

local function modem_frame(range, header, root, info)
    local length, kind = range:len(), range:range(header - 1, 1):uint()
    local name = TYPES[kind] or string.format("type %02X", kind)
    local tree = root:add(mmdvm, range, "MMDVM modem protocol, " .. name)
    tree:add(m.length, range:range(1, header - 2), length)
    tree:add(m.type, range:range(header - 1, 1))
    info:append(" " .. name)
    local rest = length - header
    if (kind == 0x18 or kind == 0x1A) and rest >= 34 then
        tree:add(m.slot, range:range(header - 1, 1), kind == 0x18 and 1 or 2)
        tree:add(m.control, range:range(header, 1))
        tree:add(m.burst, range:range(header + 1, 33))
        if rest >= 36 then tree:add(m.rssi, range:range(header + 34, 2)) end
    elseif (kind == 0x70 or kind == 0x7F) and rest >= 1 then
        tree:add(m.answers, range:range(header, 1))
        if rest >= 2 then tree:add(m.reason, range:range(header + 1, 1)) end
    elseif rest > 0 then
        tree:add(m.data, range:range(header, rest))
    end
end

function mmdvm.dissector(tvb, pinfo, root)
    local at, outside = 0, 0
    pinfo.cols.protocol = "MMDVM"
    pinfo.cols.info = ""
    local function pass_over()
        if at > outside then
            root:add(mmdvm, tvb:range(outside, at - outside), "MMDVM modem protocol, no frame")
                :add(m.outside, tvb:range(outside, at - outside))
            pinfo.cols.info:append(" (no frame)")
        end
    end
    while at < tvb:len() do
        local header, length = frame_at(tvb, at)
        if header and at + length <= tvb:len() then
            pass_over()
            modem_frame(tvb:range(at, length), header, root, pinfo.cols.info)
            at = at + length
            outside = at
        elseif header and pinfo.can_desegment > 0 and at == outside then
            pinfo.desegment_offset = at
            pinfo.desegment_len = at + length - tvb:len()
            return tvb:len()
        else
            at = at + 1
        end
    end
    pass_over()
    return tvb:len()
end

for _, name in ipairs({ "rtacser.data", "udp.port", "tcp.port" }) do
    local found, of = pcall(DissectorTable.get, name)
    if found and of then of:add_for_decode_as(mmdvm) end
end

-- A record of a serial capture: twelve octets of header, then what was on the line. Lines of
-- another protocol stay as they are.
local HEADER = 12
local found, builtin = pcall(Dissector.get, "rtacser")
if found and builtin and wtap.RTAC_SERIAL then
    local serial = Proto("mmdvm_serial", "Serial line of an MMDVM modem")
    function serial.dissector(tvb, pinfo, root)
        if tvb:len() <= HEADER or not frame_at(tvb, HEADER) then
            builtin:call(tvb, pinfo, root)
            return tvb:len()
        end
        builtin:call(tvb:range(0, HEADER):tvb(), pinfo, root)
        mmdvm.dissector(tvb:range(HEADER):tvb(), pinfo, root)
        return tvb:len()
    end
    DissectorTable.get("wtap_encap"):set(wtap.RTAC_SERIAL, serial)
end
