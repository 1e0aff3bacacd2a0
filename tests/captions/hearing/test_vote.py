"""Of two hearings the surer one is believed, and no word is lost or shown twice by it."""

from itertools import pairwise

from hypothesis import example, given
from hypothesis import strategies as st
from msgspec.structs import replace

from captions.cues import Cue, Word
from captions.hearing.vote import MARGIN, vote
from captions.written.layout import joined, lines

START = 1000.0


def said(text: str, at: float, probability: float = 0.7) -> tuple[Word, ...]:
    """Words half a second apart; « =0.9 » behind one is its probability."""
    words = []
    for number, word in enumerate(text.split()):
        word, _, own = word.partition("=")
        start = at + number * 0.5
        words.append(Word(word, start, start + 0.4, float(own or probability), start + 2.0))
    return tuple(words)


def cue(number: int, text: str, at: float, probability: float = 0.7) -> Cue:
    words = said(text, at, probability)
    return Cue(f"plateau-{number}", 3, at, words[-1].end, lines(words), words)


def texts(cues: tuple[Cue, ...]) -> list[str]:
    return [joined(each.words) for each in cues]


LIVE = [cue(1, "les biaires sociaux gèrent", START), cue(2, "des logements.", START + 2.0)]


def test_the_surer_hearing_is_believed() -> None:
    heard = said("les bailleurs=0.9 sociaux gèrent des logis.=0.6", START)
    verdict = vote(LIVE, heard)
    assert texts(verdict.changed) == ["les bailleurs sociaux gèrent"]
    changed = verdict.changed[0]
    assert (changed.id, changed.revision) == ("plateau-1", 4)
    assert (changed.start, changed.end) == (LIVE[0].start, LIVE[0].end)
    assert changed.lines == ("les bailleurs sociaux gèrent",)
    assert verdict.words == 1


def test_what_was_shown_stands_unless_the_other_is_clearly_surer() -> None:
    barely = 0.7 + MARGIN / 2
    assert vote(LIVE, said(f"les bailleurs={barely} sociaux gèrent des logements.", START)) == vote(
        LIVE, said("les biaires sociaux gèrent des logements.", START)
    )


def test_words_that_are_the_same_keep_when_they_could_be_shown() -> None:
    (changed,) = vote(LIVE, said("Les biaires sociaux gèrent des logements.", START)).changed
    assert changed.words[0] == replace(LIVE[0].words[0], text="Les")
    assert changed.words[1:] == LIVE[0].words[1:]


def test_words_that_were_left_out_come_back_where_they_were_said() -> None:
    live = [cue(1, "Chacun connaît bien sauteur=0.4", START), cue(2, "Le gardien arrive.", 1005.0)]
    heard = said("Chacun connaît bien son=0.9 territoire.=0.9", START)
    heard += said("Le gardien arrive.", 1005.0)
    assert texts(vote(live, heard).changed) == ["Chacun connaît bien son territoire."]


def test_what_no_cue_has_room_for_in_time_is_told_apart() -> None:
    live = [cue(1, "Bonjour.", START), cue(2, "Au revoir.", START + 20.0)]
    between = said("Voici ce que personne n’entendit.", START + 8.0)
    verdict = vote(live, (*said("Bonjour.", START), *between, *said("Au revoir.", START + 20.0)))
    assert verdict.changed == ()
    assert verdict.missed == between
    alone = vote([], between)
    assert (alone.changed, alone.missed) == ((), between)


def test_a_doubtful_word_or_two_make_no_cue_of_their_own() -> None:
    assert vote([], said("euh oui", START)).missed == ()
    assert vote([], said("la la la la", START, 0.3)).missed == ()


def test_a_person_is_surer_than_any_machine() -> None:
    typed = [cue(1, "Les bailleurs sociaux.", START, 1.0)]
    assert vote(typed, said("les=0.99 biaires=0.99 sociaux=0.99 aussi=0.99", START)).changed == ()


def test_a_cue_keeps_its_words_when_nothing_was_heard_again() -> None:
    live = [cue(1, "Merci=0.2", START), cue(2, "Le gardien arrive.", START + 1.0)]
    assert vote(live, said("Le gardien arrive.", START + 1.0, 0.9)).changed == ()


def test_words_that_a_cue_around_has_already_come_in_no_other() -> None:
    live = [cue(1, "mot de pas=0.3", START)]  # the others are in cues too early, or too late
    heard = said("Composez votre mot de passe. Et puis", START - 1.0, 0.9)
    before, after = said("Bien. composez votre", START - 9.0), said("et puis voilà", START + 9.0)
    assert texts(vote(live, heard, before, after).changed) == ["mot de passe."]
    again = [cue(1, "votre mot de pas=0.3", START - 0.5)]  # said twice indeed
    assert texts(vote(again, heard[1:5], said("votre", START - 9.0)).changed) == [
        "votre mot de passe."
    ]


def test_marks_alone_are_not_written_twice() -> None:
    words = (*said("Bonjour", START), Word(",", START + 0.4, START + 0.5, 0.6))
    live = [Cue("plateau-1", 0, START, START + 1.0, lines(words), words)]
    assert vote(live, said("Bonjour,", START)).changed == ()


some_words = st.lists(
    st.tuples(st.sampled_from(["un", "deux", "trois", "quatre", "cinq"]), st.floats(0.0, 0.99)),
    max_size=24,
)


@example([("deux", 0.0)], [("un", 0.5), ("un", 0.75), ("deux", 0.0)], 1)
@given(some_words, some_words, st.integers(1, 6))
def test_each_word_comes_from_one_hearing_and_in_its_order(
    live: list[tuple[str, float]], again: list[tuple[str, float]], size: int
) -> None:
    words = [
        Word(text, START + n * 0.5, START + n * 0.5 + 0.4, p) for n, (text, p) in enumerate(live)
    ]
    heard = [
        Word(text.upper(), START + n * 0.5, START + n * 0.5 + 0.4, p)
        for n, (text, p) in enumerate(again)
    ]
    cues = []
    for first in range(0, len(words), size):
        own = tuple(words[first : first + size])
        cues.append(Cue(f"c-{first}", 0, own[0].start, own[-1].end, lines(own), own))
    verdict = vote(cues, heard)
    now = {each.id: each for each in cues} | {each.id: each for each in verdict.changed}
    assert list(now) == [each.id for each in cues]
    for before, after in zip(cues, now.values(), strict=True):
        assert after.words
        assert (after.start, after.end) == (before.start, before.end)
        assert all(a.start <= b.start for a, b in pairwise(after.words))
        assert all(after.start <= w.start <= w.end <= after.end for w in after.words)
    # What stands of each hearing stands once, in the order in which it was heard.
    shown = [word.text for each in now.values() for word in each.words]
    first = [text for text in shown if text.islower()]
    second = [text for text in shown if text.isupper()]
    assert _among(first, [word.text for word in words])
    assert _among(second, [word.text for word in heard])
    assert vote(list(now.values()), [word for each in now.values() for word in each.words]) == (
        vote([], ())
    )


def _among(some: list[str], every: list[str]) -> bool:
    """Whether `some` are in `every`, in that order."""
    rest = iter(every)
    return all(text in rest for text in some)
