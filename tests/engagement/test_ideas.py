"""Ideas: where a card is from and where it goes, who sees it when, what it gets, how many fit."""

from collections import Counter
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from engagement.audience import Audience
from engagement.cafe.events import (
    CafeClosed,
    NotesRevealed,
    RoundAdvanced,
)
from engagement.cafe.session import OWN
from engagement.fold import Accepted, Reason, Refused
from engagement.happening import ParticipantErased, PhaseSet
from engagement.ideas.events import (
    ClusterMade,
    ClusterNamed,
    ClusterRemoved,
    IdeaApproved,
    IdeaCarried,
    IdeaDotted,
    IdeaHidden,
    IdeaMade,
    IdeaRejected,
    IdeaRestored,
    IdeasGrouped,
    IdeasUngrouped,
    IdeaWithdrawn,
)
from engagement.ideas.fold import BURST, DOTS, EVERY, OWN_IDEAS, TABLE_BURST
from engagement.ideas.idea import IDEAS
from engagement.ideas.places import ANSWERS, CARRIED, MADE
from tests.engagement.laboratory import T3, T7, Labs, accepted
from tests.engagement.room import reason


@pytest.fixture
def labs() -> Labs:
    return Labs()


def test_card_of_one_table_is_seen_at_another_with_where_it_is_from(labs: Labs) -> None:
    labs.make("i")
    labs.advance()
    assert accepted(labs.carry("i", T7))
    card = labs["i"]
    assert (card.table, card.round, card.lab) == (T3, 1, "labo-1")
    assert [(stop.table, stop.round) for stop in card.stops] == [(T7, 2)]
    assert {("table", T3, ""), ("table", T7, "")} <= labs.audience.touched
    assert labs.ideas.at("c", T7) == [card]
    assert (labs.ideas.pile("c", T7).carried, labs.ideas.pile("c", T3).ideas) == (1, 1)


def test_card_that_two_carry_is_there_once(labs: Labs) -> None:
    labs.make("i")
    assert accepted(labs.carry("i", by="bob"), labs.carry("i", by="cem"), labs.carry("i", T3))
    assert [(stop.table, stop.round) for stop in labs["i"].stops] == [(T7, 1)]


def test_card_goes_to_tables_of_its_session_alone(labs: Labs) -> None:
    labs.make("i")
    labs.answer("a")
    labs.do(IdeaApproved, idea="a")
    assert reason(labs.carry("i", "labo-9.1")) == Reason.UNKNOWN_TABLE
    assert reason(labs.carry("a", T3)) == Reason.UNKNOWN_TABLE
    assert accepted(labs.carry("i", "labo-2.1"))


def test_card_that_comes_after_its_round_belongs_to_it(labs: Labs) -> None:
    labs.advance()
    labs.make("late", round=1)
    labs.make("now")
    labs.make("early", round=9)
    assert [labs[name].round for name in ("late", "now", "early")] == [1, 2, 2]
    labs.advance()
    labs.advance()
    assert labs.audience.cafes.progress["labo-1"].step == "gathering"
    assert accepted(labs.make("gathered"))
    assert labs["gathered"].round == 3


def test_closed_session_takes_nothing_but_retries(labs: Labs) -> None:
    labs.make("i")
    labs.group("g")
    labs.do(CafeClosed, cafe="c")
    assert accepted(labs.make("i"))
    for late in (
        labs.make("j"),
        labs.carry("i"),
        labs.dot("i", 1),
        labs.group("h"),
        labs.do(IdeasGrouped, cluster="g", ideas=("i",)),
    ):
        assert reason(late) == Reason.CAFE_CLOSED
    assert accepted(labs.do(IdeaHidden, idea="i"), labs.do(IdeaRestored, idea="i"))


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"cafe": "none"}, Reason.UNKNOWN_CAFE),
        ({"table": "labo-1.9"}, Reason.UNKNOWN_TABLE),
        ({"table": ""}, Reason.UNKNOWN_TABLE),
        ({"cafe": "call"}, Reason.UNKNOWN_TABLE),
    ],
)
def test_card_is_of_a_table_of_its_session(labs: Labs, fields: Any, why: Reason) -> None:
    assert reason(labs.make("i", **fields)) == why
    assert not labs.ideas.by_id


def test_retry_makes_no_copy(labs: Labs) -> None:
    first, again = labs.make("i"), labs.make("i")
    assert isinstance(first, Accepted)
    assert isinstance(again, Accepted)
    assert first.item == again.item
    assert reason(labs.make("i", text="Autre")) == Reason.KEY_REUSED
    assert labs.ideas.pile("c", T3).ideas == 1


