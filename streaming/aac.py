"""AAC's AudioSpecificConfig (ISO 14496-3, 1.6.2.1): what a decoder must know before the sound."""

from typing import NamedTuple

from streaming.errors import UnsupportedMedia

FRAME = 1024  # samples in one access unit of AAC-LC
LOW_COMPLEXITY, SBR, PS = 2, 5, 29  # audio object types, table 1.17

_RATES = (96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350)
_CHANNELS = (0, 1, 2, 3, 4, 5, 6, 8)  # by channelConfiguration; 0 is told elsewhere


class AacInfo(NamedTuple):
    """What an AudioSpecificConfig says. `sample_rate` is the core's; SBR may double it."""

    object_type: int
    sample_rate: int
    channels: int


def parse_config(config: bytes) -> AacInfo:
    """Read an AudioSpecificConfig. Raises UnsupportedMedia."""
    if len(config) < 2:
        raise UnsupportedMedia("an AAC configuration cut short")
    value = int.from_bytes(config[:8].ljust(8, b"\0"), "big")
    left = 64

    def take(count: int) -> int:
        nonlocal left
        left -= count
        return (value >> left) & ((1 << count) - 1)

    object_type = take(5)
    if object_type == 31:
        object_type = 32 + take(6)
    index = take(4)
    if index == 15:
        rate = take(24)
    elif index < len(_RATES):
        rate = _RATES[index]
    else:
        raise UnsupportedMedia("an AAC configuration with a reserved sample rate")
    layout = take(4)
    if layout >= len(_CHANNELS):
        raise UnsupportedMedia("an AAC configuration with a reserved channel layout")
    if left < 64 - 8 * len(config):
        raise UnsupportedMedia("an AAC configuration cut short")
    if not 7350 <= rate <= 96000:
        raise UnsupportedMedia(f"an AAC sample rate of {rate} Hz")
    return AacInfo(object_type, rate, _CHANNELS[layout])


def make_config(sample_rate: int, channels: int, object_type: int = LOW_COMPLEXITY) -> bytes:
    """Build an AudioSpecificConfig of a usual rate and layout (two bytes)."""
    if sample_rate not in _RATES or channels not in _CHANNELS[1:]:
        raise UnsupportedMedia(f"AAC of {sample_rate} Hz with {channels} channels")
    index, layout = _RATES.index(sample_rate), _CHANNELS.index(channels)
    return (object_type << 11 | index << 7 | layout << 3).to_bytes(2, "big")


def codec_string(config: bytes) -> str:
    """The RFC 6381 name, such as `mp4a.40.2`, of a configuration."""
    return f"mp4a.40.{parse_config(config).object_type}"
