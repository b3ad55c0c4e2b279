"""Answers questions about bursts with ok-dmrlib: one question and one answer a line.

    burst HEX                    what the 33 octets are, every field
    block HEX confirmed|unconfirmed last|more
                                 the same of a data block whose header is known
    packet HEX CRC               whether the CRC-32 (as a number) fits the octets
"""
import sys

from bitarray.util import ba2int
from okdmr.dmrlib.etsi.crc.crc16 import CRC16
from okdmr.dmrlib.etsi.crc.crc32 import CRC32
from okdmr.dmrlib.etsi.crc.crc9 import CRC9
from okdmr.dmrlib.etsi.fec.reed_solomon_12_9_4 import ReedSolomon1294
from okdmr.dmrlib.etsi.layer2.burst import Burst
from okdmr.dmrlib.etsi.layer2.elements.burst_types import BurstTypes
from okdmr.dmrlib.etsi.layer2.elements.crc_masks import CrcMasks
from okdmr.dmrlib.etsi.layer2.elements.data_types import DataTypes
from okdmr.dmrlib.etsi.layer2.pdu.csbk import CSBK
from okdmr.dmrlib.etsi.layer2.pdu.data_header import DataHeader
from okdmr.dmrlib.etsi.layer2.pdu.full_link_control import FullLinkControl
from okdmr.dmrlib.etsi.layer2.pdu.rate12_data import Rate12DataTypes
from okdmr.dmrlib.etsi.layer2.pdu.rate1_data import Rate1DataTypes
from okdmr.dmrlib.etsi.layer2.pdu.rate34_data import Rate34DataTypes

BLOCKS = {
    DataTypes.Rate12Data: (Rate12DataTypes, CrcMasks.Rate12DataContinuation),
    DataTypes.Rate34Data: (Rate34DataTypes, CrcMasks.Rate34DataContinuation),
    DataTypes.Rate1Data: (Rate1DataTypes, CrcMasks.Rate1DataContinuation),
}
LC_MASKS = {
    DataTypes.VoiceLCHeader: b"\x96\x96\x96",
    DataTypes.TerminatorWithLC: b"\x99\x99\x99",
}


def read(octets):
    """A data burst, or a voice burst with embedded signalling."""
    burst = Burst.from_bytes(octets, BurstTypes.Undefined)
    if burst.is_data_or_control:
        burst = Burst.from_bytes(octets, BurstTypes.DataAndControl)
    return burst


def checks(burst):
    """What its printed form leaves out."""
    bits = burst.info_bits_deinterleaved
    pdu = burst.data
    if isinstance(pdu, CSBK):
        fits = CRC16.check(bits[:80].tobytes(), ba2int(bits[80:96]), CrcMasks.CSBK)
        yield f"CSBK CRC {fits}"
    if isinstance(pdu, DataHeader):
        fits = CRC16.check(bits[:80].tobytes(), ba2int(bits[80:96]), CrcMasks.DataHeader)
        yield f"HEADER CRC {fits}"
        if pdu.bit_padding:
            yield f"BIT PADDING {ba2int(pdu.bit_padding)}"
        if pdu.udt_format is not None:
            yield f"PAD NIBBLES {pdu.pad_nibbles_count}"
            yield f"UDT BLOCKS {pdu.appended_blocks}"
    if isinstance(pdu, FullLinkControl):
        mask = LC_MASKS[burst.data_type]
        yield f"RS {ReedSolomon1294.check(bits[:96].tobytes(), mask)}"


def said(burst):
    """Its words, without the burst's own octets."""
    words = repr(burst).replace("\n", " ").replace("\t", " ")
    again = burst.as_bytes() == BURST
    return words + "".join(f" [{word}]" for word in checks(burst)) + f" [ENCODES ALIKE {again}]"


for line in sys.stdin:
    kind, octets, *rest = line.split()
    octets = bytes.fromhex(octets)
    if kind == "packet":
        print(f"[{CRC32.check(octets, int(rest[0]))}]")
        continue
    BURST = octets
    burst = read(octets)
    if kind == "burst":
        print(said(burst))
        continue
    types, mask = BLOCKS[burst.data_type]
    confirmed, last = rest[0] == "confirmed", rest[1] == "last"
    name = ("Confirmed" if confirmed else "Unconfirmed") + ("LastBlock" if last else "")
    bits = burst.info_bits_deinterleaved
    block = type(burst.data).from_bits_typed(bits, types[name])
    words = f"[DATA {block.data.hex()}]"
    if confirmed:
        # Its own field has the nine bits in reverse, which no recorded block bears out; its
        # calculation is asked with them in the order of the air.
        fits = CRC9.check(block.data, block.dbsn, ba2int(bits[7:16]), mask, block.crc32)
        words += f" [DBSN {block.dbsn}] [CRC9 {fits}]"
    if last:
        words += f" [CRC32 {block.crc32}]"
    print(words)
