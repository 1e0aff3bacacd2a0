"""All studios that publish by WHIP, and the requests of theirs that web processes pass on."""

import asyncio
import logging
import secrets
from collections.abc import Callable
from dataclasses import dataclass

from streaming.errors import PublishRefused, StreamingError
from streaming.ingest import Source
from streaming.ingest.whip import fragment, offer
from streaming.ingest.whip.studio import PATIENCE, Patience, Studio
from streaming.link import Answered, Done, Link, Refused, WhipHangup, WhipOffer, WhipPatch
from streaming.webrtc.mux import Mux
from streaming.webrtc.sdp import CANDIDATE_LIMIT, Refusal

logger = logging.getLogger(__name__)

Take = Callable[[str, str, str], Source]

SESSION_LIMIT = 64  # connections that are there or still closing


class UnknownSession(Refusal):
    code = "unknown-session"
    status = 404


class TooManyStudios(Refusal):
    code = "too-many-studios"
    status = 503


class NoTag(Refusal):
    code = "if-match-required"
    status = 428


class OtherTag(Refusal):
    code = "if-match-failed"
    status = 412


@dataclass
class _Session:
    studio: Studio
    place: tuple[str, str]  # channel and slot
    candidates: int = 0  # that were added later


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
            reply = Refused(number, error.status, error.code, str(error))
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
        self._sessions[name] = _Session(studio, place)
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
        return name, answer, studio.etag

    async def change(
        self, name: str, place: tuple[str, str], tag: str, text: str
    ) -> tuple[str, str] | None:
        """Take a studio's SDP fragment (RFC 9725, 4.3), `tag` being its If-Match.

        Return our own side and its entity tag when that begins a new ICE session, else None.
        Raises Refusal.
        """
        session = self._find(name, place)
        studio = session.studio
        if not tag:
            raise NoTag("L’en-tête « If-Match » est nécessaire, avec l’ETag de la session.")
        said = fragment.read(text)
        if tag != "*" and studio.etag not in [each.strip() for each in tag.split(",")]:
            raise OtherTag("La session ICE a changé depuis\u202f: « If-Match » ne correspond plus.")
        if said.name and said.name != studio.remote_name:
            logger.info("whip: %s begins a new ICE session", "/".join(place))
            session.candidates = 0
            ours = studio.renew(said.name, said.password)
            await self._add(session, said)
            return fragment.write(studio.answered, *ours), studio.etag
        await self._add(session, said)
        return None

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

    async def _add(self, session: _Session, said: fragment.Fragment) -> None:
        room = CANDIDATE_LIMIT - session.candidates
        session.candidates += len(said.candidates[:room])
        await session.studio.add_candidates(said.candidates[:room])

    def _drop(self, name: str, why: str) -> None:
        session = self._sessions.pop(name, None)
        if session is None:
            return
        logger.info("whip: %s has stopped publishing: %s", "/".join(session.place), why)
        task = asyncio.ensure_future(session.studio.close())
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)
