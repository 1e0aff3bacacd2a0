"""All who watch by WebRTC, and the requests of theirs that web processes pass on."""

import logging
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

from streaming.errors import StreamingError
from streaming.link import (
    Answered,
    ChannelState,
    Done,
    Hangup,
    Link,
    Offer,
    Refused,
    WhepAnswer,
    WhepEvent,
    WhepEvents,
    WhepEventsEnd,
    WhepEventsOver,
    WhepListen,
    WhepPatch,
)
from streaming.webrtc.events import EventStreams
from streaming.webrtc.ice import IceSession
from streaming.webrtc.offer import Refusal, Unanswerable, read_answer, read_offer
from streaming.webrtc.relay import Relay
from streaming.webrtc.viewer import Viewer

logger = logging.getLogger(__name__)

OFFERS = 64  # answered at a time; more are told to come back
PROPOSALS = 32  # offers of ours that wait for an answer; they cost a place
PROPOSED = 15.0  # seconds that one waits

# ask(channel, who, how many each channel has, how many of theirs have no picture yet) raises
# Refusal.
Admit = Callable[[str, str, Mapping[str, int], int], None]
Request = Offer | WhepAnswer | WhepPatch | Hangup | WhepEvents | WhepListen | WhepEventsEnd


class UnknownSession(Refusal):
    code = "unknown-session"
    status = 404


class UnknownFeed(Refusal):
    code = "unknown-feed"
    status = 404


class Busy(Refusal):
    code = "busy"
    status = 503
    retry_after = 1.0


class NothingProposed(Refusal):
    code = "no-offer-pending"
    status = 409


class NotAnswered(Refusal):
    code = "answer-expected"
    status = 409


@dataclass(eq=False)
class _Session:
    channel: str
    who: str = ""
    relay: Relay | None = None
    viewer: Viewer | None = None
    ice: IceSession | None = None  # None: our offer waits for an answer
    picture: int | None = None  # which section of the SDP has it
    over: bool = False

    @property
    def joining(self) -> bool:
        """True if the session holds a place, and nothing is sent over it yet."""
        return not self.over and not (self.viewer and self.viewer.outputs)


