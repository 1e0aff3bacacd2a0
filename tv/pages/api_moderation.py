"""The API of questions for the crew: read, chosen, put in order, answered, accounted for.

All of them `POST /api/v1/questions/{id}:…` → question, unless said otherwise; `If-Match` keeps two
from undoing each other. For moderator, operator and admin:

- `:approve`, `:accept_support` (counts the support that was set aside), `:unqueue`.
- `:restore` `{"to_read"}` undoes a rejection, a merge or an answer: it is published then, or with
  `to_read` waits to be read, if it was never public (409 `wrong-state`).
- `:reject` `{"reason"}`, which its author sees. `:merge` `{"into": id}`. `:edit` `{"body"}`, while
  it is pending; what its author wrote is kept. `:label` `{"labels": []}`, in the place of others.
- `:queue` `{"position"}`: its turn, from 1 on; the last without one. 409 `queue-full`.
- `:write` `{"answer"}`: an answer in writing; "" takes it back.
- `POST /api/v1/talks/{id}/questions:room` `{"body", "author"}` → 201 question, live at once.

Also for the presenter: `:release`, `:answer`, `:write`. For presenter, operator and admin: `:take`;
409 `not-queued` for a presenter where the talk's setting `presenter_only_queued` says so. `:take`
and `:answer` may say `{"at"}`, the broadcast time at which they were pressed, if a network that was
away brings them up to a quarter of an hour later; else they count as pressed now. 409 `wrong-state`
for a `:take` that was pressed before the answer under way began.

- `PUT /api/v1/questions/{id}/reading` → reading: « Relu par … », for 60 s (crew). 409 `being-read`
  when somebody else does, with `current`. It hinders nobody from acting. `DELETE` ends it.
- `GET /api/v1/questions/{id}/near` → `{"items": [question]}` that ask nearly the same (crew).
- `GET /api/v1/talks/{id}/questions:log` → `{"items": [act], "counts"}`, the oldest first, for
  moderator, operator and admin. As CSV: `/api/v1/talks/{id}/tables/log.csv` (api_reports.py).

Acts are as in `question_items.logged_item`.
"""

from collections.abc import Sequence
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from engagement.questions import (
    AnswerWritten,
    AnyQuestionEvent,
    Question,
    QuestionAnswered,
    QuestionApproved,
    QuestionEdited,
    QuestionFromRoom,
    QuestionLabelled,
    QuestionMerged,
    QuestionQueued,
    QuestionRejected,
    QuestionReleased,
    QuestionRestored,
    QuestionTaken,
    QuestionUnqueued,
    ReadingBegun,
    ReadingEnded,
    SupportAccepted,
)
from tv import items
from tv.auth import CREW, MODERATORS, RUNNERS, Identity, Role, identity
from tv.duplicates import Duplicates
from tv.follower import Follower
from tv.openapi import takes
from tv.pages.api_questions import BODY, LABEL, Seeing
from tv.problems import Problem, clean, read_json
from tv.question_items import counts_item, logged_item
from tv.writing import Writer, json, talk_of, unknown_act

ANSWER = 1_000  # characters
REASON = 200
NAME = 60
LABELS = 8  # that one question may have
LATE = 900.0  # seconds by which a mark may come later than it was pressed

ON_AIR = (Role.PRESENTER, *RUNNERS)


class Nothing(msgspec.Struct, frozen=True):
    """The body of an act that needs no more words."""


class Mark(msgspec.Struct, frozen=True):
    """The body of `:take` and `:answer`: when it was pressed, in seconds of the broadcast clock."""

    at: float | None = None


class Rejection(msgspec.Struct, frozen=True):
    """The body of `:reject`: a reason that the author sees."""

    reason: str = ""


class Return(msgspec.Struct, frozen=True):
    """The body of `:restore`: whether it is to be read first."""

    to_read: bool = False


class Merge(msgspec.Struct, frozen=True):
    """The body of `:merge`: the question that says the same."""

    into: str


class Edition(msgspec.Struct, frozen=True):
    """The body of `:edit`: better words."""

    body: str


class Labels(msgspec.Struct, frozen=True):
    """The body of `:label`: all that it is under from now on."""

    labels: list[str] = []


class Turn(msgspec.Struct, frozen=True):
    """The body of `:queue`: its place from 1 on; last without one."""

    position: int | None = None


class Written(msgspec.Struct, frozen=True):
    """The body of `:write`."""

    answer: str


class FromRoom(msgspec.Struct, frozen=True):
    """The body of a question asked aloud; `author` as they said, if they did."""

    body: str
    author: str = ""


def routes(follower: Follower, writer: Writer, duplicates: Duplicates) -> list[BaseRoute]:
    desk = ModeratorsDesk(follower, writer, duplicates)
    return [
        Route("/api/v1/talks/{talk}/questions:room", desk.from_room, methods=["POST"]),
        Route("/api/v1/talks/{talk}/questions:log", desk.log, methods=["GET"]),
        Route("/api/v1/questions/{question}/reading", desk.read, methods=["PUT", "DELETE"]),
        Route("/api/v1/questions/{question}/near", desk.near, methods=["GET"]),
        Route("/api/v1/questions/{question}:{verb}", desk.act, methods=["POST"]),
    ]


