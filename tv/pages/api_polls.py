"""The API of polls: drafted, opened and closed by the crew, voted by the audience.

- `GET /api/v1/talks/{id}/polls` → `{"items": [poll]}`, drafts for the crew only.
- `POST /api/v1/polls` `{"talk", "type", "prompt", "options": ["…", {"text": "…"}], "max_choices",
  "scale", "visibility": "closed|live|published", "duration", "compare_by": "none|lab", "codes":
  false}` → 201 poll, a draft (presenter, moderator, operator, admin). `type`: `single`; `multiple`,
  `max_choices` at most; `rating`, on a `scale` of 5 or 10 steps; `ranking`; `dots`, ten to give;
  `words`, up to `max_choices` of them; `text`, an answer that a moderator reads first.
  `visibility`: from when the audience sees results. `duration`: seconds that it stays open.
  `codes`: each ballot needs a voting code (tv/pages/api_voting_codes.py). 422 `bad-options`,
  `wrong-maximum` and the like.
- `PATCH /api/v1/polls/{id}` any of these → poll; `DELETE` → 204. Drafts only: 409 `wrong-state`.
- `POST /api/v1/polls/{id}:open|reopen` `{"duration"}`, `:extend` `{"seconds"}`, `:close`,
  `:publish` → poll (the same roles); `reopen` begins a new round without ballots.
- `POST /api/v1/polls/{id}:set_aside` and `:count` `{"burst", "round"}` → poll (the same roles): the
  ballots of a burst count no more, or count again; `burst` is its `network`. Until results are
  published. 404 `unknown-burst`, 409 `wrong-round`, `wrong-state`.
- `POST /api/v1/polls/{id}:more_time` → poll (participants): their ballot counts until 60 s after
  the end.
- `GET /api/v1/polls/{id}` → poll.
- `PUT /api/v1/polls/{id}/ballot` `{"choices": [option id], "texts": [], "round", "code"}` → `{"id",
  "round", "choices", "texts", "version"}` (participants). A ranking has all options in order, dots
  an option as often as it gets one; words and texts go into `texts`. The last ballot of a round
  counts; with `compare_by`, for the laboratory where the voter is, if they have proved that
  (api_participants.py), else for none. 409 `poll-not-open`, `wrong-round`, `ballot-erased`
  (api_privacy.py); 422 `one-choice`, `unknown-option` and the like. `code`: where the poll asks for
  one, else the cookie `fabrique_vote`; 403 `code-required`, `code-wrong` (whoever tries many waits
  for each), 409 `code-used`: a code has one ballot in a round, which its participant may replace.
  `GET` → the same, of this round; 404 `no-ballot`.
- `GET /api/v1/polls/{id}/results?round=1&by=lab` → `{"id", "round", "counts": [{"option",
  "votes"}], "mean", "words", "answers", "labs", "ballots", "version"}`: 500 words at most; with
  `by=lab` the labs as in `poll_items.labs_item`. 403 `results-hidden`, 404 `unknown-round`, 422
  `not-compared`.
- `POST /api/v1/polls/{id}/answers/{answer}:approve|reject` → answer; `POST …/{id}/words` `{"word",
  "hidden": true}` → poll (moderator, operator, admin). 409 `too-many-hidden` (500 words).

Polls are as in `poll_items.poll_item`; writes as in tv/writing.py. 404 `unknown-poll` also for
drafts.
"""

import re
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from engagement.fold import Item, Reason, Refused
from engagement.polls import (
    WRITTEN,
    Answer,
    AnswerApproved,
    AnswerRejected,
    AnyPollEvent,
    Ballot,
    BallotCast,
    BurstCounted,
    BurstSetAside,
    MoreTimeAsked,
    Poll,
    PollClosed,
    PollCreated,
    PollDeleted,
    PollEdited,
    PollExtended,
    PollOpened,
    PollPublished,
    PollReopened,
    WordHidden,
    unfit,
    unfit_ballot,
)
from tv import items, poll_items
from tv.auth import CREW, MODERATORS, Identity, Role, identity
from tv.follower import Follower
from tv.openapi import asks, takes
from tv.pages.poll_drafts import (
    PROMPT,
    Changes,
    Draft,
    Extension,
    Hiding,
    Opening,
    Together,
    Vote,
    most,
    options_of,
)
from tv.problems import Problem, clean, read_json
from tv.storms import Act, Asked, endpoint
from tv.voting_codes import VotingCodes
from tv.writing import Writer, absent, json, nothing, refusal, talk_of, unknown_act

