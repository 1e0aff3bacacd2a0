"""Being forgotten: what somebody wrote and their pseudonym go, and what they counted for stays.

- `DELETE /api/v1/participants/me` → 204, and the cookie is taken back. Pages show it at once; the
  journal has nothing of them any more soon after (decisions/0034).
- `DELETE /api/v1/participants/{id}` → the same for somebody who asked for it: admin.

One person keeps one ballot. Ballots, dots, supports and ratings of who was erased count as they
stand, without words and under a name that says nothing. Their token ends: 401 `pass-expired`, and
the page joins again as somebody else. The journal keeps a digest of the old id for that, which
leads nowhere: ids are random. A voting code that was used stays so.

A browser that had a ballot in an open poll keeps the time of the erasure, and nothing else, in a
cookie for a day. It does not vote again in polls that were open then: 409 `ballot-erased`. Another
browser is a new device, as anyone's is (`engagement/bursts.py`). Polls that bind ask for codes.

The erasure of a token that never did anything writes nothing.
"""

import re
from math import ceil

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from engagement.audience import Audience
from engagement.happening import ParticipantErased, digest_of
from tv.auth import Identity, Role, identity
from tv.compaction import STAND_IN
from tv.cookies import ERASED_COOKIE, ERASED_LIFETIME, PARTICIPANT_COOKIE, drop_cookie, set_cookie
from tv.problems import Problem
from tv.writing import Writer

GONE = {"cache-control": "no-store"}
PARTICIPANT = re.compile(r"p_[0-9a-f]{16}")


def routes(writer: Writer, audience: Audience) -> list[BaseRoute]:
    async def forget_me(request: Request) -> Response:
        """Forget whoever asks."""
        who = identity(request)
        if not who.participant:
            raise Problem(
                401,
                "participant-required",
                "Participation non ouverte",
                "Personne à oublier\u00a0: vous n’avez pas rejoint l’événement.",
            )
        answer = Response(status_code=204, headers=GONE)
        await forget_who_asks(request, answer, writer, audience)
        return answer

    async def forget_one(request: Request) -> Response:
        """Forget somebody who asked the organisers for it."""
        who = identity(request)
        who.must_be(Role.ADMIN)
        participant = request.path_params["participant"]
        if not PARTICIPANT.fullmatch(participant):
            raise Problem(
                404,
                "unknown-participant",
                "Introuvable",
                "Un identifiant de participant s’écrit «\u00a0p_\u00a0» et seize chiffres ou "
                "lettres de a à f.",
            )
        await forget(request, writer, participant, who)
        return Response(status_code=204, headers=GONE)

    return [
        Route("/api/v1/participants/me", forget_me, methods=["DELETE"]),
        Route("/api/v1/participants/{participant}", forget_one, methods=["DELETE"]),
    ]


async def forget_who_asks(
    request: Request, answer: Response, writer: Writer, audience: Audience
) -> None:
    """Have the participant who asks forgotten; `answer` tells their browser.

    Raises Problem, StoreUnavailable.
    """
    who = identity(request)
    participant = who.must_have_joined()
    voted = await writer.has_acted(participant) and audience.polls.counts_in_open(participant)
    erased_at = await forget(request, writer, participant, who)
    drop_cookie(answer, PARTICIPANT_COOKIE)
    if voted:
        set_cookie(request, answer, ERASED_COOKIE, str(ceil(erased_at * 1000)), ERASED_LIFETIME)


async def forget(request: Request, writer: Writer, participant: str, who: Identity) -> float:
    """Have a participant forgotten, at the request of `who`; return when (broadcast time).

    Raises Problem, StoreUnavailable.
    """
    act = writer.act(request, who.by)
    if await writer.has_acted(participant):
        stand_in = STAND_IN + act["id"][:16]  # the same for all tries of a request
        digest = digest_of(participant)
        event = ParticipantErased(**act, participant=participant, stand_in=stand_in, digest=digest)
        await writer.write(event, who)
    else:
        await writer.count(who)
    return float(act["at"])
