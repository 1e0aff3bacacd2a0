"""The API of questions: asked and supported by the audience, moderated and answered by the crew.

- `GET /api/v1/talks/{id}/questions?state=a,b&sort=recent|support|talk` → `{"items": [question]}`:
  public ones and one's own; all of them for the crew. 422 `unknown-filter`.
- `POST /api/v1/talks/{id}/questions` `{"body", "anchor": {"media_time", "cues", "quote"}}` → 201
  question, pending (participants). 422 `text-too-long` and the like; 409 `talk-closed`; 429
  `too-many`: 8 at once, then one every 10 s, and 10 that wait for a moderator.
- `GET /api/v1/questions/{id}` → question.
- `PUT|DELETE /api/v1/questions/{id}/support` → question (participants; approved or live ones).
- `POST /api/v1/questions/{id}:withdraw` → question (its author, while pending or approved).
- `:approve|restore`, `:reject` `{"reason"}`, `:merge` `{"into": id}` → question (moderator,
  operator, admin); `:take` (presenter, operator, admin); `:release|answer` (any of these).

Questions are as in `items.question_item`, with `mine` and `supported`; writes as in tv/writing.py.
404 `unknown-question` also for what whoever asks may not see.
"""

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from engagement.questions import (
    Anchor,
    Question,
    QuestionAnswered,
    QuestionApproved,
    QuestionAsked,
    QuestionMerged,
    QuestionRejected,
    QuestionReleased,
    QuestionRestored,
    QuestionTaken,
    QuestionWithdrawn,
    SupportGiven,
    SupportTakenBack,
)
from tv import items
from tv.auth import Identity, Role, identity
from tv.follower import Follower
from tv.problems import Problem, clean, read_json
from tv.writing import Writer, absent, json

BODY = 500  # characters
QUOTE = 300
REASON = 200
CUES = 20  # that one question may quote

MODERATORS = (Role.MODERATOR, Role.OPERATOR, Role.ADMIN)
ON_AIR = (Role.PRESENTER, Role.OPERATOR, Role.ADMIN)

Act = QuestionApproved | QuestionRestored | QuestionTaken | QuestionReleased | QuestionAnswered

# What the crew does to a question, and who may.
ACTS: dict[str, tuple[type[Act], tuple[Role, ...]]] = {
    "approve": (QuestionApproved, MODERATORS),
    "restore": (QuestionRestored, MODERATORS),
    "take": (QuestionTaken, ON_AIR),
    "release": (QuestionReleased, (*ON_AIR, Role.MODERATOR)),
    "answer": (QuestionAnswered, (*ON_AIR, Role.MODERATOR)),
}

STATES = frozenset(("pending", "approved", "live", "answered", "rejected", "merged", "withdrawn"))
SORTS = ("recent", "support", "talk")


class Asked(msgspec.Struct, frozen=True):
    """The body of a new question."""

    body: str
    anchor: Anchor | None = None


class Rejection(msgspec.Struct, frozen=True):
    """The body of `:reject`: a reason that the author sees."""

    reason: str = ""


class Merge(msgspec.Struct, frozen=True):
    """The body of `:merge`: the question that says the same."""

    into: str


def routes(follower: Follower, writer: Writer) -> list[BaseRoute]:
    desk = Desk(follower, writer)
    return [
        Route("/api/v1/talks/{talk}/questions", desk.of_talk, methods=["GET"]),
        Route("/api/v1/talks/{talk}/questions", desk.ask, methods=["POST"]),
        Route("/api/v1/questions/{question}:reject", desk.reject, methods=["POST"]),
        Route("/api/v1/questions/{question}:merge", desk.merge, methods=["POST"]),
        Route("/api/v1/questions/{question}:withdraw", desk.withdraw, methods=["POST"]),
        Route("/api/v1/questions/{question}:{verb}", desk.act, methods=["POST"]),
        Route("/api/v1/questions/{question}/support", desk.support, methods=["PUT", "DELETE"]),
        Route("/api/v1/questions/{question}", desk.one, methods=["GET"]),
    ]


