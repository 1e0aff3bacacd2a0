"""Shares of queues: what a flood of fresh tokens fills, and what it leaves to everybody else."""

from collections.abc import Callable
from dataclasses import dataclass

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engagement.alerts import OPEN, RAISED, AlertKept, AlertRaised
from engagement.audience import Audience, Saved
from engagement.fold import Accepted, Outcome, Reason, Refused
from engagement.ideas.events import IdeaHidden, IdeaRejected
from engagement.ideas.places import ANSWERS, CARRIED, MADE
from engagement.origin import EVERYWHERE, SETTLED_AFTER_S, Origin, Trust, trust
from engagement.questions import QuestionAsked, QuestionRejected
from engagement.questions.places import ASKED_LIMIT, PENDING_LIMIT
from engagement.shares import Shares
from engagement.syntheses.comments import ABOUT, WAITING
from engagement.syntheses.events import CommentRejected, CommentWritten
from engagement.wall.post import PostRejected, PostWritten
from engagement.wall.posts import WAITING as POSTS_WAITING
from tests.engagement.laboratory import T3, Labs
from tests.engagement.labs import Labs as Hosts
from tests.engagement.room import Room, reason

HERE, ELSEWHERE = "abc", "def"  # networks


def new(at: float, network: str = HERE) -> Origin:
    return Origin(at - 1.0, network)


def settled(at: float, network: str = HERE) -> Origin:
    return Origin(at - SETTLED_AFTER_S, network)


def present(at: float, network: str = HERE) -> Origin:
    return Origin(at - 1.0, network, T3)


From = Callable[[float, str], Origin]


@dataclass
class Queue:
    """A queue of `size` in a room. `write` adds a thing, `take_away` lets a moderator refuse it."""

    size: int
    room: Room
    write: Callable[[str, float, Origin], Outcome]
    take_away: Callable[[str], Outcome]

    def __post_init__(self) -> None:
        self._number = 0

    def add(self, origin: From, network: str = HERE) -> Outcome:
        """One more by somebody else, a while after the last."""
        self._number += 1
        at = 100_000.0 + 10.0 * self._number
        return self.write(f"n{self._number}", at, origin(at, network))


def questions() -> Queue:
    room = Room()
    return Queue(
        PENDING_LIMIT,
        room,
        lambda name, at, origin: room.ask(name, by=f"p_{name}", at=at, origin=origin),
        lambda name: room.do(QuestionRejected, question=name),
    )


def published() -> Queue:
    room = Room()

    def ask(name: str, at: float, origin: Origin) -> Outcome:
        fields = {"talk": "direct", "body": "Pourquoi ?", "published": True, "origin": origin}
        return room.do(QuestionAsked, f"p_{name}", at=at, question=name, **fields)

    return Queue(ASKED_LIMIT, room, ask, lambda name: room.do(QuestionRejected, question=name))


def posts() -> Queue:
    room = Room()

    def write(name: str, at: float, origin: Origin) -> Outcome:
        return room.do(PostWritten, f"p_{name}", at=at, post=name, text="Bon", origin=origin)

    return Queue(POSTS_WAITING, room, write, lambda name: room.do(PostRejected, post=name))


def table() -> Queue:
    labs = Labs()

    def make(name: str, at: float, origin: Origin) -> Outcome:
        return labs.make(name, f"p_{name}", at=at, origin=origin)

    return Queue(MADE, labs, make, lambda name: labs.do(IdeaHidden, idea=name))


def carried() -> Queue:
    labs = Labs()

    def carry(name: str, at: float, origin: Origin) -> Outcome:
        labs.make(f"i_{name}", f"q_{name}", table="labo-1.1", at=at)
        return labs.carry(f"i_{name}", T3, f"p_{name}", at=at, origin=origin)

    return Queue(CARRIED, labs, carry, lambda name: labs.do(IdeaHidden, idea=f"i_{name}"))