def test_private_notes_show_together_when_they_are_revealed() -> None:
    labs = Labs(private=True)
    labs.make("mild", by="ann")
    labs.make("rude", by="bob", doubtful=True)
    labs.make("other", table=T7)
    assert {labs[name].state for name in ("mild", "rude", "other")} == {"noted"}
    assert not labs["mild"].public
    pile = labs.ideas.pile("c", T3)
    assert (pile.ideas, pile.noted) == (0, 2)
    labs.do(NotesRevealed, table=T3)
    assert [labs[name].state for name in ("mild", "rude", "other")] == ["shown", "pending", "noted"]
    assert ("me", OWN, "ann") in labs.audience.touched
    pile = labs.ideas.pile("c", T3)
    assert (pile.ideas, pile.noted, pile.pending) == (1, 0, 1)
    labs.make("after")
    assert labs["after"].state == "shown"
    labs.advance()
    labs.make("next")
    labs.make("late", round=1)
    assert (labs["next"].state, labs["late"].state) == ("noted", "shown")


@pytest.mark.parametrize("act", [RoundAdvanced, CafeClosed])
def test_notes_that_nobody_revealed_show_when_their_round_is_over(act: type) -> None:
    labs = Labs(private=True)
    labs.make("forgotten")
    labs.do(act, cafe="c")
    assert labs["forgotten"].state == "shown"
    assert labs.ideas.pile("c", T3).noted == 0


def test_answer_to_a_call_waits_until_it_is_read(labs: Labs) -> None:
    labs.answer("a", by="ann")
    labs.answer("b", by="bob")
    assert (labs["a"].state, labs["a"].views) == ("pending", (IDEAS,))
    labs.do(IdeaApproved, idea="a")
    labs.do(IdeaRejected, idea="b", reason="hors_sujet")
    assert (labs["a"].state, labs["a"].public) == ("shown", True)
    assert (labs["b"].state, labs["b"].reason) == ("hidden", "hors_sujet")
    labs.do(IdeaRestored, idea="b")
    assert (labs["b"].state, labs["b"].reason) == ("shown", "")


def test_doubtful_words_wait_at_a_table_too(labs: Labs) -> None:
    labs.make("i", doubtful=True)
    assert (labs["i"].state, labs.ideas.pile("c", T3).pending) == ("pending", 1)


def test_only_its_author_takes_it_back(labs: Labs) -> None:
    labs.make("i", by="ann")
    assert reason(labs.do(IdeaWithdrawn, "bob", idea="i")) == Reason.NOT_YOURS
    assert accepted(labs.do(IdeaWithdrawn, "ann", idea="i"))
    assert reason(labs.do(IdeaRestored, idea="i")) == Reason.WRONG_STATE
    assert labs.ideas.pile("c", T3).ideas == 0


def test_second_count_of_dots_replaces_the_first(labs: Labs) -> None:
    labs.make("i")
    labs.dot("i", 2, by="bob")
    labs.dot("i", 1, by="bob")
    labs.dot("i", 3, by="cem")
    assert (labs["i"].dots, labs.ideas.pile("c", T3).dots) == (4, 4)
    assert labs.ideas.given("c") == {"bob": {"i": 1}, "cem": {"i": 3}}
    labs.dot("i", 0, by="bob")
    assert (labs["i"].dots, labs.ideas.given_by("bob")) == (3, {})


def test_nobody_has_more_dots_than_planned(labs: Labs) -> None:
    for name in "ijk":
        labs.make(name)
    cafe = labs.audience.cafes.by_id["c"]
    assert reason(labs.dot("i", DOTS + 1)) == Reason.TOO_MANY_DOTS
    assert accepted(labs.dot("i", 3), labs.dot("j", 2))
    assert labs.ideas.dots_left(cafe, "bob") == 0
    assert reason(labs.dot("k", 1)) == Reason.TOO_MANY_DOTS
    assert accepted(labs.dot("i", 2), labs.dot("k", 1))
    assert accepted(labs.dot("k", 3, by="cem"))


def test_dots_of_a_card_that_went_are_given_again(labs: Labs) -> None:
    for name in "ij":
        labs.make(name)
    labs.dot("i", 3)
    labs.do(IdeaHidden, idea="i")
    assert reason(labs.dot("i", 1)) == Reason.WRONG_STATE
    assert accepted(labs.dot("j", 3))
    labs.do(IdeaRestored, idea="i")
    cafe = labs.audience.cafes.by_id["c"]
    assert (labs["i"].dots, labs.ideas.dots_left(cafe, "bob")) == (3, 0)
    assert reason(labs.dot("j", 4)) == Reason.TOO_MANY_DOTS
    assert accepted(labs.dot("j", 2))  # fewer than before is never too many


