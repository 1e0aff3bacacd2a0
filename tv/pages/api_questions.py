"""The API of questions for those who ask and support them; the crew's is api_moderation.py.

- `GET /api/v1/talks/{id}/questions?state=a,b&label=l&sort=recent|support|talk|queue` →
  `{"items": [question]}`: public ones and one's own; all of them for the crew, who alone may sort
  by `queue` (those to come, in the order set) or choose by `label`. 422 `unknown-filter`.
- `POST /api/v1/talks/{id}/questions` `{"body", "anchor": {"media_time", "cues", "quote"}, "table"}`
  → 201 question, pending, or approved where the talk is moderated after the fact (participants).
  `cues` that the asker may not read are left out. With `table`, it is asked by that table, and so
  named: for who sits there and has shown the code of the table or of its laboratory, its host, its
  device. 403 `other-table`, `code-required`; 422 `text-too-long` and the like; 409 `talk-closed`;
  429 `too-many`: 8 at once, then one every 10 s, 10 that wait for a moderator, 60 in all; 429
  `slow-mode` where the talk is in slow mode, with the seconds until the next.
- `POST /api/v1/talks/{id}/questions:similar` `{"body"}` → `{"items": [question]}`, at most three
  that ask nearly the same, the nearest first, with `nearness` (0 to 1) (participants). Nothing
  where it cannot be told in time.
- `GET /api/v1/talks/{id}/questions:counts` → `{"received", "pending", "published", "answered",
  "merged", "rejected", "withdrawn"}`, for everyone.
- `GET /api/v1/questions/{id}` → question.
- `PUT|DELETE /api/v1/questions/{id}/support` → question (participants; approved or live ones).
- `POST /api/v1/questions/{id}:withdraw` → question (its author, while pending or approved).

Questions are as in `question_items.question_item`, with `mine` and `supported`, and for the crew
what `devices.sender_item` has; writes as in
tv/writing.py. 404 `unknown-question` also for what whoever asks may not see.
"""

from collections.abc import Callable, Mapping

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from engagement.cafe.session import lab_of
from engagement.fold import Item
from engagement.questions import (
    Anchor,
    Question,
    QuestionAsked,
    QuestionWithdrawn,
    SupportGiven,
    SupportTakenBack,
)
from engagement.wording import flags
from tv import items, storms
from tv.auth import Identity, identity
from tv.captioning.access import CaptionAccess
from tv.devices import sender_item
from tv.duplicates import Duplicates
from tv.filters import chosen, sorting, unknown_filter
from tv.follower import Follower
from tv.labs.naming import table_name
from tv.openapi import asks, some, takes
from tv.pages.api_join import must_be_in
from tv.problems import Problem, clean, read_json
from tv.question_items import Rendered, counts_item, question_item
from tv.settings import Lab
from tv.writing import Writer, absent, json, talk_of

BODY = 500  # characters
QUOTE = 300
LABEL = 40
CUES = 20  # that one question may quote

STATES = frozenset(("pending", "approved", "live", "answered", "rejected", "merged", "withdrawn"))
SORTS = ("recent", "support", "talk", "queue")


class Asked(msgspec.Struct, frozen=True):
    """The body of a new question; `table` is the id of the one that asks, "" for oneself."""

    body: str
    anchor: Anchor | None = None
    table: str = ""


class Typed(msgspec.Struct, frozen=True):
    """The body of `:similar`: what was typed so far."""

    body: str


def routes(
    follower: Follower,
    writer: Writer,
    duplicates: Duplicates,
    labs: Mapping[str, Lab],
    access: CaptionAccess,
) -> list[BaseRoute]:
    desk = Desk(follower, writer, duplicates, labs, access)
    return [
        Route("/api/v1/talks/{talk}/questions", desk.of_talk, methods=["GET"]),
        Route("/api/v1/talks/{talk}/questions", desk.ask, methods=["POST"]),
        Route("/api/v1/talks/{talk}/questions:similar", desk.similar, methods=["POST"]),
        Route("/api/v1/talks/{talk}/questions:counts", desk.counts, methods=["GET"]),
        Route("/api/v1/questions/{question}:withdraw", desk.withdraw, methods=["POST"]),
        Route(
            "/api/v1/questions/{question}/support",
            storms.endpoint(desk.support, writer),
            methods=["PUT", "DELETE"],
        ),
        Route("/api/v1/questions/{question}", desk.one, methods=["GET"]),
    ]


class Seeing:
    """Finds questions for who asks, as they may see them."""

    def __init__(self, follower: Follower) -> None:
        self.audience = follower.audience
        self.questions = follower.audience.questions

    def find(self, request: Request) -> tuple[Question, Identity]:
        """The question of an address, if whoever asks may see it. Raises Problem."""
        who = identity(request)
        question = self.questions.by_id.get(request.path_params["question"])
        if question is None or not self.visible(question, who):
            raise absent("question")
        return question, who

    def visible(self, question: Question, who: Identity) -> bool:
        mine = bool(who.by) and question.by == who.by
        return mine or items.seen(question, who.crew(question.talk))

    def rendered(self, question: Question, who: Identity) -> Rendered:
        mine = bool(who.by) and question.by == who.by
        rendered = question_item(question, who.crew(question.talk), mine)
        if who.crew(question.talk):
            rendered |= sender_item(question)
        rendered["mine"] = mine
        rendered["supported"] = bool(who.by) and self.questions.supported_by(question.id, who.by)
        return rendered


