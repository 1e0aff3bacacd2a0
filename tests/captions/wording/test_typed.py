"""A captioner's lines become cues whose words were said in order, none of them lost."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from captions.cues import Cue, Word
from captions.wording.typed import SPOKEN, Typist, during
from captions.written.layout import joined

NOW = 1_790_000_000.0


def newest(cues: list[Cue]) -> list[Cue]:
    return list({cue.id: cue for cue in cues}.values())


def test_a_line_is_a_cue_said_just_before_it_was_typed() -> None:
    typist = Typist("plateau", NOW - 60)
    [cue] = typist.write("Nous parlons du logement.", NOW - 2, NOW, ended=True)
    assert cue.lines == ("Nous parlons du logement.",)
    assert cue.id == f"plateau-{int(cue.start * 1000)}"
    assert cue.start == round(NOW - 2 - len(cue.lines[0]) / SPOKEN, 3)
    assert cue.words[-1].end == NOW - 2
    assert {word.settled for word in cue.words} == {NOW}


def test_words_fill_the_same_cue_until_the_line_ends() -> None:
    typist = Typist("plateau", NOW - 60)
    cues = [
        *typist.write("Nous parlons", NOW, NOW + 1, ended=False),
        *typist.write("du logement", NOW + 1, NOW + 2, ended=False),
        *typist.write("social.", NOW + 1.5, NOW + 3, ended=True),
        *typist.write("Merci !", NOW + 2, NOW + 4, ended=True),
    ]
    assert [cue.lines for cue in newest(cues)] == [
        ("Nous parlons du logement social.",),
        ("Merci\u202f!",),
    ]


def test_another_speaker_begins_another_cue() -> None:
    typist = Typist("plateau", NOW - 60)
    typist.speaks("Anne")
    first = typist.write("Bonjour", NOW, NOW, ended=False)
    typist.speaks("Omar")
    second = typist.write("Bonsoir", NOW + 0.8, NOW, ended=True)
    assert [cue.speaker for cue in newest([*first, *second])] == ["Anne", "Omar"]


def test_open_words_change_nothing() -> None:
    typist = Typist("plateau", NOW - 60)
    assert [word.text for word in typist.open("Nous par", NOW)] == ["Nous", "par"]
    assert typist.open("  ", NOW) == ()
    [cue] = typist.write("Nous parlons", NOW, NOW, ended=True)
    assert cue.revision == 0


def test_a_correction_has_the_times_of_what_it_corrects() -> None:
    heard = Cue(
        "c", 0, 1.0, 4.0, ("les biaires",), (Word("les", 1, 2, 0.5), Word("biaires", 2, 3, 0.5))
    )
    assert during("Les bailleurs", heard) == (
        Word("Les", 1, 2, 1.0),
        Word("bailleurs", 2, 3, 1.0),
    )
    [start, *_, end] = during("Les bailleurs « sociaux » - enfin", heard)
    assert (start.start, end.end) == (1.0, 3.0)
    assert end.text == "–\u00a0enfin"


@given(
    st.lists(
        st.tuples(
            st.text(st.sampled_from("aé .,?!«»-'"), max_size=60),
            st.floats(0, 20),
            st.booleans(),
        ),
        max_size=20,
    )
)
def test_words_stay_in_order_and_no_cue_takes_another_ones_name(
    lines: list[tuple[str, float, bool]],
) -> None:
    typist = Typist("plateau", NOW)
    kept: dict[str, Cue] = {}
    now = NOW
    for text, pause, ended in lines:
        now += pause
        for cue in typist.write(text, now - 2, now, ended=ended):
            assert cue.id not in kept or cue.revision > kept[cue.id].revision
            kept[cue.id] = cue
    words = [word for cue in kept.values() for word in cue.words]
    assert all(a.start <= a.end <= b.start + 0.002 for a, b in pairwise(words))
    typed = "".join(c for text, _, _ in lines for c in text if c.isalnum())
    assert "".join(c for c in joined(words) if c.isalnum()) == typed