class Desk:
    """Answers requests about questions."""

    def __init__(self, follower: Follower, writer: Writer) -> None:
        self._audience = follower.audience
        self._questions = follower.audience.questions
        self._writer = writer

    async def of_talk(self, request: Request) -> Response:
        """`?state=` one or several, by commas; `?sort=` recent, support, or talk (the order of
        what they are about)."""
        talk, who = request.path_params["talk"], identity(request)
        if talk not in self._audience.talks.by_id:
            raise absent("talk")
        wanted = set(filter(None, request.query_params.get("state", "").split(",")))
        sort = request.query_params.get("sort", "recent")
        if not wanted <= STATES or sort not in SORTS:
            raise Problem(
                422,
                "unknown-filter",
                "Tri inconnu",
                f"state\u202f: {', '.join(sorted(STATES))}\u202f; sort\u202f: {', '.join(SORTS)}.",
            )
        found = [
            question
            for question in self._questions.by_id.values()
            if question.talk == talk
            and (not wanted or question.state in wanted)
            and self._visible(question, who)
        ]
        found.reverse()  # the newest first
        if sort == "support":
            found.sort(key=lambda question: -question.support)
        elif sort == "talk":
            found.sort(key=_moment)
        return json({"items": [self._rendered(question, who) for question in found]})

    async def one(self, request: Request) -> Response:
        question, who = self._find(request)
        return json(self._rendered(question, who))

    async def ask(self, request: Request) -> Response:
        who = identity(request)
        by = self._writer.tap(who)
        if (talk := request.path_params["talk"]) not in self._audience.talks.by_id:
            raise absent("talk")
        said = await read_json(request, Asked)
        act = self._writer.act(request, by)
        event = QuestionAsked(
            **act,
            question=f"q_{act['id']}",
            talk=talk,
            body=clean(said.body, "Question", BODY),
            author=who.name,
            anchor=_checked(said.anchor),
        )
        asked = await self._writer.write(event, who)
        assert isinstance(asked, Question)
        location = f"/api/v1/questions/{asked.id}"
        return json(self._rendered(asked, who), 201, location=location)

    async def act(self, request: Request) -> Response:
        question, who = self._find(request)
        if (known := ACTS.get(request.path_params["verb"])) is None:
            raise Problem(404, "unknown-act", "Introuvable", "Cette action n’existe pas.")
        type, roles = known
        who.must_be(*roles, talk=question.talk)
        event = type(**self._writer.act(request, who.signature), question=question.id)
        return json(items.item(await self._writer.write(event, who), crew=True))

    async def reject(self, request: Request) -> Response:
        question, who = self._find(request)
        who.must_be(*MODERATORS, talk=question.talk)
        said = await read_json(request, Rejection)
        event = QuestionRejected(
            **self._writer.act(request, who.signature),
            question=question.id,
            reason=clean(said.reason, "Motif", REASON, least=0),
        )
        return json(items.item(await self._writer.write(event, who), crew=True))

    async def merge(self, request: Request) -> Response:
        question, who = self._find(request)
        who.must_be(*MODERATORS, talk=question.talk)
        said = await read_json(request, Merge)
        act = self._writer.act(request, who.signature)
        event = QuestionMerged(**act, question=question.id, into=said.into)
        return json(items.item(await self._writer.write(event, who), crew=True))

    async def withdraw(self, request: Request) -> Response:
        question, who = self._find(request)
        by = self._writer.tap(who)
        event = QuestionWithdrawn(**self._writer.act(request, by), question=question.id)
        withdrawn = await self._writer.write(event, who)
        assert isinstance(withdrawn, Question)
        return json(self._rendered(withdrawn, who))

    async def support(self, request: Request) -> Response:
        question, who = self._find(request)
        type = SupportGiven if request.method == "PUT" else SupportTakenBack
        event = type(**self._writer.act(request, self._writer.tap(who)), question=question.id)
        supported = await self._writer.write(event, who)
        assert isinstance(supported, Question)
        return json(self._rendered(supported, who))

    def _find(self, request: Request) -> tuple[Question, Identity]:
        who = identity(request)
        question = self._questions.by_id.get(request.path_params["question"])
        if question is None or not self._visible(question, who):
            raise absent("question")
        return question, who

    def _visible(self, question: Question, who: Identity) -> bool:
        mine = bool(who.by) and question.by == who.by
        return mine or items.seen(question, who.crew(question.talk))

    def _rendered(self, question: Question, who: Identity) -> items.Rendered:
        mine = bool(who.by) and question.by == who.by
        rendered = items.question_item(question, crew=mine or who.crew(question.talk))
        rendered["mine"] = mine
        rendered["supported"] = bool(who.by) and self._questions.supported_by(question.id, who.by)
        return rendered


def _checked(anchor: Anchor | None) -> Anchor | None:
    if anchor is None:
        return None
    cues = tuple(clean(cue, "Sous-titre cité", 100) for cue in anchor.cues[:CUES])
    if not 0.0 <= anchor.media_time < 1e11:
        raise Problem(
            422, "bad-anchor", "Moment inconnu", "« media_time » est en secondes de l’horloge."
        )
    return Anchor(anchor.media_time, cues, clean(anchor.quote, "Citation", QUOTE, least=0))


def _moment(question: Question) -> float:
    return question.anchor.media_time if question.anchor else question.asked_at