def test_one_may_write_so_much_at_once(labs: Labs) -> None:
    for number in range(BURST):
        assert accepted(labs.make(f"i{number}", at=0.0))
    refused = labs.make("more", at=0.0)
    assert isinstance(refused, Refused)
    assert (refused.reason, refused.wait) == (Reason.TOO_MANY, EVERY)
    assert reason(labs.carry("i0", by="ann", at=0.0)) == Reason.TOO_MANY
    assert accepted(labs.make("other", by="bob", at=0.0), labs.make("more", at=EVERY))


def test_card_that_was_refused_for_now_is_carried_when_it_is_sent_again(labs: Labs) -> None:
    labs.make("i", by="bob")
    for number in range(BURST):
        labs.make(f"i{number}", at=1000.0)
    carried = IdeaCarried(id="once", at=1000.0, by="ann", idea="i", table=T7)
    apply = labs.audience.apply
    assert apply("500-0", carried) == Refused(Reason.TOO_MANY, wait=EVERY)
    assert apply("501-0", replace(carried, at=1001.0)) == Refused(Reason.TOO_MANY, wait=EVERY - 1)
    for late in ("502-0", "503-0"):
        assert accepted(apply(late, replace(carried, at=1000.0 + EVERY)))
        assert labs["i"].version == "502-0"
        assert [(stop.table, stop.round) for stop in labs["i"].stops] == [(T7, 1)]


def test_table_takes_two_hundred_cards_a_minute(labs: Labs) -> None:
    outcomes = [labs.make(f"i{n}", by=f"p{n % 40}", at=n * 60 / 200) for n in range(200)]
    assert accepted(*outcomes)
    flood = [labs.make(f"j{n}", by=f"q{n}", at=60.0) for n in range(TABLE_BURST + 10)]
    waits = [each.wait for each in flood if isinstance(each, Refused)]
    assert len(waits) == 10
    assert max(waits) <= 0.3 + 1e-6
    assert accepted(labs.make("elsewhere", by="q1", table=T7, at=60.0))


def test_who_is_refused_by_a_busy_table_has_lost_nothing(labs: Labs) -> None:
    for number in range(TABLE_BURST):
        labs.make(f"i{number}", by=f"p{number}", at=0.0)
    for number in range(BURST):
        assert reason(labs.make(f"j{number}", by="ann", at=0.0)) == Reason.TOO_MANY
    assert accepted(*(labs.make(f"k{n}", by="ann", table=T7, at=0.0) for n in range(BURST)))


def test_places_take_so_many_cards(labs: Labs) -> None:
    for number in range(OWN_IDEAS):
        assert accepted(labs.make(f"a{number}", by="ann"))
    labs.do(IdeaWithdrawn, "ann", idea="a0")
    assert reason(labs.make("more", by="ann")) == Reason.OWN_IDEAS_FULL
    assert accepted(labs.make("more", by="ann", table=T7))
    for number in range(OWN_IDEAS, MADE + 1):  # the one that was withdrawn takes no place
        assert accepted(labs.make(f"a{number}", by=f"p{number}"))
    assert reason(labs.make("one", by="zoe")) == Reason.TABLE_IDEAS_FULL
    for number in range(1, CARRIED + 1):
        assert accepted(labs.carry(f"a{number}", "labo-1.1"))
    assert reason(labs.carry(f"a{CARRIED + 1}", "labo-1.1")) == Reason.TABLE_IDEAS_FULL
    assert len(labs.ideas.of("c")) == MADE + 2


def test_call_takes_so_many_answers(labs: Labs) -> None:
    for number in range(ANSWERS):
        assert accepted(labs.answer(f"a{number}", by=f"p{number}", at=0.0))
    assert reason(labs.answer("more", by="zoe")) == Reason.TABLE_IDEAS_FULL


