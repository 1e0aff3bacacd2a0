"""All studios that publish by WHIP, and the requests of theirs that web processes pass on."""

import asyncio
import logging
import secrets
from collections.abc import Callable
from dataclasses import dataclass

from streaming.errors import PublishRefused, StreamingError
from streaming.ingest import Source
from streaming.ingest.whip import offer
from streaming.ingest.whip.studio import PATIENCE, Patience, Studio
from streaming.link import Answered, Done, Link, Refused, WhipHangup, WhipOffer, WhipPatch
from streaming.webrtc.ice import IceSession
from streaming.webrtc.mux import Mux
from streaming.webrtc.sdp import Refusal

logger = logging.getLogger(__name__)

Take = Callable[[str, str, str], Source]

SESSION_LIMIT = 64  # connections that are there or still closing


class UnknownSession(Refusal):
    code = "unknown-session"
    status = 404


class TooManyStudios(Refusal):
    code = "too-many-studios"
    status = 503
    retry_after = 1.0


@dataclass
class _Session:
    studio: Studio
    place: tuple[str, str]  # channel and slot
    ice: IceSession | None = None  # once it is answered


class Studios:
    """`take(channel, slot, kind)` gives a studio its place, or raises PublishRefused."""

    def __init__(self, mux: Mux, take: Take, patience: Patience = PATIENCE) -> None:
        self._mux = mux
        self._take = take
        self._patience = patience
        self._sessions: dict[str, _Session] = {}
        self._closing: set[asyncio.Task[None]] = set()

    async def serve(self, link: Link, request: WhipOffer | WhipPatch | WhipHangup) -> None:
        """Answer a request over the link."""
        reply: Answered | Done | Refused
        number, place = request.request, (request.channel, request.slot)
        try:
            match request:
                case WhipOffer(sdp=sdp):
                    reply = Answered(number, *await self.publish(place, sdp))
                case WhipPatch(session=session, tag=tag, sdp=sdp):
                    changed = await self.change(session, place, tag, sdp)
                    reply = Answered(number, session, *changed) if changed else Done(number)
                case WhipHangup(session=session):
                    await self.hang_up(session, place)
                    reply = Done(number)
        except Refusal as error:
            reply = Refused(number, error.status, error.code, str(error), error.retry_after)
        except PublishRefused as error:
            reply = Refused(number, 409, "publish-refused", str(error))
        link.send(reply)

    async def publish(self, place: tuple[str, str], sdp: str) -> tuple[str, str, str]:
        """Take on a studio: return the session's name, the SDP answer and the entity tag.

        Raises Refusal for the offer, and PublishRefused when another studio is there.
        """
        read = offer.read_offer(sdp)
        if len(self._sessions) + len(self._closing) >= SESSION_LIMIT:
            raise TooManyStudios("Trop de connexions à la fois. Réessayez dans une seconde.")
        name = secrets.token_urlsafe(24)
        source = self._take(*place, "whip")
        studio = Studio(self._mux, source, lambda _, why: self._drop(name, why), self._patience)
        self._sessions[name] = session = _Session(studio, place)
        try:
            answer = await studio.answer(read)
        except (StreamingError, asyncio.CancelledError):
            studio.end("it could not be answered")
            raise
        except Exception as error:
            # What read_offer let through and aiortc cannot use, it tells by any error.
            studio.end("it could not be answered")
            logger.info("whip: an offer is refused", exc_info=True)
            raise Refusal(
                "Cet encodeur demande une connexion que nous ne savons pas faire."
            ) from error
        session.ice = IceSession(studio, read.remote_name, answer)
        return name, answer, session.ice.etag

    async def change(
        self, name: str, place: tuple[str, str], tag: str, text: str
    ) -> tuple[str, str] | None:
        """Take a studio's SDP fragment (RFC 9725, 4.3), `tag` being its If-Match.

        Return our own side and its entity tag when that begins a new ICE session, else None.
        Raises Refusal.
        """
        ice = self._find(name, place).ice
        if ice is None:
            raise UnknownSession("Cette session n’existe pas encore.")
        changed = await ice.change(tag, text)
        if changed:
            logger.info("whip: %s begins a new ICE session", "/".join(place))
        return changed

    async def hang_up(self, name: str, place: tuple[str, str]) -> None:
        """End a session. Raises UnknownSession."""
        self._find(name, place).studio.end("the studio stopped")

    async def close(self) -> None:
        """Part from all studios."""
        for session in tuple(self._sessions.values()):
            session.studio.end("the server closes")
        await asyncio.gather(*self._closing, return_exceptions=True)

    def _find(self, name: str, place: tuple[str, str]) -> _Session:
        session = self._sessions.get(name)
        if session is None or session.place != place:
            raise UnknownSession("Cette session n’existe plus.")
        return session

    def _drop(self, name: str, why: str) -> None:
        session = self._sessions.pop(name, None)
        if session is None:
            return
        logger.info("whip: %s has stopped publishing: %s", "/".join(session.place), why)
        task = asyncio.ensure_future(session.studio.close())
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)