TEXT = 280  # characters of an answer
WORD = 30
WORDS_TOLD = 500

ROUND = re.compile("[1-9][0-9]{0,4}")

JUDGEMENTS: dict[str, type[AnswerApproved | AnswerRejected]] = {
    "approve": AnswerApproved,
    "reject": AnswerRejected,
}


def routes(follower: Follower, writer: Writer, codes: VotingCodes) -> list[BaseRoute]:
    desk = Desk(follower, writer, codes)
    poll = "/api/v1/polls/{poll}"
    return [
        Route(f"{poll}/ballot", endpoint(desk.vote, writer), methods=["PUT"]),
        Route("/api/v1/polls", desk.create, methods=["POST"]),
        Route("/api/v1/talks/{talk}/polls", desk.of_talk, methods=["GET"]),
        Route(f"{poll}:more_time", desk.more_time, methods=["POST"]),
        Route(f"{poll}:{{verb}}", desk.act, methods=["POST"]),
        Route(f"{poll}/ballot", desk.ballot, methods=["GET"]),
        Route(f"{poll}/results", desk.results, methods=["GET"]),
        Route(f"{poll}/answers/{{answer}}:{{verb}}", desk.judge, methods=["POST"]),
        Route(f"{poll}/words", desk.hide, methods=["POST"]),
        Route(poll, desk.one, methods=["GET"]),
        Route(poll, desk.edit, methods=["PATCH"]),
        Route(poll, desk.delete, methods=["DELETE"]),
    ]


