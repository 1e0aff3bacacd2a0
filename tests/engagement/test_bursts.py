"""Bursts of new devices: ballots count until they are set aside; support and dots do not count."""

from itertools import count

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from engagement.audience import Audience, Saved
from engagement.bursts import ALL_AT_ONCE, AT_ONCE, EVERY, MANY, Bursts
from engagement.fold import Accepted, Reason
from engagement.happening import ParticipantErased, digest_of
from engagement.ideas.events import IdeaDotsAccepted, IdeaDotted
from engagement.origin import SETTLED_AFTER_S, Origin
from engagement.polls import (
    BallotCast,
    Burst,
    BurstCounted,
    BurstSetAside,
    Kind,
    Option,
    Poll,
    PollClosed,
    PollPublished,
    PollReopened,
)
from engagement.polls.arrivals import SHOWN
from engagement.syntheses.events import (
    SynthesisSupportAccepted,
    SynthesisSupported,
    SynthesisUnsupported,
)
from engagement.wall.post import (
    PostApproved,
    PostShown,
    PostSupportAccepted,
    PostSupported,
    PostUnsupported,
    PostWritten,
)
from tests.engagement import labs
from tests.engagement.laboratory import Labs
from tests.engagement.room import Room, reason

NOW = 10_000.0
FEW = 5


def new(network: str = "3f2") -> Origin:
    return Origin(NOW - 10.0, network)


def restored(room: Room) -> Audience:
    again = Audience()
    body = msgspec.msgpack.encode(room.audience.saved())
    again.restore(msgspec.msgpack.decode(body, type=Saved))
    return again


def poll(room: Room) -> Poll:
    return room.audience.polls.by_id["p"]


def votes(room: Room) -> tuple[int, ...]:
    return (*poll(room).counts, poll(room).ballots)


def burst(room: Room, ballots: int, network: str = "3f2", choice: str = "o1") -> None:
    for number in range(ballots):
        cast = {"poll": "p", "round": poll(room).round, "choices": (choice,)}
        room.do(BallotCast, f"{network} {number}", at=NOW, origin=new(network), **cast)


def test_burst_is_what_one_network_sends_beyond_its_limit() -> None:
    bursts = Bursts()
    for _ in range(AT_ONCE):
        assert bursts.of("a", new(), NOW) is None
    assert bursts.of("a", new(), NOW) == "3f2"
    assert bursts.of("a", new("other"), NOW) is None
    assert bursts.of("b", new(), NOW) is None
    assert bursts.of("a", new(), NOW + EVERY) is None
    assert bursts.of("a", new(), NOW + EVERY) == "3f2"


def test_settled_and_present_devices_and_the_crew_belong_to_no_burst() -> None:
    bursts = Bursts()
    settled = Origin(NOW - SETTLED_AFTER_S, "3f2")
    present = Origin(NOW, "3f2", "labo-1.3")
    for origin in (settled, present, None):
        assert {bursts.of("a", origin, NOW) for _ in range(10 * ALL_AT_ONCE)} == {None}


def test_many_networks_together_make_a_burst() -> None:
    bursts = Bursts()
    said = [bursts.of("a", new(f"{number}"), NOW) for number in range(ALL_AT_ONCE + 5)]
    assert said == [None] * ALL_AT_ONCE + [MANY] * 5


def test_ballots_of_a_burst_count_until_they_are_set_aside_and_again_afterwards() -> None:
    room = Room()
    room.opened()
    room.vote("ann", "o2")
    burst(room, AT_ONCE)
    assert poll(room).bursts == ()
    burst(room, AT_ONCE + 1)
    assert poll(room).bursts == (Burst("3f2", AT_ONCE + 1),)
    assert votes(room) == (AT_ONCE + 1, 1, 0, AT_ONCE + 2)
    about = {"poll": "p", "round": 1, "network": "3f2"}
    assert isinstance(room.do(BurstSetAside, **about), Accepted)
    assert votes(room) == (0, 1, 0, 1)
    assert poll(room).bursts == (Burst("3f2", AT_ONCE + 1, aside=True),)
    burst(room, AT_ONCE + 3, choice="o3")  # two more, and the others change their minds
    assert votes(room) == (0, 1, 0, 1)
    assert restored(room).saved() == room.audience.saved()
    room.do(PollClosed, poll="p")
    assert isinstance(room.do(BurstCounted, **about), Accepted)
    assert votes(room) == (0, 1, AT_ONCE + 3, AT_ONCE + 4)
    room.do(BurstSetAside, **about)
    room.do(PollPublished, poll="p")
    assert votes(room) == (0, 1, 0, 1)
    assert reason(room.do(BurstCounted, **about)) == Reason.WRONG_STATE


