"""What web processes ask of media for studios and viewers by WebRTC, and what it answers."""

from streaming.link.message import Message

EVENTS = ("active", "inactive", "viewercount", "layers")  # that viewers may ask for


def replaces(event: str) -> str:
    """What an event is news of: only the newest of it waits for a viewer that does not read."""
    return "publication" if event in ("active", "inactive") else event


# From media.


class Answered(Message, frozen=True):
    """The answer to an `Offer` or a `WhipOffer`: `session` names the viewer or the studio.

    To a `WhipPatch` or a `WhepPatch`, the fragment of a new ICE session; to a `WhepAnswer`, nothing
    but the tag; to a `WhepEvents`, `session` names the event stream. `tag` names the ICE session: a
    strong entity tag. A viewer's offer may be answered by an offer of ours instead, which may be
    answered until `valid_until`, in UTC seconds; 0: this is no offer.
    """

    request: int
    session: str
    sdp: str
    tag: str = ""
    valid_until: float = 0.0


class WhepEvent(Message, frozen=True):
    """What happened, for one of the event streams that this web process listens to."""

    stream: str
    event: str
    data: str  # JSON


class WhepEventsOver(Message, frozen=True):
    """An event stream that this web process listens to is over, or another has taken it over."""

    stream: str


# To media.


class Offer(Message, frozen=True):
    """A WHEP viewer's SDP offer. `feed` is "delayed", or nothing for the live one.

    `who` is where it comes from, to count by: an address.
    """

    request: int
    channel: str
    sdp: str
    feed: str = ""
    who: str = ""


class WhepAnswer(Message, frozen=True):
    """A WHEP viewer's answer to an offer of ours."""

    request: int
    channel: str
    session: str
    sdp: str


class WhepPatch(Message, frozen=True):
    """A viewer's SDP fragment; `tag` is its If-Match. `Done` when it only adds candidates."""

    request: int
    channel: str
    session: str
    tag: str
    sdp: str


class Hangup(Message, frozen=True):
    """A WHEP viewer leaves."""

    request: int
    channel: str
    session: str


class WhepEvents(Message, frozen=True):
    """A viewer wants an event stream, of these events."""

    request: int
    channel: str
    session: str
    events: list[str]


class WhepListen(Message, frozen=True):
    """A viewer reads its event stream, through this web process: `WhepEvent`s follow `Done`."""

    request: int
    channel: str
    session: str
    stream: str


class WhepUnlisten(Message, frozen=True):
    """It reads no more, for now."""

    stream: str


class WhepEventsEnd(Message, frozen=True):
    """A viewer wants no events any more."""

    request: int
    channel: str
    session: str
    stream: str


class WhipOffer(Message, frozen=True):
    """A WHIP studio's SDP offer, whose key has been checked."""

    request: int
    channel: str
    slot: str
    sdp: str


class WhipPatch(Message, frozen=True):
    """A studio's SDP fragment; `tag` is its If-Match. `Done` when it only adds candidates."""

    request: int
    channel: str
    slot: str
    session: str
    tag: str
    sdp: str


class WhipHangup(Message, frozen=True):
    """A WHIP studio leaves."""

    request: int
    channel: str
    slot: str
    session: str