class Desk(Seeing):
    """Answers requests of the audience about questions."""

    def __init__(
        self,
        follower: Follower,
        writer: Writer,
        duplicates: Duplicates,
        labs: Mapping[str, Lab],
        access: CaptionAccess,
    ) -> None:
        super().__init__(follower)
        self._access = access
        self._writer = writer
        self._duplicates = duplicates
        self._labs = labs

    @asks(state=some(STATES), sort=SORTS, label="with that label (the crew)")
    async def of_talk(self, request: Request) -> Response:
        talk, who = talk_of(request, self.audience.talks), identity(request)
        asked = request.query_params
        states, sort = chosen(asked, "state", STATES), sorting(asked, SORTS)
        label = asked.get("label", "")
        if (label or sort == "queue") and not who.crew(talk.id):
            raise unknown_filter("sort=queue et label\u00a0: pour l’équipe")
        found = [
            question
            for question in self.questions.by_id.values()
            if question.talk == talk.id
            and question.state in states
            and (not label or label in question.labels)
            and (sort != "queue" or question.place)
            and self.visible(question, who)
        ]
        found.reverse()  # the newest first
        if sort == "support":
            found.sort(key=lambda question: -question.support)
        elif sort == "talk":
            found.sort(key=_moment)
        elif sort == "queue":
            found.sort(key=lambda question: question.place)
        return json({"items": [self.rendered(question, who) for question in found]})

    async def one(self, request: Request) -> Response:
        question, who = self.find(request)
        return json(self.rendered(question, who))

    async def counts(self, request: Request) -> Response:
        talk = talk_of(request, self.audience.talks)
        return json(counts_item(self.questions.counts(talk.id)))

    @takes(Typed)
    async def similar(self, request: Request) -> Response:
        talk, who = talk_of(request, self.audience.talks), identity(request)
        who.must_take_part()
        said = await read_json(request, Typed)
        text = clean(said.body, "Question", BODY, least=0)
        await self._writer.count(who, talk.id)
        near = await self._duplicates.of(talk.id, text, hidden=who.crew(talk.id))
        return json(
            {"items": [self.rendered(one, who) | {"nearness": nearness} for one, nearness in near]}
        )

    @takes(Asked)
    async def ask(self, request: Request) -> Response:
        talk, who = talk_of(request, self.audience.talks), identity(request)
        by = who.must_take_part()
        said = await read_json(request, Asked)
        act = self._writer.act(request, by)
        body = clean(said.body, "Question", BODY)
        event = QuestionAsked(
            **act,
            question=f"q_{act['id']}",
            talk=talk.id,
            body=body,
            author=self._table(said.table, who) if said.table else who.name,
            table=said.table,
            badge=who.badge,
            anchor=_checked(said.anchor, self._access.quotable),
            # Whatever the talk's rule, a moderator looks at telephone numbers and insults first.
            published=talk.moderation == "post" and not flags(body),
        )
        asked = await self._writer.write(event, who)
        assert isinstance(asked, Question)
        location = f"/api/v1/questions/{asked.id}"
        return json(self.rendered(asked, who), 201, location=location)

    def _table(self, table: str, who: Identity) -> str:
        """What people call a table, for somebody who is there. Raises Problem."""
        if self.audience.cafes.table(table) is None:
            raise absent("table")
        if not (who.hosts(table) or who.kiosk(table)):
            seat = self.audience.cafes.seat(who.by)
            if table not in (who.table, seat.table if seat else ""):
                raise Problem(
                    403,
                    "other-table",
                    "Accès refusé",
                    "Seules les personnes assises à cette table posent une question en son nom.",
                )
            must_be_in(who, lab_of(table))
        return table_name(table, self._labs)

    async def withdraw(self, request: Request) -> Response:
        question, who = self.find(request)
        by = who.must_take_part()
        event = QuestionWithdrawn(**self._writer.act(request, by), question=question.id)
        withdrawn = await self._writer.write(event, who)
        assert isinstance(withdrawn, Question)
        return json(self.rendered(withdrawn, who))

    def support(self, asked: storms.Asked) -> storms.Act:
        question, who = self.find(asked)
        act = self._writer.act(asked, who.must_take_part())
        event: SupportGiven | SupportTakenBack
        if asked.method == "PUT":
            event = SupportGiven(**act, question=question.id)
        else:
            event = SupportTakenBack(**act, question=question.id)

        def supported(changed: Item | None) -> tuple[int, Rendered]:
            assert isinstance(changed, Question)
            return 200, self.rendered(changed, who)

        return storms.Act(who, event, supported)


def _checked(anchor: Anchor | None, quotable: Callable[[str], bool]) -> Anchor | None:
    """An anchor without the cues that the asker may not read: a quote says what its cues say."""
    if anchor is None:
        return None
    named = (clean(cue, "Sous-titre cité", 100) for cue in anchor.cues[:CUES])
    cues = tuple(cue for cue in named if quotable(cue))
    if not 0.0 <= anchor.media_time < 1e11:
        raise Problem(
            422, "bad-anchor", "Moment inconnu", "« media_time » est en secondes de l’horloge."
        )
    return Anchor(anchor.media_time, cues, clean(anchor.quote, "Citation", QUOTE, least=0))


def _moment(question: Question) -> float:
    return question.anchor.media_time if question.anchor else question.asked_at
