"""Figures of captions say how late, how fast and how much mended they are."""

from captions.cues import Cue, Word
from captions.quality import Speed, Spread, written
from captions.wording.edited import Edited
from captions.wording.events import CueEdited
from captions.wording.rules import Rules

RULES = Rules()


def edited(
    number: int, lag: float, text: str = "vingt caractères ici", seconds: float = 2.0
) -> Edited:
    start = 100.0 + number * 10
    words = (Word(text, start, start + 1.0, 0.8, start + 1.0 + lag),)
    return Edited(Cue(f"c-{number}", 0, start, start + seconds, (text,), words), start, RULES)


def test_nothing_was_written() -> None:
    figures = written([])
    assert (figures.cues, figures.words, figures.lag, figures.reading_speed) == (0, 0, None, None)


def test_lag_is_from_a_words_end_until_it_could_be_shown() -> None:
    assert written(edited(n, lag=n / 10) for n in range(21)).lag == Spread(1.0, 1.9)


def test_words_of_which_nobody_noted_that_count_in_no_lag() -> None:
    unknown = Word("plus tard", 100.0, 101.0, 0.8)
    typed = Word("à la main", 100.0, 101.0, 1.0, 109.0)
    cues = [
        Edited(Cue(f"c-{n}", 0, 100.0, 102.0, (word.text,), (word,)), 100.0, RULES)
        for n, word in enumerate((unknown, typed))
    ]
    assert written(cues).lag is None
    assert written([*cues, edited(5, lag=2.0)]).lag == Spread(2.0, 2.0)


def test_cues_that_go_before_they_can_be_read_are_a_share() -> None:
    slow, fast = edited(0, 1.0), edited(1, 1.0, seconds=1.0)
    assert written([slow, fast]).reading_speed == Speed(10.0, 10.0, 0.5)


def test_what_people_did_is_counted_and_hidden_cues_are_not_read() -> None:
    one, two = edited(0, 1.0), edited(1, 1.0)
    one.edit(CueEdited(id="a", at=1.0, by="p", channel="c", cue="c-0", text="vingt"), RULES)
    two.edit(CueEdited(id="b", at=1.0, by="p", channel="c", cue="c-1", hidden=True), RULES)
    figures = written([one, two])
    assert (figures.cues, figures.edits, figures.hidden, figures.words) == (2, 2, 1, 1)
