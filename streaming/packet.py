"""One encoded frame on the broadcast clock, shared by every reader."""

import msgspec


class Packet(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """An access unit of H.264, AAC or Opus, as the studio or the slate made it.

    - H.264: `data` is one access unit of NAL units, each behind a 4-byte length, without parameter
      sets; `config` is the AVCDecoderConfigurationRecord (ISO 14496-15, 5.2.4.1) that holds them.
    - AAC: `data` is one raw access unit of 1024 samples; `config` is the AudioSpecificConfig (ISO
      14496-3, 1.6.2.1).
    - Opus: `data` is one packet; `config` is empty.

    `dts` and `pts` are seconds on the broadcast clock. `key` says that decoding can start here. A
    new `config` is a discontinuity: readers need no other mark. Muxing rescales an `av.Packet` in
    place, so readers share this frozen value and make their own.
    """

    data: bytes
    dts: float
    pts: float
    key: bool
    config: bytes = b""