class Audience:
    """The sessions of all channels and feeds.

    `relay_of(channel, feed)` is who sends a feed, None when there is no such; `admit` lets viewers
    in, or raises Refusal. `refused` counts who was sent away, by reason.
    """

    def __init__(self, relay_of: Callable[[str, str], Relay | None], admit: Admit) -> None:
        self.refused: Counter[str] = Counter()
        self.events = EventStreams()
        self._relay_of = relay_of
        self._admit = admit
        self._sessions: dict[str, _Session] = {}
        self._there: Counter[str] = Counter()  # viewers of each channel, those who join included
        self._joining: set[_Session] = set()
        self._offers = 0
        self._ends: dict[Link, dict[str, Callable[[], None]]] = {}  # who listens to which stream

    async def serve(self, link: Link, request: Request) -> None:
        """Answer a request over the link."""
        number = request.request
        reply: Answered | Done | Refused = Done(number)
        try:
            match request:
                case Offer():
                    reply = await self.join(request)
                case WhepAnswer(channel=channel, session=session, sdp=sdp):
                    reply = Answered(number, session, "", await self.agree(channel, session, sdp))
                case WhepPatch(channel=channel, session=session, tag=tag, sdp=sdp):
                    if changed := await self.change(channel, session, tag, sdp):
                        reply = Answered(number, session, *changed)
                case Hangup(channel=channel, session=session):
                    await self.leave(channel, session)
                case WhepEvents(channel=channel, session=session, events=events):
                    picture = self._find(channel, session).picture
                    name = self.events.make(channel, session, picture, events)
                    reply = Answered(number, name, "")
                case WhepListen(channel=channel, session=session, stream=stream):
                    self._find(channel, session)
                    self._listen(link, session, stream)
                case WhepEventsEnd(channel=channel, session=session, stream=stream):
                    self._find(channel, session)
                    self.events.drop(session, stream)
        except Refusal as error:
            reply = Refused(number, error.status, error.code, str(error), error.retry_after)
        except StreamingError as error:  # of this machine: a port is taken, say
            logger.warning("webrtc: a viewer cannot be served: %s", error)
            detail = "La diffusion par WebRTC est indisponible sur cette machine."
            reply = Refused(number, 503, "webrtc-unavailable", detail, 2.0)
        link.send(reply)

    async def join(self, ask: Offer) -> Answered:
        """Take on a viewer, by its offer or by ours. Raises Refusal, and counts it."""
        try:
            return await self._join(ask)
        except Refusal as error:
            self.refused[error.code] += 1
            raise

    async def agree(self, channel: str, name: str, sdp: str) -> str:
        """Take a viewer's answer to our offer; return the entity tag. Raises Refusal."""
        session = self._find(channel, name)
        if session.ice is not None or session.viewer is None or session.relay is None:
            raise NothingProposed("Cette session n’attend pas de réponse SDP.")
        answer = read_answer(sdp)
        viewer = session.viewer
        session.ice = ice = IceSession(viewer.peer, answer.remote_name, viewer.described)
        session.picture = 0
        await session.relay.accept(viewer, answer)
        return ice.etag

    async def change(self, channel: str, name: str, tag: str, text: str) -> tuple[str, str] | None:
        """Take a viewer's SDP fragment: see `IceSession.change`. Raises Refusal."""
        ice = self._find(channel, name).ice
        if ice is None:
            raise NotAnswered("Cette session attend d’abord la réponse SDP à notre offre.")
        changed = await ice.change(tag, text)
        if changed:
            logger.info("webrtc: a viewer of %s begins a new ICE session", channel)
        return changed

    async def leave(self, channel: str, name: str) -> None:
        """End a session. Raises UnknownSession."""
        session = self._find(channel, name)
        if session.relay is None or not await session.relay.hangup(name):
            raise UnknownSession("Cette session n’existe plus.")

    def note(self, state: ChannelState) -> None:
        """Tell viewers what is new of a channel."""
        self.events.note(state, time.monotonic())

    def unlisten(self, link: Link, stream: str) -> None:
        """A viewer reads no more through `link`."""
        if end := self._ends.get(link, {}).pop(stream, None):
            self.events.unlisten(stream, end)

    def forget(self, link: Link) -> None:
        """A web process is gone: what its viewers read waits for them."""
        for stream, end in self._ends.pop(link, {}).items():
            self.events.unlisten(stream, end)

    async def _join(self, ask: Offer) -> Answered:
        self._joining = {each for each in self._joining if each.joining}
        theirs = sum(each.who == ask.who for each in self._joining)
        self._admit(ask.channel, ask.who, self._there, theirs)
        if self._offers >= OFFERS:
            raise Busy("Trop de demandes à la fois. Réessayez dans une seconde.")
        session = _Session(ask.channel, ask.who)
        self._joining.add(session)
        self._offers += 1
        self._there[ask.channel] += 1
        try:
            return await self._answer(session, ask)
        except BaseException:
            self._end(session)
            raise
        finally:
            self._offers -= 1

    async def _answer(self, session: _Session, ask: Offer) -> Answered:
        try:
            offer = read_offer(ask.sdp)
        except Unanswerable as error:
            return await self._propose(session, ask, error)
        session.relay = self._relay(ask)
        viewer = await session.relay.admit(offer, partial(self._end, session))
        session.ice = IceSession(viewer.peer, offer.remote_name, viewer.described)
        session.picture = offer.places.get("video")
        self._know(session, viewer)
        return Answered(ask.request, viewer.session, viewer.described, session.ice.etag)

    async def _propose(self, session: _Session, ask: Offer, why: Unanswerable) -> Answered:
        """Answer with an offer of ours, unless too many wait for an answer already."""
        if sum(each.ice is None for each in self._sessions.values()) >= PROPOSALS:
            raise why
        session.relay = self._relay(ask)
        viewer = await session.relay.propose(PROPOSED, partial(self._end, session))
        self._know(session, viewer)
        until = time.time() + PROPOSED
        return Answered(ask.request, viewer.session, viewer.described, valid_until=until)

    def _relay(self, ask: Offer) -> Relay:
        relay = self._relay_of(ask.channel, ask.feed)
        if relay is None:
            raise UnknownFeed(f"Ce canal n’a pas de flux «\u00a0{ask.feed[:40]}\u00a0».")
        return relay

    def _know(self, session: _Session, viewer: Viewer) -> None:
        """Have a session found by its viewer's name, if it is not over already."""
        session.viewer = viewer
        if not session.over:
            self._sessions[viewer.session] = session

    def _listen(self, link: Link, session: str, stream: str) -> None:
        def tell(event: str, data: str) -> None:
            link.send(WhepEvent(stream, event, data))

        def end() -> None:
            self._ends.get(link, {}).pop(stream, None)
            link.send(WhepEventsOver(stream))

        self.unlisten(link, stream)  # it reads anew: nothing is over for that
        self.events.listen(session, stream, tell, end)
        self._ends.setdefault(link, {})[stream] = end

    def _find(self, channel: str, name: str) -> _Session:
        session = self._sessions.get(name)
        if session is None or session.channel != channel:
            raise UnknownSession("Cette session n’existe plus.")
        return session

    def _end(self, session: _Session) -> None:
        """A viewer is gone, or never came to be one; said more than once."""
        if session.over:
            return
        session.over = True
        self._there[session.channel] -= 1
        if session.viewer is not None:
            self._sessions.pop(session.viewer.session, None)
            self.events.end_session(session.viewer.session)