def test_erased_participant_leaves_dots_and_nothing_else(labs: Labs) -> None:
    labs.make("i", by="ann", text="Mon numéro", author="Ann", picture="p.jpg", alt="Moi")
    labs.make("j", by="bob")
    labs.carry("i", T7)
    labs.dot("j", 2, by="ann")
    assert labs.ideas.shows("p.jpg")
    labs.do(ParticipantErased, participant="ann", stand_in="gone")
    card = labs["i"]
    assert (card.by, card.text, card.author, card.picture, card.alt) == ("gone", "", "", "", "")
    assert (card.state, labs["j"].dots) == ("withdrawn", 2)
    assert labs.ideas.pictures() == set()
    assert (labs.ideas.pile("c", T3).ideas, labs.ideas.pile("c", T7).carried) == (1, 0)
    assert b"ann" not in msgspec.msgpack.encode(labs.ideas.saved())


def test_ideas_of_a_rehearsal_go_with_it(labs: Labs) -> None:
    labs.make("before")
    labs.do(PhaseSet, phase="rehearsal")
    labs.make("during")
    labs.dot("before", 1)
    labs.do(PhaseSet, phase="open")
    assert list(labs.ideas.by_id) == ["before"]
    assert (labs["before"].dots, labs.ideas.pile("c", T3).ideas) == (0, 1)


TYPES = (
    *(IdeaMade, IdeaMade, IdeaCarried, IdeaDotted, IdeaApproved, IdeaRejected, IdeaHidden),
    *(IdeaRestored, IdeaWithdrawn, ClusterMade, ClusterNamed, IdeasGrouped, IdeasUngrouped),
    *(ClusterRemoved, NotesRevealed, RoundAdvanced, ParticipantErased),
)
ACTS = st.lists(
    st.tuples(
        st.sampled_from(TYPES), st.sampled_from("abc"), st.sampled_from("pqrs"), st.integers(0, 3)
    ),
    max_size=50,
)


def happen(labs: Labs, acts: list[tuple[Any, str, str, int]]) -> None:
    for act, by, name, number in acts:
        table = (T3, T7)[number % 2]
        known: dict[type, dict[str, Any]] = {
            IdeaMade: {"idea": name, "cafe": "c", "text": name, "table": table},
            IdeaCarried: {"idea": name, "table": table},
            IdeaDotted: {"idea": name, "dots": number},
            ClusterMade: {"cluster": f"g{number}", "table": table, "name": name, "ideas": (name,)},
            ClusterNamed: {"cluster": f"g{number}", "name": name},
            IdeasGrouped: {"cluster": f"g{number}", "ideas": (name,)},
            IdeasUngrouped: {"cluster": f"g{number}", "ideas": (name,)},
            ClusterRemoved: {"cluster": f"g{number}"},
            NotesRevealed: {"table": table},
            RoundAdvanced: {"cafe": "c"},
            ParticipantErased: {"participant": by, "stand_in": f"gone {by}"},
        }
        labs.do(act, by, **known.get(act, {"idea": name}))


@given(ACTS, ACTS, st.booleans())
def test_restored_ideas_go_on_as_those_that_were_saved(
    before: list[tuple[Any, str, str, int]], after: list[tuple[Any, str, str, int]], private: bool
) -> None:
    one, other = Labs(private=private), Labs(private=private)
    happen(one, before)
    other.audience = Audience()
    other.audience.restore(one.audience.saved())
    one._numbers, other._numbers = iter(range(1000, 2000)), iter(range(1000, 2000))
    happen(one, after)
    happen(other, after)
    assert one.ideas.saved() == other.ideas.saved()
    for table in (T3, T7):
        assert sorted(idea.id for idea in one.ideas.at("c", table)) == sorted(
            idea.id for idea in other.ideas.at("c", table)
        )


@given(ACTS, st.booleans())
def test_whatever_happens_counts_are_those_of_the_cards(
    acts: list[tuple[Any, str, str, int]], private: bool
) -> None:
    labs = Labs(private=private)
    happen(labs, acts)
    ideas = labs.ideas.of("c")
    dots: Counter[str] = Counter()
    for theirs in labs.ideas.given("c").values():
        dots.update(theirs)
    assert {idea.id: idea.dots for idea in ideas if idea.dots} == dict(dots)
    for table in (T3, T7):
        pile = labs.ideas.pile("c", table)
        made = [idea for idea in ideas if idea.table == table]
        assert pile.ideas == sum(idea.public for idea in made)
        assert pile.noted == sum(idea.state == "noted" for idea in made)
        assert pile.dots == sum(idea.dots for idea in made if idea.public)
    for idea in ideas:
        groups = [labs.ideas.clusters[name] for name in idea.clusters]
        assert not any(group.removed for group in groups)
        assert len({group.table for group in groups}) == len(groups)
        assert {group.table for group in groups} <= set(idea.tables)
