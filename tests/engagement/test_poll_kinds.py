"""Polls of every kind: what a ballot of each must be, and that each counts once."""

from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import msgpack
from msgspec.structs import replace

from engagement.fold import Accepted, Event, Reason
from engagement.happening import ParticipantErased
from engagement.polls import (
    DOTS,
    Answer,
    AnswerApproved,
    AnswerRejected,
    BallotCast,
    Kind,
    LabCounts,
    Option,
    Poll,
    PollClosed,
    PollCreated,
    PollDeleted,
    PollEdited,
    PollOpened,
    PollPublished,
    PollReopened,
    Polls,
    Word,
    WordHidden,
    compared,
    unfit,
)
from engagement.polls.words import Cloud, same
from tests.engagement.room import Room, reason

THREE = tuple(Option(f"o{number}", f"Réponse {number}") for number in (1, 2, 3))
NONE: tuple[Option, ...] = ()


def opened(kind: Kind, **more: Any) -> Room:
    room = Room()
    options = NONE if kind in ("text", "words") else THREE
    room.opened(kind=kind, **{"options": options, **more})
    return room


def poll(room: Room) -> Poll:
    return room.audience.polls.by_id["p"]


def write(room: Room, by: str, *texts: str, round: int = 1) -> Any:
    return room.do(BallotCast, by, poll="p", round=round, texts=texts)


def answers(room: Room) -> list[Answer]:
    return list(room.audience.polls.answers.values())


@pytest.mark.parametrize(
    ("kind", "choices", "expected"),
    [
        ("multiple", ("o1", "o3"), (1, 0, 1)),
        ("ranking", ("o3", "o1", "o2"), (1, 0, 2)),
        ("dots", ("o1",) * 7 + ("o2",) * 3, (7, 3, 0)),
    ],
)
def test_ballot_counts_by_option(
    kind: Kind, choices: tuple[str, ...], expected: tuple[int, ...]
) -> None:
    room = opened(kind, max_choices=2)
    assert isinstance(room.vote("ann", *choices), Accepted)
    assert (poll(room).counts, poll(room).ballots) == (expected, 1)


@pytest.mark.parametrize(
    ("kind", "choices", "expected"),
    [
        ("single", ("o1", "o2"), Reason.ONE_CHOICE),
        ("multiple", (), Reason.WRONG_CHOICES),
        ("multiple", ("o1", "o1"), Reason.WRONG_CHOICES),
        ("multiple", ("o1", "o2", "o3"), Reason.WRONG_CHOICES),
        ("multiple", ("o9",), Reason.UNKNOWN_OPTION),
        ("ranking", ("o1", "o2"), Reason.WRONG_RANKING),
        ("ranking", ("o1", "o2", "o2"), Reason.WRONG_RANKING),
        ("dots", (), Reason.WRONG_DOTS),
        ("dots", ("o1",) * (DOTS + 1), Reason.WRONG_DOTS),
        ("words", ("o1",), Reason.UNKNOWN_OPTION),
    ],
)
def test_ballot_of_another_shape_is_refused(
    kind: Kind, choices: tuple[str, ...], expected: Reason
) -> None:
    room = opened(kind, max_choices=2)
    assert reason(room.vote("ann", *choices)) == expected
    assert poll(room).ballots == 0


def test_more_words_than_asked_for_are_refused() -> None:
    room = opened("words", max_choices=2)
    assert reason(write(room, "ann", "un", "deux", "trois")) == Reason.WRONG_CHOICES
    assert reason(write(opened("text"), "ann", "un", "deux")) == Reason.WRONG_CHOICES
    assert reason(write(opened("single"), "ann", "un")) == Reason.UNKNOWN_OPTION


@pytest.mark.parametrize(
    ("kind", "options", "most", "expected"),
    [
        ("single", THREE[:1], 1, Reason.BAD_OPTIONS),
        ("single", (*THREE, Option("o4", "Réponse 1")), 1, Reason.BAD_OPTIONS),
        ("multiple", THREE, 4, Reason.WRONG_MAXIMUM),
        ("rating", THREE, 1, Reason.WRONG_SCALE),
        ("text", THREE, 1, Reason.NO_OPTIONS),
        ("words", NONE, 6, Reason.WRONG_MAXIMUM),
        ("dots", THREE, 1, None),
        ("words", NONE, 3, None),
    ],
)
def test_draft_must_fit_its_kind(
    kind: Kind, options: tuple[Option, ...], most: int, expected: Reason | None
) -> None:
    assert unfit(kind, options, most) == expected
    room = Room()
    made = room.poll(kind=kind, options=options, max_choices=most)
    assert expected == (None if isinstance(made, Accepted) else reason(made))


