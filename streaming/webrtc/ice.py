"""The ICE session of a studio or a viewer as HTTP changes it: candidates later, and restarts.

WHIP (RFC 9725, 4.3) and WHEP (draft-ietf-wish-whep-04, 4.5) have the same rules.
"""

import secrets
import time
from collections.abc import Sequence
from typing import Protocol

from aiortc.rtcicetransport import RTCIceCandidate

from streaming.webrtc import fragment
from streaming.webrtc.sdp import CANDIDATE_LIMIT, Refusal

# Requests that one session may make: a browser sends a few when it begins, and one for each network
# that it comes to.
CHANGES = 30  # at once
CHANGE_EVERY = 1.0  # seconds for each one more


class NoTag(Refusal):
    code = "if-match-required"
    status = 428


class OtherTag(Refusal):
    code = "if-match-failed"
    status = 412


class TooManyChanges(Refusal):
    code = "too-many-changes"
    status = 429
    retry_after = CHANGE_EVERY


class Changing(Protocol):
    """A connection."""

    async def add_candidates(self, candidates: Sequence[RTCIceCandidate]) -> None: ...

    def restart(self, name: str, password: str) -> tuple[str, str, list[str]]: ...


class IceSession:
    """`described` is our own SDP, `remote_name` the other side's ICE user name.

    `etag` names the session: a restart makes another one of it.
    """

    def __init__(self, connection: Changing, remote_name: str, described: str) -> None:
        self.etag = _new_tag()
        self._connection = connection
        self._remote_name = remote_name
        self._described = described
        self._candidates = 0  # that were added later
        self._whole_at = 0.0  # when all of CHANGES may be made again

    async def change(self, tag: str, text: str) -> tuple[str, str] | None:
        """Take an SDP fragment of the other side, `tag` being its If-Match.

        Return our own side and its entity tag when that begins a new ICE session, else None.
        Raises Refusal, and then everything is as it was.
        """
        if not tag:
            raise NoTag("L’en-tête « If-Match » est nécessaire, avec l’ETag de la session.")
        self._count(time.monotonic())
        said = fragment.read(text)
        if tag != "*" and self.etag not in [each.strip() for each in tag.split(",")]:
            raise OtherTag("La session ICE a changé depuis\u00a0: « If-Match » ne correspond plus.")
        renewed = None
        if said.name and said.name != self._remote_name:
            self.etag, self._remote_name, self._candidates = _new_tag(), said.name, 0
            ours = self._connection.restart(said.name, said.password)
            renewed = fragment.write(self._described, *ours), self.etag
        room = CANDIDATE_LIMIT - self._candidates
        self._candidates += len(said.candidates[:room])
        await self._connection.add_candidates(said.candidates[:room])
        return renewed

    def _count(self, now: float) -> None:
        """Raises TooManyChanges (by the generic cell rate algorithm, ITU-T I.371, annex A)."""
        whole_at = max(now, self._whole_at)
        if whole_at - now > (CHANGES - 1) * CHANGE_EVERY:
            raise TooManyChanges("Trop de modifications de cette session. Attendez une seconde.")
        self._whole_at = whole_at + CHANGE_EVERY


def _new_tag() -> str:
    """A strong entity tag (RFC 9110, 8.8.3)."""
    return f'"{secrets.token_urlsafe(12)}"'