def call() -> Queue:
    labs = Labs()

    def answer(name: str, at: float, origin: Origin) -> Outcome:
        return labs.answer(name, f"p_{name}", at=at, origin=origin)

    return Queue(ANSWERS, labs, answer, lambda name: labs.do(IdeaRejected, idea=name))


def comments(size: int, syntheses: int) -> Queue:
    labs = Hosts()
    labs.shared(*(f"s{number}" for number in range(syntheses)))

    def comment(name: str, at: float, origin: Origin) -> Outcome:
        about = f"s{int(name[1:]) % syntheses}"
        fields = {"comment": name, "synthesis": about, "text": "Bien vu", "origin": origin}
        return labs.do(CommentWritten, f"p_{name}", at=at, **fields)

    return Queue(size, labs, comment, lambda name: labs.do(CommentRejected, comment=name))


def alerts() -> Queue:
    room = Room()

    def report(name: str, at: float, origin: Origin) -> Outcome:
        room.approved(f"q_{name}")
        fields = {"kind": "question", "thing": f"q_{name}", "grounds": "other", "origin": origin}
        return room.do(AlertRaised, f"p_{name}", at=at, **fields)

    return Queue(OPEN, room, report, lambda name: room.do(AlertKept, alert=f"question.q_{name}"))


QUEUES = {
    "questions": questions,
    "published questions": published,
    "posts": posts,
    "ideas of a table": table,
    "ideas carried to a table": carried,
    "answers to a call": call,
    "comments": lambda: comments(WAITING, 10),
    "comments about a synthesis": lambda: comments(ABOUT, 1),
    "alerts": alerts,
}


def restart(queue: Queue) -> None:
    """Have the room go on from what it saved."""
    body = msgspec.msgpack.encode(queue.room.audience.saved())
    queue.room.audience = Audience()
    queue.room.audience.restore(msgspec.msgpack.decode(body, type=Saved))


@pytest.mark.parametrize("kind", QUEUES)
def test_flood_of_new_tokens_leaves_places_and_what_is_taken_away_frees_its_own(kind: str) -> None:
    queue = QUEUES[kind]()
    taken = 0
    while isinstance(refused := queue.add(new), Accepted):
        taken += 1
    assert taken == queue.size // 4
    assert isinstance(refused, Refused)
    assert refused.reason is Reason.NEWCOMER_QUOTA
    assert 0 < refused.wait <= SETTLED_AFTER_S
    restart(queue)
    assert reason(queue.add(new)) is Reason.NEWCOMER_QUOTA
    for origin, network in ((new, ELSEWHERE), (settled, HERE), (present, HERE)):
        assert isinstance(queue.add(origin, network), Accepted)
    assert isinstance(queue.take_away("n1"), Accepted)
    assert isinstance(queue.add(new), Accepted)
    assert reason(queue.add(new)) is Reason.NEWCOMER_QUOTA


def test_settled_devices_of_one_network_leave_half_and_those_present_have_all() -> None:
    queue = table()
    while isinstance(refused := queue.add(settled), Accepted):
        pass
    assert reason(refused) is Reason.UNVERIFIED_QUOTA
    assert isinstance(queue.add(settled, ELSEWHERE), Accepted)
    while isinstance(refused := queue.add(present), Accepted):
        pass
    assert reason(refused) is Reason.TABLE_IDEAS_FULL
    assert reason(queue.add(settled, ELSEWHERE)) is Reason.TABLE_IDEAS_FULL
    pile = queue.room.audience.ideas.pile("c", T3)
    assert pile.ideas + pile.pending == MADE  # who has shown no code is read first


def test_who_is_at_another_table_is_an_outsider_at_this_one() -> None:
    at = 1_000.0
    origin = Origin(at - 1.0, HERE, "labo-1.3")
    assert trust(origin, at, "labo-1.3") is Trust.PRESENT
    assert trust(origin, at, "labo-1.4") is Trust.NEW
    assert trust(Origin(at, HERE, "labo-1"), at, "labo-1.4") is Trust.PRESENT
    assert trust(Origin(at, HERE, EVERYWHERE), at, "labo-1.4") is Trust.PRESENT


