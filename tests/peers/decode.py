"""Decodes the bursts on standard input, one in hexadecimal a line, with ok-dmrlib."""
import sys

from okdmr.dmrlib.etsi.layer2.burst import Burst
from okdmr.dmrlib.etsi.layer2.elements.burst_types import BurstTypes

for line in sys.stdin:
    burst = Burst.from_bytes(bytes.fromhex(line.strip()), BurstTypes.DataAndControl)
    print(" ".join(repr(burst).split()))
