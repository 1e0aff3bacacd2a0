"""The second layout, of replays and exports: two lines, to be read, of every word that was said."""

from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from captions.cues import Cue, Word
from captions.written import reading
from captions.written.breaks import STOPS, WIDTH
from captions.written.finished import GAP, HANG, LONGEST, MOST, SHORTEST, finished
from captions.written.layout import PAUSE, Layout
from captions.written.spoken import announced, timed

TALK = (
    "Le logement social, ce n’est pas seulement construire des immeubles. C’est d’abord "
    "accompagner des familles, parfois pendant plusieurs générations. En France, près de cinq "
    "millions de logements sont gérés par des bailleurs sociaux. Merci. Quel rôle jouent les "
    "associations de locataires ? Elles siègent au conseil de concertation locative."
).replace(" ?", "\u202f?")


def spoken(text: str, start: float = 100.0, speed: float = 15.0) -> list[Word]:
    """`text` at so many characters a second."""
    words = []
    for part in text.split(" "):
        end = start + (len(part) + 1) / speed
        words.append(Word(part, round(start, 3), round(end, 3), 0.9))
        start = end
    return words


def live(words: Sequence[Word], speaker: str = "") -> list[Cue]:
    """As they were laid out live, word by word."""
    layout, cues = Layout("plateau"), dict[str, Cue]()
    for word in words:
        cues |= {cue.id: cue for cue in layout.add([word], speaker=speaker)}
    cues |= {cue.id: cue for cue in layout.add([], ended=True)}
    return list(cues.values())


def test_talk_is_laid_out_in_sentences_and_two_lines() -> None:
    assert [cue.lines for cue in finished(live(spoken(TALK)))] == [
        ("Le logement social, ce n’est pas", "seulement construire des immeubles."),
        ("C’est d’abord accompagner des familles,", "parfois pendant plusieurs générations."),
        ("En France, près de cinq millions", "de logements sont gérés"),
        ("par des bailleurs sociaux. Merci.",),
        ("Quel rôle jouent les associations", "de locataires\u202f?"),
        ("Elles siègent au conseil", "de concertation locative."),
    ]


def test_nobody_who_speaks_at_a_reading_pace_is_too_fast_to_be_read() -> None:
    assert not any(map(reading.too_fast, finished(live(spoken(TALK, speed=13.0)))))


def test_cue_stays_to_be_read_while_the_speaker_pauses() -> None:
    words = [*spoken("Avec un très grand plaisir.", speed=20.0), *spoken("Bien.", 110.0)]
    first, last = finished(live(words))
    wanted = reading.seconds(reading.characters(first))
    assert first.end - first.start == pytest.approx(wanted, abs=0.001)
    assert wanted > first.words[-1].end - first.start
    assert not reading.too_fast(first)
    assert last.end - last.start >= SHORTEST


def test_what_was_corrected_is_laid_out_as_corrected() -> None:
    (cue,) = live(spoken("pour les biaires sociaux"))
    corrected = replace(cue, lines=("pour les bailleurs sociaux et privés",), corrected=True)
    (anew,) = finished([corrected])
    assert anew.lines == ("pour les bailleurs sociaux et privés",)
    assert (anew.words[0].start, anew.words[-1].end) == (cue.words[0].start, cue.words[-1].end)


def test_other_speaker_has_other_cues_and_is_announced() -> None:
    cues = [
        *live(spoken("Bonjour à tous."), "Ana Roy"),
        *live(spoken("Merci,", 102.0), "Bo Lin"),
        *live(spoken("merci beaucoup.", 102.6), "Bo Lin"),
        *live(spoken("Et voilà.", 104.0)),
        *live(spoken("Bien.", 106.0), "Bo Lin"),
    ]
    shown = [" | ".join(cue.lines) for cue in announced(finished(cues))]
    assert shown == [
        "Ana Roy\u00a0: Bonjour à tous.",
        "–\u00a0Bo Lin\u00a0: Merci, merci beaucoup.",
        "Et voilà.",  # nobody said who
        "Bien.",
    ]


def test_dash_that_was_written_begins_a_cue() -> None:
    cues = finished(live(spoken("Vous venez ? – Oui. Demain.".replace(" ?", "\u202f?"))))
    assert [cue.lines for cue in cues] == [("Vous venez\u202f?",), ("–\u00a0Oui. Demain.",)]


texts = st.sampled_from([*TALK.split(" "), "Oui.", "x" * 60, "–", "«", "»", "!", ",", "&", "-il"])
heard = st.lists(
    st.tuples(texts, st.floats(0.02, 1.5), st.sampled_from([0.0, 0.0, 0.0, 0.05, 0.5, 1.2, 4.0])),
    max_size=60,
)
named = st.lists(st.sampled_from(["", "Ana Roy", "Bo Lin", "Jean-Baptiste de la Villardière"]))


@given(heard, named)
def test_finished_cues_keep_every_promise(
    said: list[tuple[str, float, float]], speakers: list[str]
) -> None:
    words, time = [], 1000.0
    for text, length, gap in said:
        words.append(Word(text, round(time, 3), round(time + length, 3), 0.9))
        time += length + gap
    cues = [
        replace(cue, speaker=speakers[number % len(speakers)]) if speakers else cue
        for number, cue in enumerate(live(words))
    ]
    anew = finished(cues)
    read = [(word.text, word.start) for cue in anew for word in cue.words]
    assert read == [(word.text, word.start) for cue in cues for word in timed(cue)]
    assert len({cue.id for cue in anew}) == len(anew)
    for cue in anew:
        alone = len(cue.words) == 1
        assert " ".join(cue.lines) == " ".join(word.text for word in cue.words)
        assert len(cue.lines) <= 2 or any(len(word.text) > WIDTH for word in cue.words)
        assert all(len(line) <= WIDTH or " " not in line for line in cue.lines)
        assert len(" ".join(cue.lines)) <= MOST or alone
        assert cue.words[-1].end - cue.start <= LONGEST or alone
        assert cue.start < cue.end <= max(cue.words[-1].end + HANG, cue.start + 0.05) + 0.001
        pauses = [after.start - before.end for before, after in pairwise(cue.words)]
        assert all(pause <= PAUSE + 0.001 for pause in pauses)
    for before, after in pairwise(anew):
        assert before.end <= max(after.start - GAP, before.start + 0.05) + 0.001
        left = after.start - GAP - before.start  # for it to be read
        short = before.end - before.start < min(SHORTEST, left) - 0.001
        assert not short or before.end >= before.words[-1].end + HANG - 0.001
    for cue in announced(anew):
        assert len(cue.lines) <= 2 or any(len(word.text) > WIDTH for word in cue.words)
        assert all(len(line) <= WIDTH or len(line.split(" ")) <= 5 for line in cue.lines)


@given(heard)
@example([*[("Le", 1.0, 0.0)] * 3, ("Le", 1.0, 1.2), *[(mark, 1.0, 0.0) for mark in "»«»"]])
def test_layout_of_what_is_finished_is_itself(said: list[tuple[str, float, float]]) -> None:
    words, time = [], 1000.0
    for text, length, gap in said:
        words.append(Word(text, round(time, 3), round(time + length, 3), 0.9))
        time += length + gap
    once = finished(live(words))
    assert finished(once) == once


@settings(max_examples=30)
@given(st.floats(8.0, 15.0))
def test_cues_end_at_sentences_where_those_are_long_enough(speed: float) -> None:
    cues = finished(live(spoken(TALK, speed=speed)))
    inside = sum(word.text.endswith(STOPS) for cue in cues for word in cue.words[:-1])
    assert inside <= 1  # « Merci. » alone could not be read