class Desk:
    """Answers requests about polls."""

    def __init__(self, follower: Follower, writer: Writer, codes: VotingCodes) -> None:
        self._audience = follower.audience
        self._polls = follower.audience.polls
        self._writer = writer
        self._codes = codes

    async def of_talk(self, request: Request) -> Response:
        talk = talk_of(request, self._audience.talks).id
        crew = identity(request).crew(talk)
        found = [
            poll_items.poll_item(poll, crew)
            for poll in self._polls.by_id.values()
            if poll.talk == talk and items.seen(poll, crew)
        ]
        return json({"items": found})

    async def one(self, request: Request) -> Response:
        poll, who = self._find(request)
        return json(poll_items.poll_item(poll, who.crew(poll.talk)))

    @takes(Draft)
    async def create(self, request: Request) -> Response:
        who = identity(request)
        who.must_be(*CREW, talk=who.talk)
        said = await read_json(request, Draft)
        who.must_be(*CREW, talk=said.talk)
        options = options_of(said, said.type, None) or ()
        max_choices = said.max_choices or most(said.type, options)
        if wrong := unfit(said.type, options, max_choices):
            raise refusal(Refused(wrong), who)
        act = self._writer.act(request, who.signature)
        event = PollCreated(
            **act,
            poll=f"poll_{act['id']}",
            talk=said.talk,
            kind=said.type,
            prompt=clean(said.prompt, "Énoncé", PROMPT),
            options=options,
            visibility=said.visibility,
            max_choices=max_choices,
            duration=said.duration,
            compare_by=said.compare_by,
            codes=said.codes,
        )
        created = await self._writer.write(event, who)
        location = f"/api/v1/polls/{created.id}"
        return json(items.item(created, crew=True), 201, location=location)

    @takes(Changes)
    async def edit(self, request: Request) -> Response:
        poll, who = self._led(request)
        said = await read_json(request, Changes)
        kind = said.type or poll.kind
        changed = options_of(said, kind, poll)
        options = poll.options if changed is None else changed
        max_choices = said.max_choices
        too_many = kind == "multiple" and poll.max_choices > len(options)
        if max_choices is None and (kind != poll.kind or too_many):
            max_choices = most(kind, options)
        if wrong := unfit(kind, options, max_choices or poll.max_choices):
            raise refusal(Refused(wrong), who)
        event = PollEdited(
            **self._writer.act(request, who.signature),
            poll=poll.id,
            kind=said.type,
            prompt=None if said.prompt is None else clean(said.prompt, "Énoncé", PROMPT),
            options=changed,
            visibility=said.visibility,
            max_choices=max_choices,
            duration=said.duration,
            compare_by=said.compare_by,
            codes=said.codes,
        )
        return json(items.item(await self._writer.write(event, who), crew=True))

    async def delete(self, request: Request) -> Response:
        poll, who = self._led(request, gone=True)
        act = self._writer.act(request, who.signature)
        await self._writer.remove(poll, PollDeleted(**act, poll=poll.id), who)
        return nothing()

    @takes(Opening, Extension, Together)
    async def act(self, request: Request) -> Response:
        poll, who = self._led(request)
        act = self._writer.act(request, who.signature) | {"poll": poll.id}
        event: AnyPollEvent
        match request.path_params["verb"]:
            case "open":
                event = PollOpened(**act, duration=(await read_json(request, Opening)).duration)
            case "reopen":
                event = PollReopened(**act, duration=(await read_json(request, Opening)).duration)
            case "extend":
                event = PollExtended(**act, seconds=(await read_json(request, Extension)).seconds)
            case "close":
                event = PollClosed(**act)
            case "publish":
                event = PollPublished(**act)
            case "set_aside" | "count" as verb:
                said = await read_json(request, Together)
                if said.burst not in {burst.network for burst in poll.bursts}:
                    # One device more or less would tell the crew what it voted.
                    raise refusal(Refused(Reason.UNKNOWN_BURST), who)
                type = BurstSetAside if verb == "set_aside" else BurstCounted
                event = type(**act, round=said.round or poll.round, network=said.burst)
            case _:
                raise unknown_act()
        return json(items.item(await self._writer.write(event, who), crew=True))

    async def more_time(self, request: Request) -> Response:
        poll, who = self._find(request)
        event = MoreTimeAsked(**self._writer.act(request, who.must_take_part()), poll=poll.id)
        return json(items.item(await self._writer.write(event, who), who.crew(poll.talk)))

    @takes(Vote)
    def vote(self, asked: Asked) -> Act:
        poll, who = self._find(asked)
        by = who.must_take_part()
        if who.erased_at:
            _must_be_later(poll, who.erased_at)
        said = asked.said(Vote)
        event = BallotCast(
            **self._writer.act(asked, by),
            poll=poll.id,
            round=said.round or poll.round,
            choices=tuple(said.choices),
            texts=_texts(poll, said.texts),
            lab=who.lab if poll.compare_by == "lab" and who.is_in(who.lab) else "",
            code=self._codes.read(said.code, asked) if poll.codes else "",
        )
        if hopeless := self._hopeless(poll, event):
            raise refusal(Refused(hopeless, poll), who)
        return Act(who, event, _voted)

    async def ballot(self, request: Request) -> Response:
        """What one has voted."""
        poll, who = self._find(request)
        ballot = self._polls.ballot(poll.id, poll.round, who.must_take_part())
        if ballot is None:
            raise Problem(404, "no-ballot", "Aucun vote", "Vous n’avez pas voté à ce tour.")
        return json(poll_items.ballot_item(ballot))

    @asks(round="an earlier one", by=("lab",))
    async def results(self, request: Request) -> Response:
        """`?round=` an earlier one; the current one by default."""
        poll, who = self._find(request)
        crew = who.crew(poll.talk)
        asked = request.query_params.get("round", str(poll.round))
        results = self._polls.results(poll.id, int(asked)) if ROUND.fullmatch(asked) else None
        if results is None:
            raise Problem(404, "unknown-round", "Introuvable", "Ce tour n’existe pas.")
        if not (crew or poll.round_public(results.round)):
            raise Problem(
                403,
                "results-hidden",
                "Résultats masqués",
                "Les résultats seront visibles à la clôture."
                if poll.visibility == "closed"
                else "Les résultats seront visibles quand la régie les affichera.",
                state=poll.state,
            )
        words = self._polls.words(poll.id, results.round, WORDS_TOLD)
        answers = self._polls.answers_to(poll.id, results.round)
        body = {
            "id": poll.id,
            "round": results.round,
            "counts": poll_items.counts(poll.options, results.counts),
            "mean": poll_items.mean(poll, results.counts),
            "words": [poll_items.word_item(word) for word in words],
            "answers": [
                poll_items.answer_item(answer) for answer in answers if items.seen(answer, crew)
            ],
            "ballots": results.ballots,
            "version": poll.version,
        }
        if "by" in request.query_params:
            _must_compare(poll, results.round, request.query_params["by"])
            body["labs"] = poll_items.labs_item(poll, results.labs)
        return json(body)

    async def judge(self, request: Request) -> Response:
        poll, who = self._led(request, *MODERATORS)
        if (type := JUDGEMENTS.get(request.path_params["verb"])) is None:
            raise unknown_act()
        act = self._writer.act(request, who.signature)
        event = type(**act, poll=poll.id, answer=request.path_params["answer"])
        answer = await self._writer.write(event, who)
        assert isinstance(answer, Answer)
        return json(poll_items.answer_item(answer))

    @takes(Hiding)
    async def hide(self, request: Request) -> Response:
        poll, who = self._led(request, *MODERATORS)
        said = await read_json(request, Hiding)
        act = self._writer.act(request, who.signature)
        event = WordHidden(**act, poll=poll.id, word=said.word, hidden=said.hidden)
        return json(items.item(await self._writer.write(event, who), crew=True))

    def _find(self, request: Request, *, gone: bool = False) -> tuple[Poll, Identity]:
        who = identity(request)
        poll = self._polls.by_id.get(request.path_params["poll"])
        if poll is None:
            raise absent("poll")
        crew = who.crew(poll.talk)
        if not (items.seen(poll, crew) or (gone and crew)):
            raise absent("poll")
        return poll, who

    def _led(self, request: Request, *roles: Role, gone: bool = False) -> tuple[Poll, Identity]:
        """The same, for those who may lead it; or with `gone`, also one that was deleted."""
        poll, who = self._find(request, gone=gone)
        who.must_be(*(roles or CREW), talk=poll.talk)
        return poll, who

    def _hopeless(self, poll: Poll, event: BallotCast) -> Reason | None:
        """Why a ballot can never count, whatever else is in the journal already."""
        if poll.state != "draft":
            if wrong := unfit_ballot(
                poll.kind, poll.options, poll.max_choices, event.choices, event.texts
            ):
                return wrong
            if poll.kind in WRITTEN and not event.texts:
                return Reason.WRONG_CHOICES
        if self._polls.ballot(poll.id, event.round, event.by):
            return None  # it may be that very one, sent again
        if event.round < poll.round:
            return Reason.WRONG_ROUND
        over = poll.state in ("closed", "published") and not poll.takes(event.at, more_time=True)
        return Reason.POLL_NOT_OPEN if event.round == poll.round and over else None