def test_one_network_is_set_aside_without_the_other() -> None:
    room = Room()
    room.opened()
    burst(room, 40, "aaa")
    burst(room, 50, "bbb", choice="o2")
    room.do(BurstSetAside, poll="p", round=1, network="bbb")
    assert votes(room) == (40, 0, 0, 40)
    assert poll(room).bursts == (Burst("aaa", 40), Burst("bbb", 50, aside=True))
    room.do(BurstCounted, poll="p", round=1, network="bbb")
    assert votes(room) == (40, 50, 0, 90)


def test_burst_that_is_not_there_is_not_set_aside() -> None:
    room = Room()
    room.opened()
    burst(room, 40)
    about = {"poll": "p", "network": "3f2"}
    assert reason(room.do(BurstSetAside, round=1, poll="p", network="x")) == Reason.UNKNOWN_BURST
    assert reason(room.do(BurstSetAside, round=2, **about)) == Reason.WRONG_ROUND
    room.do(PollClosed, poll="p")
    room.do(PollReopened, poll="p")
    assert poll(room).bursts == ()
    assert reason(room.do(BurstSetAside, round=2, **about)) == Reason.UNKNOWN_BURST


def test_erased_ballot_stays_in_its_burst() -> None:
    room = Room()
    room.opened(kind="words", options=(), max_choices=1)
    for number in range(AT_ONCE + FEW):
        cast = {"poll": "p", "round": 1, "texts": ("vélo",)}
        room.do(BallotCast, f"{number}", at=NOW, origin=new(), **cast)
    about = {"poll": "p", "round": 1, "network": "3f2"}
    room.do(BurstSetAside, **about)
    room.do(ParticipantErased, participant="0", stand_in="x", digest=digest_of("0"))
    assert (poll(room).ballots, poll(room).words) == (0, ())
    assert restored(room).polls.words("p", 1, 9) == ()
    room.do(BurstCounted, **about)
    assert poll(room).ballots == AT_ONCE + FEW
    assert [word.votes for word in poll(room).words] == [AT_ONCE + FEW - 1]  # words go


def test_most_networks_are_shown_together() -> None:
    room = Room()
    room.opened()
    for network in range(20):
        burst(room, AT_ONCE + 1, f"{network:03x}")
    assert len(poll(room).bursts) <= SHOWN + 1
    assert MANY in {burst.network for burst in poll(room).bursts}
    assert poll(room).ballots == 20 * (AT_ONCE + 1)


SHAPES: dict[Kind, st.SearchStrategy[dict[str, tuple[str, ...]]]] = {
    "single": st.sampled_from([{"choices": (f"o{n}",)} for n in range(3)]),
    "rating": st.sampled_from([{"choices": (f"o{n}",)} for n in range(5)]),
    "multiple": st.sampled_from([{"choices": ("o0", "o2")}, {"choices": ("o1",)}]),
    "ranking": st.permutations(["o0", "o1", "o2"]).map(lambda order: {"choices": tuple(order)}),
    "dots": st.sampled_from([{"choices": ("o0", "o0", "o2")}, {"choices": ("o1",)}]),
    "words": st.sampled_from([{"texts": ("Vélo", "bus")}, {"texts": ("vélo",)}]),
}


@settings(max_examples=30, deadline=None)
@given(st.data(), st.sampled_from(sorted(SHAPES)))
def test_what_is_set_aside_leaves_the_results_of_the_others(
    data: st.DataObject, kind: Kind
) -> None:
    """Whatever the kind: results with a burst set aside are those without its ballots."""
    cast = [
        (by, network, data.draw(SHAPES[kind]), data.draw(st.sampled_from(["labo-0", ""])))
        for by, network in [
            *((f"a{number % 33}", "aaa") for number in range(40)),
            *((f"b{number}", data.draw(st.sampled_from(["bbb", ""]))) for number in range(FEW)),
        ]
    ]
    data.draw(st.randoms()).shuffle(cast)
    options = tuple(Option(f"o{n}", f"{n}") for n in range(5 if kind == "rating" else 3))
    more = {"kind": kind, "compare_by": "lab", "max_choices": 2}
    rooms = Room(), Room(), Room()
    for room in rooms:
        room.opened(options=() if kind == "words" else options, **more)
    whole, aside, without = rooms
    at = data.draw(st.integers(34, len(cast)))
    for number, (by, network, said, lab) in zip(count(), cast, strict=False):
        about = {"poll": "p", "round": 1, "lab": lab, "origin": new(network), **said}
        for room in (whole, aside):
            room.do(BallotCast, by, at=NOW, **about)
        if network != "aaa":
            without.do(BallotCast, by, at=NOW, **about)
        if number + 1 == at:
            aside.do(BurstSetAside, poll="p", round=1, network="aaa")
    results = [(poll(room).counts, poll(room).labs, poll(room).ballots) for room in rooms]
    words = [room.audience.polls.words("p", 1, 9) for room in rooms]
    assert results[1] == results[2]
    assert words[1] == words[2] == poll(aside).words
    again = restored(aside)
    assert again.polls.words("p", 1, 9) == words[2]
    aside.do(BurstCounted, poll="p", round=1, network="aaa")
    assert (poll(aside).counts, poll(aside).labs, poll(aside).ballots) == results[0]
    assert poll(aside).words == words[0]