def test_draft_is_changed_where_it_is_said_and_stays_possible() -> None:
    room = Room()
    room.poll()
    room.do(PollEdited, poll="p", prompt="Vraiment ?", kind="multiple", max_choices=2)
    assert (poll(room).prompt, poll(room).kind, poll(room).max_choices) == (
        "Vraiment ?",
        "multiple",
        2,
    )
    assert reason(room.do(PollEdited, poll="p", options=THREE[:1])) == Reason.BAD_OPTIONS
    room.do(PollEdited, poll="p", options=THREE[:2])
    assert poll(room).counts == (0, 0)
    room.do(PollOpened, poll="p")
    assert reason(room.do(PollEdited, poll="p", prompt="Trop tard")) == Reason.WRONG_STATE


def test_deleted_draft_is_gone_for_all_and_no_retry_brings_it_back() -> None:
    room = Room()
    room.poll()
    room.do(PollDeleted, poll="p")
    assert poll(room).gone
    assert reason(room.poll()) == Reason.UNKNOWN_POLL
    assert reason(room.do(PollOpened, poll="p")) == Reason.UNKNOWN_POLL
    room.opened("other")
    assert reason(room.do(PollDeleted, poll="other")) == Reason.WRONG_STATE


def test_results_change_no_more_once_published() -> None:
    room = opened("single")
    room.vote("ann", "o1")
    room.do(PollClosed, poll="p", at=301.0)
    room.do(PollPublished, poll="p")
    late = room.do(BallotCast, "bob", at=300.0, poll="p", round=1, choices=("o2",))
    assert reason(late) == Reason.POLL_NOT_OPEN
    assert poll(room).counts == (1, 0, 0)


def test_answers_are_read_before_they_are_shown_and_again_when_they_change() -> None:
    room = opened("text")
    write(room, "ann", "Un jardin")
    (answer,) = answers(room)
    assert not answer.public
    room.do(AnswerApproved, poll="p", answer=answer.id)
    assert answers(room)[0].public
    write(room, "ann", "Un parking")
    (again,) = answers(room)
    assert (again.id, again.text, again.state) == (answer.id, "Un parking", "pending")
    assert again.was_public  # pages are told that it is not there any more
    room.do(AnswerRejected, poll="p", answer=answer.id)
    assert answers(room)[0].state == "rejected"
    unknown = room.do(AnswerApproved, poll="p", answer="a_?")
    assert reason(unknown) == Reason.UNKNOWN_ANSWER


def test_answers_of_two_rounds_are_two() -> None:
    room = opened("text")
    write(room, "ann", "Avant")
    room.do(PollClosed, poll="p")
    room.do(PollReopened, poll="p")
    write(room, "ann", "Après", round=2)
    polls = room.audience.polls
    texts = [[answer.text for answer in polls.answers_to("p", round)] for round in (1, 2)]
    assert texts == [["Avant"], ["Après"]]


def test_words_are_put_together_whatever_their_case_accents_and_marks() -> None:
    room = opened("words", max_choices=3)
    write(room, "ann", "Proximité", "écoute", "« proximite »")
    write(room, "bob", "proximité")
    write(room, "cat", "proximité", "Écoute")
    assert poll(room).words == (Word("proximite", "proximité", 3), Word("ecoute", "Écoute", 2))
    write(room, "bob", "écoute")
    assert [(word.key, word.votes) for word in poll(room).words] == [
        ("ecoute", 3),
        ("proximite", 2),
    ]


def test_word_is_the_same_with_its_ligature_and_without() -> None:
    room = opened("words", max_choices=3)
    write(room, "ann", "cœur", "Coeur", "ex æquo")
    assert [(word.key, word.votes) for word in poll(room).words] == [("coeur", 1), ("ex aequo", 1)]
    room.do(WordHidden, poll="p", word="CŒUR")
    assert [word.key for word in poll(room).words] == ["ex aequo"]


