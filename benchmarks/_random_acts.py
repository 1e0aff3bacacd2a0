"""What a room might do in any order: acts that make sense and acts that do not, from a seed."""

import asyncio
import itertools
import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from benchmarks import _outages, _phones
from benchmarks._venue import Server, Venue
from engagement.audience import AnyEvent
from engagement.polls import (
    BallotCast,
    Option,
    PollClosed,
    PollCreated,
    PollOpened,
    PollPublished,
    PollReopened,
)
from engagement.questions import (
    QuestionAnswered,
    QuestionApproved,
    QuestionAsked,
    QuestionEdited,
    QuestionMerged,
    QuestionRejected,
    QuestionReleased,
    QuestionRestored,
    QuestionTaken,
    QuestionWithdrawn,
    SupportGiven,
    SupportTakenBack,
)
from engagement.talks import TalkEnded, TalkResumed, TalkStarted
from tv import journal, store
from tv.auth import Role

PEOPLE = 200
AT_ONCE = 5_000  # appends that wait for the store
LAST = "poll_last"  # made by the last event of all
TALK = "direct"
OPTIONS = tuple(Option(f"o{number}", f"Réponse {number}") for number in range(1, 5))
IDS = [option.id for option in OPTIONS]
TOPICS = ("talks", f"talk:{TALK}", f"me:{TALK}", "event")


def acts(count: int, seed: int) -> Iterator[AnyEvent]:
    """So many events, a twentieth of a second apart, and one that makes LAST."""
    chance = random.Random(seed)
    questions, polls = ["q0"], ["p0"]

    def question() -> str:
        return chance.choice(questions[-60:])  # most of what is done is about what is new

    def poll() -> str:
        return chance.choice(polls[-4:])

    makers: list[tuple[int, Callable[[dict[str, Any]], AnyEvent]]] = [
        (40, lambda act: SupportGiven(**act, question=question())),
        (10, lambda act: SupportTakenBack(**act, question=question())),
        (8, lambda act: QuestionApproved(**act, question=question())),
        (2, lambda act: QuestionRejected(**act, question=question(), reason="hors sujet")),
        (2, lambda act: QuestionMerged(**act, question=question(), into=question())),
        (2, lambda act: QuestionRestored(**act, question=question())),
        (2, lambda act: QuestionEdited(**act, question=question(), body="Mieux dit ?")),
        (1, lambda act: QuestionWithdrawn(**act, question=question())),
        (2, lambda act: QuestionTaken(**act, question=question())),
        (1, lambda act: QuestionReleased(**act, question=question())),
        (1, lambda act: QuestionAnswered(**act, question=question())),
        (40, lambda act: BallotCast(**act, poll=poll(), round=1, choices=(chance.choice(IDS),))),
        (1, lambda act: PollOpened(**act, poll=poll())),
        (1, lambda act: PollClosed(**act, poll=poll())),
        (1, lambda act: PollPublished(**act, poll=poll())),
        (1, lambda act: PollReopened(**act, poll=poll())),
        (1, lambda act: TalkStarted(**act, talk=TALK)),
        (1, lambda act: TalkEnded(**act, talk=TALK)),
        (1, lambda act: TalkResumed(**act, talk=TALK)),
    ]
    weights = [weight for weight, _ in makers]
    for number in range(count):
        act = {"id": f"e{number}", "at": number / 20, "by": f"p_{chance.randrange(PEOPLE)}"}
        if number % 20 == 0:
            questions.append(f"q{number}")
            yield QuestionAsked(**act, question=questions[-1], talk=TALK, body=f"Et {number} ?")
        elif number % 500 == 1:
            polls.append(f"p{number}")
            yield _poll(act, polls[-1])
        else:
            [(_, make)] = chance.choices(makers, weights)
            yield make(act)
    yield _poll({"id": "last", "at": count / 20, "by": "crew"}, LAST)


def _poll(act: dict[str, Any], name: str) -> PollCreated:
    return PollCreated(**act, poll=name, talk=TALK, kind="single", prompt="Pour ?", options=OPTIONS)


async def write(venue: Venue, count: int, seed: int) -> None:
    """Append them to the venue's journal, in their order."""
    slug = venue.settings.event.slug
    async with (
        store.connected(venue.store_address) as client,
        journal.opened(client, slug) as events,
    ):
        every = acts(count, seed)
        while some := list(itertools.islice(every, AT_ONCE)):
            await asyncio.gather(*map(events.append, some))


async def folded(venue: Venue, servers: Iterable[Server]) -> None:
    """Wait until each process has folded all of them."""
    last = _phones.request("GET", f"/api/v1/polls/{LAST}", venue.passes.issue(Role.OPERATOR))
    for server in servers:
        while (await _phones.ask(server.port, last))[0] != 200:  # noqa: ASYNC110  # another process
            await asyncio.sleep(0.1)


async def agree(venue: Venue, servers: Sequence[Server]) -> bool:
    """Whether all processes say the same to the crew, and to some of those who acted."""
    people = [venue.passes.welcome(id=f"p_{number}")[1] for number in range(0, PEOPLE, 10)]
    return await _outages.same_views(servers, [venue.passes.issue(Role.OPERATOR), *people], TOPICS)