# What each act takes, and who may.
ACTS: dict[str, tuple[type[msgspec.Struct], tuple[Role, ...]]] = {
    "approve": (Nothing, MODERATORS),
    "restore": (Return, MODERATORS),
    "accept_support": (Nothing, MODERATORS),
    "unqueue": (Nothing, MODERATORS),
    "reject": (Rejection, MODERATORS),
    "merge": (Merge, MODERATORS),
    "edit": (Edition, MODERATORS),
    "label": (Labels, MODERATORS),
    "queue": (Turn, MODERATORS),
    "write": (Written, CREW),
    "take": (Mark, ON_AIR),
    "release": (Nothing, CREW),
    "answer": (Mark, CREW),
}

PLAIN: dict[str, type[AnyQuestionEvent]] = {
    "approve": QuestionApproved,
    "accept_support": SupportAccepted,
    "unqueue": QuestionUnqueued,
    "release": QuestionReleased,
}


class ModeratorsDesk(Seeing):
    """Answers requests of the crew about questions."""

    def __init__(self, follower: Follower, writer: Writer, duplicates: Duplicates) -> None:
        super().__init__(follower)
        self._writer = writer
        self._duplicates = duplicates

    @takes(*dict.fromkeys(body for body, _ in ACTS.values()))
    async def act(self, request: Request) -> Response:
        question, who = self.find(request)
        verb = request.path_params["verb"]
        if (known := ACTS.get(verb)) is None:
            raise unknown_act()
        body, roles = known
        who.must_be(*roles, talk=question.talk)
        said = await read_json(request, body)
        about = self._writer.act(request, who.signature)
        about |= {"question": question.id, "name": who.name[:NAME]}
        event = self._event(verb, said, about, question, who)
        done = await self._writer.write(event, who)
        return json(items.item(done, crew=True))

    def _event(
        self,
        verb: str,
        said: msgspec.Struct,
        about: dict[str, Any],
        question: Question,
        who: Identity,
    ) -> AnyQuestionEvent:
        """An act as the journal has it, with words as they may be shown. Raises Problem."""
        match said:
            case Rejection(reason=reason):
                return QuestionRejected(**about, reason=clean(reason, "Motif", REASON, least=0))
            case Return(to_read=to_read):
                return QuestionRestored(**about, to_read=to_read)
            case Merge(into=into):
                return QuestionMerged(**about, into=into[:NAME])
            case Edition(body=body):
                return QuestionEdited(**about, body=clean(body, "Question", BODY))
            case Labels(labels=labels):
                return QuestionLabelled(**about, labels=_cleaned(labels))
            case Turn(position=position):
                return QuestionQueued(**about, place=_place(position))
            case Written(answer=answer):
                return AnswerWritten(**about, answer=clean(answer, "Réponse", ANSWER, least=0))
            case Mark(at=at):
                # A clock that is ahead of ours is heeded where it is folded.
                about["pressed_at"] = at if at and about["at"] - at <= LATE else None
                if verb == "answer":
                    return QuestionAnswered(**about)
                talk = self.audience.talks.by_id[question.talk]
                bound = who.role == Role.PRESENTER and talk.presenter_only_queued
                return QuestionTaken(**about, queued_only=bound)
        return PLAIN[verb](**about)

    @takes(FromRoom)
    async def from_room(self, request: Request) -> Response:
        talk, who = talk_of(request, self.audience.talks), identity(request)
        who.must_be(*MODERATORS, talk=talk.id)
        said = await read_json(request, FromRoom)
        act = self._writer.act(request, who.signature)
        event = QuestionFromRoom(
            **act,
            question=f"q_{act['id']}",
            talk=talk.id,
            body=clean(said.body, "Question", BODY),
            author=clean(said.author, "Nom", NAME, least=0),
            name=who.name[:NAME],
        )
        asked = await self._writer.write(event, who)
        location = f"/api/v1/questions/{asked.id}"
        return json(items.item(asked, crew=True), 201, location=location)

    async def read(self, request: Request) -> Response:
        question, who = self.find(request)
        who.must_be(*CREW, talk=question.talk)
        type = ReadingBegun if request.method == "PUT" else ReadingEnded
        about = self._writer.act(request, who.signature)
        event = type(**about, question=question.id, name=who.name[:NAME])
        return json(items.item(await self._writer.write(event, who), crew=True))

    async def near(self, request: Request) -> Response:
        question, who = self.find(request)
        who.must_be(*CREW, talk=question.talk)
        near = await self._duplicates.of(
            question.talk, question.body, hidden=True, besides=question.id
        )
        return json(
            {"items": [self.rendered(one, who) | {"nearness": nearness} for one, nearness in near]}
        )

    async def log(self, request: Request) -> Response:
        talk, who = talk_of(request, self.audience.talks), identity(request)
        who.must_be(*MODERATORS, talk=talk.id)
        by_id = self.questions.by_id
        acts = [logged_item(act, by_id[act.question]) for act in self.questions.log.of(talk.id)]
        return json({"items": acts, "counts": counts_item(self.questions.counts(talk.id))})


def _cleaned(labels: Sequence[str]) -> tuple[str, ...]:
    if len(labels) > LABELS:
        raise Problem(
            422,
            "too-many-labels",
            "Trop d’étiquettes",
            f"Une question a {LABELS} étiquettes au plus.",
        )
    return tuple(dict.fromkeys(clean(label, "Étiquette", LABEL) for label in labels))


def _place(position: int | None) -> int | None:
    if position is not None and not 1 <= position <= 1_000:
        raise Problem(
            422, "bad-position", "Place inconnue", "« position » est un rang, à partir de 1."
        )
    return position