def test_hidden_word_is_not_shown_in_any_round_until_it_is_shown_again() -> None:
    room = opened("words")
    write(room, "ann", "Zut")
    write(room, "bob", "toit")
    room.do(WordHidden, poll="p", word="ZUT")
    assert [word.text for word in poll(room).words] == ["toit"]
    room.do(PollClosed, poll="p")
    room.do(PollReopened, poll="p")
    write(room, "ann", "zut", round=2)
    assert poll(room).words == ()
    polls = room.audience.polls
    assert [word.text for word in polls.words("p", 1, 10)] == ["toit"]
    room.do(WordHidden, poll="p", word="zut", hidden=False)
    assert [word.text for word in poll(room).words] == ["zut"]


def test_ballot_counts_in_the_lab_that_its_voter_has_now() -> None:
    room = opened("single", compare_by="lab")
    for lab, choice in (("nord", "o1"), ("sud", "o2")):
        room.do(BallotCast, "ann", poll="p", round=1, choices=(choice,), lab=lab)
    assert poll(room).labs == (LabCounts("sud", (0, 1, 0), 1),)


def test_one_lab_alone_is_never_left_out() -> None:
    def shown(**ballots: int) -> list[str]:
        labs = [LabCounts(lab, (number,), number) for lab, number in ballots.items()]
        return [lab for lab, found in compared(labs) if found]

    assert shown(a=20, b=10, c=7) == ["a", "b", "c"]
    assert shown(a=20, b=10, c=3) == ["a"]  # b too, or c would be the difference
    assert shown(a=20, b=10, c=3, d=4) == ["a", "b"]  # seven people between the two
    assert shown(a=20, b=10, c=1, d=2) == ["a"]  # three would be too few
    assert shown(a=20, b=3) == []
    assert shown(a=5) == ["a"]
    assert shown() == []


@given(st.dictionaries(st.text("abcdefg", max_size=1), st.integers(1, 12)))
def test_labs_that_are_left_out_are_several_and_a_crowd(ballots: dict[str, int]) -> None:
    labs = [LabCounts(lab, (number,), number) for lab, number in ballots.items()]
    found = dict(compared(labs))
    assert found.keys() == ballots.keys()
    left_out = [ballots[lab] for lab, counts in found.items() if counts is None]
    assert all(ballots[lab] >= 5 for lab, counts in found.items() if counts)
    if left_out and len(left_out) < len(ballots):
        assert len(left_out) >= 2
        assert sum(left_out) >= 5


WORDS = st.sampled_from(["Été", "été", "ete", "toit", "Toit", "lien", "", "…"])


@given(st.lists(st.tuples(st.sampled_from("abc"), st.lists(WORDS, max_size=3))))
def test_cloud_is_what_counting_all_anew_would_give(given: list[tuple[str, list[str]]]) -> None:
    cloud = Cloud()
    last: dict[str, list[str]] = {}
    for who, words in given:
        cloud.replace(last.get(who, ()), words)
        last[who] = words
    votes = Counter(key for words in last.values() for key in {same(word) for word in words})
    found = {word.key: word.votes for word in cloud.top(100)}
    assert found == votes
    ranks = [(-word.votes, word.key) for word in cloud.top(100)]
    assert ranks == sorted(ranks)


BALLOTS = {
    "single": st.sampled_from([("o1",), ("o2",), ("o3",), ("o9",)]),
    "multiple": st.lists(st.sampled_from(["o1", "o2", "o3"]), max_size=3).map(tuple),
    "ranking": st.permutations(["o1", "o2", "o3"]).map(tuple),
    "dots": st.lists(st.sampled_from(["o1", "o2", "o3"]), max_size=12).map(tuple),
}


@st.composite
def votes(draw: st.DrawFn) -> tuple[Kind, list[tuple[str, str, tuple[str, ...]]]]:
    kind: Kind = draw(st.sampled_from(["single", "multiple", "ranking", "dots"]))
    ballot = st.tuples(
        st.sampled_from("abcdef"), st.sampled_from(["", "nord", "sud"]), BALLOTS[kind]
    )
    return kind, draw(st.lists(ballot, max_size=12))


