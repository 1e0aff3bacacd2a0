"""What an SRT caller asks for by its streamid: to publish to a channel, with a key.

As OBS and ffmpeg write it, `publish:CHANNEL:KEY`; or as SRT's guidelines for access control have it
(docs/features/access-control.md of libsrt), `#!::r=CHANNEL,m=publish,u=KEY`, the key as `u`, `s` or
`key`. The channel may name its slot: `CHANNEL/backup`.
"""

from dataclasses import dataclass
from enum import IntEnum

from streaming.errors import StreamingError

LIMIT = 512  # bytes: what SRT carries (SRTO_STREAMID)
PAIRS = 16  # of the access-control form
KEYS = ("u", "s", "key")


class Reject(IntEnum):
    """Why a caller is turned away, as it is told (access_control.h of libsrt)."""

    BAD_REQUEST = 1400  # not a streamid that we read
    OVERLOAD = 1402  # too much at once
    FORBIDDEN = 1403  # no: whatever is wrong with channel or key
    BAD_MODE = 1405  # not to publish
    CONFLICT = 1409  # the place is taken


class Rejected(StreamingError):
    """A caller that is turned away, with the code that it is told."""

    def __init__(self, code: Reject) -> None:
        super().__init__(code.name.lower().replace("_", " "))
        self.code = code


@dataclass(frozen=True)
class Wish:
    """What a caller wants. An empty `channel` or `slot` was not named: the key names both."""

    channel: str
    slot: str
    keys: tuple[str, ...]  # one of them is to be the stream key


def read(streamid: bytes) -> Wish:
    """Raises Rejected."""
    if len(streamid) > LIMIT:
        raise Rejected(Reject.BAD_REQUEST)
    try:
        text = streamid.decode().strip("\0 ")
    except UnicodeDecodeError as error:
        raise Rejected(Reject.BAD_REQUEST) from error
    if text.startswith("#!::"):
        return _read_pairs(text.removeprefix("#!::"))
    match text.split(":"):
        case ["publish", resource, key] if resource and key:
            return Wish(*_split(resource), (key,))
        case ["read" | "play" | "request", *_]:
            raise Rejected(Reject.BAD_MODE)
    raise Rejected(Reject.BAD_REQUEST)


def _read_pairs(text: str) -> Wish:
    pairs: dict[str, str] = {}
    for pair in text.split(",", PAIRS):
        name, equals, value = pair.partition("=")
        if not equals or name in pairs:
            raise Rejected(Reject.BAD_REQUEST)
        pairs[name] = value
    if len(pairs) > PAIRS:
        raise Rejected(Reject.BAD_REQUEST)
    if pairs.get("m", "request") != "publish" or pairs.get("t", "stream") != "stream":
        raise Rejected(Reject.BAD_MODE)
    keys = tuple(pairs[name] for name in KEYS if pairs.get(name))
    if not keys:
        raise Rejected(Reject.FORBIDDEN)
    return Wish(*_split(pairs.get("r", "")), keys)


def _split(resource: str) -> tuple[str, str]:
    channel, _, slot = resource.removeprefix("/").partition("/")
    return channel, slot
