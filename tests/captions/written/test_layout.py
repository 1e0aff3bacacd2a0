"""Cues break where French does, within three lines of forty characters."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from captions.cues import Cue, Word
from captions.hearing.agreement import key
from captions.written.layout import LINES, LONGEST, WIDTH, Layout, joined, lines

SPEECH = (
    "Le gardien d’immeuble est souvent la première personne que les locataires rencontrent, "
    "et il écoute les habitants quand une fuite d’eau est signalée dans les parties communes "
    "parce que nous avons un engagement. Merci à toutes et à tous."
)


def spoken(text: str, start: float = 100.0, each: float = 0.3) -> list[Word]:
    return [
        Word(word, start + number * each, start + (number + 0.9) * each, 0.9)
        for number, word in enumerate(text.split())
    ]


def newest(changes: list[list[Cue]]) -> list[Cue]:
    cues: dict[str, Cue] = {}
    for changed in changes:
        for cue in changed:
            known = cues.get(cue.id)
            assert known is None or cue.revision > known.revision
            cues[cue.id] = cue
    return list(cues.values())


def test_marks_stand_behind_their_word_as_french_wants_them() -> None:
    words = [
        Word(text, 0, 1, 1) for text in ("Pourquoi", "?", "Parce", "que", ",", "peut", "-être")
    ]
    assert joined(words) == "Pourquoi\u202f? Parce que, peut-être"


def test_lines_do_not_end_with_an_article() -> None:
    broken = lines(spoken("Nous devons isoler les façades et changer les fenêtres de la maison"))
    assert broken == ("Nous devons isoler les façades", "et changer les fenêtres de la maison")


def test_a_sentence_ends_its_cue() -> None:
    layout = Layout("plateau")
    cues = newest([layout.add(spoken("Chacun connaît son territoire. Concrètement, que faire"))])
    assert [cue.lines for cue in cues] == [
        ("Chacun connaît son territoire.",),
        ("Concrètement, que faire",),
    ]


def test_a_cue_is_revised_until_it_is_full() -> None:
    layout = Layout("plateau")
    words = spoken("Bonjour à toutes et à tous")
    first = layout.add(words[:3])
    second = layout.add(words[3:])
    assert [cue.id for cue in first] == [cue.id for cue in second] == ["plateau-100000"]
    assert second[0].revision == first[0].revision + 1
    assert second[0].lines == ("Bonjour à toutes et à tous",)


def test_nothing_new_writes_nothing() -> None:
    layout = Layout("plateau")
    layout.add(spoken("Bonjour"), ended=True)
    assert layout.add([], ended=True) == []
    assert layout.add([]) == []


def test_a_full_stop_that_comes_late_joins_its_cue() -> None:
    layout = Layout("plateau")
    layout.add(spoken("Merci beaucoup"), ended=True)
    (cue,) = layout.add([Word(".", 101.0, 101.0, 0.9)])
    assert cue.lines == ("Merci beaucoup.",)


def test_after_a_pause_a_cue_stays_to_be_read_until_the_next() -> None:
    layout = Layout("plateau")
    (cue,) = layout.add(spoken("Oui", each=0.3), ended=True)
    assert cue.end - cue.start > 1.0
    before, after = layout.add(spoken("Non", start=100.8))
    assert before.id == cue.id
    assert (before.end, after.start) == (100.72, 100.8)  # one sees that the text is another


def test_word_is_not_cut_off_by_the_next_cue() -> None:
    layout = Layout("plateau")
    (stays,) = layout.add([Word("Oui.", 100.0, 100.5, 0.9)], ended=True)
    before, _ = layout.add([Word("Non.", 100.52, 101.0, 0.9)])
    assert (stays.end, before.end) == (101.2, 100.5)


def test_other_speaker_begins_a_cue() -> None:
    layout = Layout("plateau")
    cues = newest(
        [
            layout.add(spoken("Vous venez"), speaker="Ana Roy"),
            layout.add(spoken("Oui", start=100.7), speaker="Bo Lin"),
            layout.add(spoken("bien sûr", start=101.0), speaker="Bo Lin"),
        ]
    )
    assert [(cue.speaker, cue.lines) for cue in cues] == [
        ("Ana Roy", ("Vous venez",)),
        ("Bo Lin", ("Oui bien sûr",)),
    ]


def test_title_does_not_end_its_sentence() -> None:
    layout = Layout("plateau")
    (cue,) = newest([layout.add([word]) for word in spoken("Nous accueillons M. Durand.")])
    assert cue.lines == ("Nous accueillons M. Durand.",)


def test_dash_begins_a_cue_and_opening_marks_wait_for_their_word() -> None:
    layout = Layout("plateau")
    cues = newest([layout.add([word]) for word in spoken("Vous venez – Oui « bien sûr »")])
    assert [cue.lines for cue in cues] == [
        ("Vous venez",),
        ("–\u00a0Oui «\u202fbien sûr\u202f»",),
    ]


def test_words_remember_when_they_were_settled() -> None:
    layout = Layout("plateau")
    layout.add(spoken("Bonjour à"), at=102.5)
    (cue,) = layout.add(spoken("tous", start=100.6), at=103.5)
    assert [word.settled for word in cue.words] == [102.5, 102.5, 103.5]


def test_a_long_silence_starts_a_new_cue() -> None:
    layout = Layout("plateau")
    layout.add(spoken("un"))
    (cue,) = layout.add(spoken("deux", start=110.0))
    assert cue.start == 110.0


words_of_speech = st.lists(
    st.tuples(
        st.sampled_from([*SPEECH.split(), "x" * 60, ",", "?", "-il", "–", "«", "»", "&"]),
        st.floats(0.01, 2.0),
        st.floats(0.0, 3.0),
        st.booleans(),
        st.sampled_from(["", "", "Ana Roy", "Bo Lin"]),
    ),
    max_size=80,
)


@given(words_of_speech, st.integers(1, 6))
def test_cues_hold_every_word_once_in_order_and_do_not_overlap(
    heard: list[tuple[str, float, float, bool, str]], step: int
) -> None:
    words, time, layout = [], 1000.0, Layout("plateau")
    for text, length, gap, *_ in heard:
        words.append(Word(text, round(time, 3), round(time + length, 3), 0.9))
        time += length + gap
    changes = [
        layout.add(words[index : index + step], ended=heard[index][3], speaker=heard[index][4])
        for index in range(0, len(words), step)
    ]
    cues = newest(changes)
    opened = "–«"
    while words and words[-1].text in opened:
        words.pop()  # they wait for a word that does not come
    read = (number for number, word in enumerate(words) if key(word.text) or word.text in opened)
    first = next(read, 0)
    laid_out = [word for cue in cues for word in cue.words]
    assert laid_out == words[first:] or not cues
    for cue in cues:
        assert len(cue.lines) <= LINES or any(len(word.text) > WIDTH for word in cue.words)
        assert all(len(line) <= WIDTH or len(_units(line)) == 1 for line in cue.lines)
        assert " ".join(cue.lines) == joined(cue.words)
        assert cue.end > cue.start
        assert cue.words[-1].start - cue.start <= LONGEST or _only_glued(cue)
    for before, after in pairwise(cues):
        assert before.end <= after.start + 0.06
        assert before.id != after.id


def _units(line: str) -> list[str]:
    return line.split(" ")


def _only_glued(cue: Cue) -> bool:
    return len(joined(cue.words).split(" ")) == 1 or not cue.words[-1].text[0].isalnum()