def _voted(ballot: Item | None) -> tuple[int, dict[str, Any]]:
    assert isinstance(ballot, Ballot)
    return 200, poll_items.ballot_item(ballot)


def _must_be_later(poll: Poll, erased_at: float) -> None:
    """Raises Problem for a round that was open when this browser had its ballot erased."""
    if poll.opened_at is not None and poll.opened_at <= erased_at:
        raise Problem(
            409,
            "ballot-erased",
            "Vote déjà compté",
            "Vous avez voté, puis effacé vos contributions depuis cet appareil\u00a0: ce vote "
            "reste compté. Vous pourrez voter au prochain sondage.",
        )


def _texts(poll: Poll, texts: list[str]) -> tuple[str, ...]:
    longest = WORD if poll.kind == "words" else TEXT
    return tuple(clean(text, "Réponse", longest) for text in texts)


def _must_compare(poll: Poll, round: int, by: str) -> None:
    if by != "lab" or poll.compare_by != "lab":
        raise Problem(
            422,
            "not-compared",
            "Pas de comparaison",
            "Ce sondage ne se compare pas ainsi\u00a0: seulement par laboratoire (« by=lab »), et "
            "s’il l’annonce (« compare_by »).",
        )
    if round == poll.round and not poll_items.comparable(poll):
        raise Problem(
            403,
            "results-hidden",
            "Résultats masqués",
            "La comparaison des laboratoires sera visible quand plus personne ne votera.",
            state=poll.state,
        )
