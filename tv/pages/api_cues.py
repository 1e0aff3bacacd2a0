"""The API of cues: a person corrects what was heard, and sees what became of it.

- `GET /api/v1/cues/{id}` → cue.
- `PATCH /api/v1/cues/{id}` `{"text"?, "speaker"?, "hidden"?}` → cue: with other words, by somebody
  else ("" for nobody known), hidden from all but the crew, or shown again. What is left out stays.
  `If-Match` names the revision that was seen: 412 `changed-meanwhile` with `current` when other
  people changed it since, or it was heard anew. Words that only came behind those that were seen
  are no conflict: they stay, behind the person's own. 422 `text-empty`, `nothing-to-change`.
- `GET /api/v1/cues/{id}/history` → `{"items": [version]}`, the first first: `revision`, `at`,
  `how` ("heard", "edit", "rule"), `by`, `text`, `speaker`, `hidden`; at most 50.

Who may: tv/captioning/acts.py. Cues are as in `items.cue_item`, with `hidden`; the revision is the
ETag. 404 `unknown-cue`.
"""

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from captions.cues import Cue
from captions.wording.edited import Edited
from captions.wording.events import CueEdited
from tv import items
from tv.auth import Identity, identity
from tv.captioning.acts import CaptionActs, unknown_cue
from tv.follower import Follower
from tv.openapi import takes
from tv.problems import Problem, clean, read_json
from tv.writing import expected_versions, json

TEXT = 300  # characters
SPEAKER = 60
NOTHING = -1  # a revision that no cue has
DIGITS = 9  # of a revision, at most


class Correction(msgspec.Struct, frozen=True):
    """The body of a correction."""

    text: str | None = None
    speaker: str | None = None
    hidden: bool | None = None


def routes(follower: Follower, acts: CaptionActs) -> list[BaseRoute]:
    def find(request: Request) -> tuple[str, Edited, Identity]:
        """The channel, the cue, and who asks. Raises Problem."""
        who = identity(request)
        found = follower.captions.find(request.path_params["cue"])
        if found is None:
            acts.may(who, "")  # what is hidden from the audience is not told by its absence
            raise unknown_cue()
        channel, edited = found
        acts.may(who, channel, edited.shown.start)
        return channel, edited, who

    async def one(request: Request) -> Response:
        _, edited, _ = find(request)
        return _answer(edited.shown)

    @takes(Correction)
    async def correct(request: Request) -> Response:
        channel, edited, who = find(request)
        said = await read_json(request, Correction)
        if said == Correction():
            raise Problem(
                422,
                "nothing-to-change",
                "Rien à changer",
                "Donnez «\u00a0text\u00a0», «\u00a0speaker\u00a0» ou «\u00a0hidden\u00a0».",
            )
        act = CueEdited(
            **acts.act(request, who),
            channel=channel,
            cue=edited.shown.id,
            expects=_expected(request),
            text=None if said.text is None else clean(said.text, "Sous-titre", TEXT),
            speaker=None
            if said.speaker is None
            else clean(said.speaker, "Intervenant", SPEAKER, least=0),
            hidden=said.hidden,
        )
        corrected = await acts.write(act)
        assert isinstance(corrected, Cue)
        return _answer(corrected)

    async def history(request: Request) -> Response:
        _, edited, _ = find(request)
        return json({"items": [items.version_item(version) for version in edited.history]})

    return [
        Route("/api/v1/cues/{cue}/history", history, methods=["GET"]),
        Route("/api/v1/cues/{cue}", one, methods=["GET"]),
        Route("/api/v1/cues/{cue}", correct, methods=["PATCH"]),
    ]


def _answer(cue: Cue) -> Response:
    return json(items.hidden_cue_item(cue), etag=f'"{cue.revision}"')


def _expected(request: Request) -> int | None:
    """The revision that `If-Match` names; None when any will do."""
    versions = expected_versions(request)
    if not versions:
        return None
    (version, *_) = versions
    return int(version) if version.isdecimal() and len(version) <= DIGITS else NOTHING