def test_support_of_a_post_in_a_burst_is_set_aside_until_a_moderator_counts_it() -> None:
    room = Room()
    room.do(PostWritten, "ann", post="w", text="Bonjour")
    room.do(PostApproved, post="w")
    room.do(PostShown, post="w")

    def given() -> tuple[int, int]:
        post = room.audience.posts.by_id["w"]
        return post.support, post.aside

    for number in range(AT_ONCE + FEW):
        room.do(PostSupported, f"{number}", at=NOW, post="w", origin=new())
    assert given() == (AT_ONCE, FEW)
    room.do(PostSupported, "0", at=NOW, post="w", origin=new())  # again: it counts already
    room.do(PostUnsupported, f"{AT_ONCE}", post="w")
    assert given() == (AT_ONCE, FEW - 1)
    last = f"{AT_ONCE + 1}"
    assert room.audience.posts.supports(last) == ["w"]
    room.do(ParticipantErased, participant=last, stand_in="x", digest=digest_of(last))
    assert given() == (AT_ONCE, FEW - 1)
    assert restored(room).saved() == room.audience.saved()
    assert isinstance(room.do(PostSupportAccepted, post="w"), Accepted)
    assert given() == (AT_ONCE + FEW - 1, 0)
    room.do(PostSupported, "later", at=NOW, post="w", origin=new())
    assert given() == (AT_ONCE + FEW, 0)


def test_support_of_a_synthesis_in_a_burst_is_set_aside_until_a_moderator_counts_it() -> None:
    room = labs.Labs()
    room.shared("s")

    def given() -> tuple[int, int]:
        synthesis = room.audience.syntheses.by_id["s"]
        return synthesis.support, synthesis.aside

    for number in range(AT_ONCE + FEW):
        room.do(SynthesisSupported, f"{number}", at=NOW, synthesis="s", origin=new())
    room.do(SynthesisUnsupported, f"{AT_ONCE}", synthesis="s")
    assert given() == (AT_ONCE, FEW - 1)
    assert room.audience.syntheses.supports(f"{AT_ONCE + 1}") == ["s"]
    assert restored(room).saved() == room.audience.saved()
    assert isinstance(room.do(SynthesisSupportAccepted, synthesis="s"), Accepted)
    assert given() == (AT_ONCE + FEW - 1, 0)


def test_dots_in_a_burst_are_set_aside_until_a_moderator_counts_them() -> None:
    room = Labs(dots=5)
    room.make("i")

    def dot(by: int, dots: int) -> None:
        given = room.do(IdeaDotted, f"{by}", at=NOW, idea="i", dots=dots, origin=new())
        assert isinstance(given, Accepted)

    for number in range(AT_ONCE + FEW):
        dot(number, 2)
    assert (room["i"].dots, room["i"].aside) == (2 * AT_ONCE, 2 * FEW)
    assert room.ideas.pile("c", room["i"].table).dots == 2 * AT_ONCE
    dot(0, 3)
    dot(AT_ONCE, 3)
    dot(AT_ONCE + 1, 0)
    assert (room["i"].dots, room["i"].aside) == (2 * AT_ONCE + 1, 2 * FEW - 1)
    last = f"{AT_ONCE + 2}"
    room.do(ParticipantErased, participant=last, stand_in="x", digest=digest_of(last))
    assert restored(room).saved() == room.audience.saved()
    assert isinstance(room.do(IdeaDotsAccepted, idea="i"), Accepted)
    assert (room["i"].dots, room["i"].aside) == (2 * AT_ONCE + 2 * FEW, 0)
