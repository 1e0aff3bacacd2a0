"""Being forgotten: what somebody wrote and their pseudonym go, and what they counted for stays.

- `DELETE /api/v1/participants/me` → 204, and the cookie is taken back. Pages show it at once; the
  journal has nothing of them any more soon after (decisions/0034).
- `DELETE /api/v1/participants/{id}` → the same for somebody who asked for it: admin.

Whoever goes on with the same token is a new participant under the old id.
"""

import re

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from engagement.happening import ParticipantErased
from tv.auth import PARTICIPANT_COOKIE, Identity, Role, identity
from tv.compaction import STAND_IN
from tv.problems import Problem
from tv.writing import Writer

GONE = {"cache-control": "no-store"}
PARTICIPANT = re.compile(r"p_[0-9a-f]{16}")


def routes(writer: Writer) -> list[BaseRoute]:
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
        await forget(request, writer, who.participant, who)
        answer = Response(status_code=204, headers=GONE)
        answer.delete_cookie(PARTICIPANT_COOKIE)
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


async def forget(request: Request, writer: Writer, participant: str, who: Identity) -> None:
    """Have a participant forgotten, at the request of `who`. Raises Problem, StoreUnavailable."""
    act = writer.act(request, who.by)
    stand_in = STAND_IN + act["id"][:16]  # the same for all tries of a request
    await writer.write(ParticipantErased(**act, participant=participant, stand_in=stand_in), who)