@given(votes())
def test_each_lab_and_all_of_them_count_every_ballot_once(
    drawn: tuple[Kind, list[tuple[str, str, tuple[str, ...]]]],
) -> None:
    kind, cast = drawn
    room = opened(kind, max_choices=2, compare_by="lab")
    last: dict[str, tuple[str, tuple[str, ...]]] = {}
    for by, lab, choices in cast:
        said = room.do(BallotCast, by, poll="p", round=1, choices=choices, lab=lab)
        if isinstance(said, Accepted):
            last[by] = lab, choices
    expected = Counter[str]()
    for _, choices in last.values():
        for rank, choice in enumerate(choices, 1):
            expected[choice] += 3 - rank if kind == "ranking" else 1
    assert poll(room).counts == tuple(expected[option.id] for option in THREE)
    assert poll(room).ballots == len(last)
    by_lab = [tuple(lab.counts) for lab in poll(room).labs]
    assert tuple(map(sum, zip(*by_lab, strict=True))) == (poll(room).counts if last else ())
    assert {lab.lab: lab.ballots for lab in poll(room).labs} == Counter(
        lab for lab, _ in last.values()
    )


def life() -> list[Event]:
    """All kinds of polls, in which ann and others vote, write and change their minds."""
    events: list[Event] = []

    def do(type: Any, by: str = "crew", **fields: Any) -> None:
        events.append(type(id=f"e{len(events)}", at=float(len(events)), by=by, **fields))

    for name, kind in (("s", "single"), ("w", "words"), ("t", "text")):
        options = THREE if kind == "single" else NONE
        draft = {"kind": kind, "prompt": "?", "options": options, "compare_by": "lab"}
        do(PollCreated, poll=name, talk="direct", max_choices=2, **draft)
        do(PollOpened, poll=name)
    for round in (1, 2):
        for by in ("ann", "bob", "ann"):
            do(BallotCast, by, poll="s", round=round, choices=(f"o{round}",), lab="nord")
            do(BallotCast, by, poll="w", round=round, texts=("toit", by))
            do(BallotCast, by, poll="t", round=round, texts=(f"Bonjour de {by}",))
            do(AnswerApproved, poll="t", answer="a_e8")
        for name in "swt":
            do(PollClosed, poll=name)
            if round == 1:
                do(PollReopened, poll=name)
    return events


def folded(events: list[Event], polls: Polls | None = None, start: int = 1) -> Polls:
    polls = polls or Polls()
    for number, event in enumerate(events, start):
        if isinstance(event, ParticipantErased):
            polls.erase(f"{number}-0", event.participant, event.stand_in)
        else:
            polls.apply(f"{number}-0", event)
    return polls


ERASED = ParticipantErased(id="x", at=999.0, by="crew", participant="ann", stand_in="gone_1")


def test_who_is_erased_still_counts_and_says_nothing_more() -> None:
    polls = folded(life())
    before = {name: poll.counts for name, poll in polls.by_id.items()}
    folded([ERASED], polls, start=1000)
    assert {name: poll.counts for name, poll in polls.by_id.items()} == before
    assert polls.by_id["w"].words == (Word("bob", "bob", 1), Word("toit", "toit", 1))
    assert [word.text for word in polls.words("w", 1, 9)] == ["bob", "toit"]
    assert polls.by_id["w"].ballots == 2
    kept = msgpack.encode(polls.saved())
    assert b"ann" not in kept
    assert b"gone_1" in kept


def test_compacted_journal_folds_to_the_same() -> None:
    events = [*life(), ERASED]
    compacted = [
        replace(event, by="gone_1", **dict.fromkeys(event.personal, ()))
        if event.by == "ann"
        else event
        for event in life()
    ]
    compacted.append(replace(ERASED, participant="gone_1"))
    once, again = folded(events), folded(compacted)
    assert msgpack.encode(once.saved()) == msgpack.encode(again.saved())
    assert [item.id for item in once.touched[-6:]] == [item.id for item in again.touched[-6:]]


@pytest.mark.parametrize("at", range(0, 40, 4))
def test_what_was_saved_goes_on_as_if_nothing_had_been(at: int) -> None:
    events = [*life(), ERASED]
    saved = msgpack.encode(folded(events[:at]).saved())
    again = Polls()
    again.restore(msgpack.decode(saved, type=Polls.saves))
    folded(events[at:], again, start=at + 1)
    whole = folded(events)
    assert msgpack.encode(again.saved()) == msgpack.encode(whole.saved())
    assert [again.words("w", round, 9) for round in (1, 2)] == [
        whole.words("w", round, 9) for round in (1, 2)
    ]