def test_outsiders_do_not_use_up_how_fast_a_table_writes() -> None:
    labs, at = Labs(), 1_000.0
    flood = [labs.make(f"i{n}", f"p{n}", at=at, origin=new(at)) for n in range(70)]
    assert reason(flood[-1]) is Reason.TOO_MANY
    assert isinstance(labs.make("there", "ann", at=at, origin=present(at)), Accepted)
    assert isinstance(labs.make("host", "anne", at=at), Accepted)
    assert isinstance(labs.make("settled", "bob", at=at, origin=settled(at)), Accepted)


def test_note_of_somebody_who_was_there_is_kept_beside_those_of_a_flood() -> None:
    room = Room()
    room.approved("q")

    def report(by: str, note: str, origin: Origin) -> None:
        fields = {"kind": "question", "thing": "q", "grounds": "other", "note": note}
        room.do(AlertRaised, by, at=1_000.0, origin=origin, **fields)

    for number in range(RAISED):
        report(f"p{number}", "bruit", new(1_000.0))
    report("ann", "Mon adresse", settled(1_000.0))
    alert = room.audience.alerts.by_id["question.q"]
    assert (alert.people, alert.notes[-1]) == (RAISED // 4 + 1, "Mon adresse")


def test_report_that_was_refused_for_now_is_taken_when_it_is_sent_again() -> None:
    queue = alerts()
    while isinstance(queue.add(new), Accepted):
        pass
    room, name = queue.room, f"q_n{OPEN // 4 + 1}"  # the one that was refused
    raised = AlertRaised(
        id="again", at=1e6, by="ann", kind="question", thing=name, grounds="other", origin=new(1e6)
    )
    assert reason(room.audience.apply("900000-0", raised)) is Reason.NEWCOMER_QUOTA
    queue.take_away("n1")
    assert isinstance(room.audience.apply("900001-0", raised), Accepted)


LEVELS = {Trust.NEW: new, Trust.SETTLED: settled, Trust.PRESENT: present}
ACTS = st.lists(
    st.tuples(st.sampled_from(list(Trust)), st.sampled_from(("", "a", "b", "c")), st.booleans()),
    max_size=80,
)


@given(st.integers(1, 24), ACTS)
def test_whatever_comes_shares_hold(size: int, acts: list[tuple[Trust, str, bool]]) -> None:
    shares, at = Shares(size), 1_000.0
    inside: list[tuple[Trust, str]] = []

    def held(*levels: Trust, network: str | None = None) -> int:
        return sum(level in levels and network in (None, whose) for level, whose in inside)

    for level, network, leaves in acts:
        origin = LEVELS[level](at, network)
        if leaves and inside:
            gone, whose = inside.pop(0)
            shares.count(LEVELS[gone](at, whose), at, -1)
        elif shares.refusal(origin, at) is None:
            shares.count(origin, at)
            inside.append((level, network))
        else:
            assert level is not Trust.PRESENT or len(inside) >= size
        low = Trust.NEW, Trust.SETTLED
        assert len(inside) <= size
        assert held(Trust.NEW) < size / 2 + 1
        assert held(*low) < 3 * size / 4 + 1
        for known in "abc":
            assert held(Trust.NEW, network=known) < size / 4 + 1
            assert held(*low, network=known) < size / 2 + 1
        # Whatever new devices of two networks did, one settled device of a third has a place.
        if not held(Trust.SETTLED) and not held(Trust.PRESENT) and size > 3:
            assert shares.refusal(settled(at, "d"), at) is None
    for level, network in inside:
        shares.count(LEVELS[level](at, network), at, -1)
    assert shares.refusal(present(at), at) is None
    assert not any(shares._held.values())
    assert not shares._networks
