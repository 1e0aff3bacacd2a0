"""When each word that is read was heard: also in corrected cues, and on one side of a mark."""

from hypothesis import given
from hypothesis import strategies as st

from captions.cues import Cue, Word
from captions.written import spoken
from captions.written.layout import Layout


def said(text: str, start: float = 0.0, each: float = 0.5) -> tuple[Word, ...]:
    """Words that follow each other without a pause."""
    return tuple(
        Word(word, start + each * index, start + each * (index + 1), 0.9)
        for index, word in enumerate(text.split(" "))
    )


def cue(text: str, start: float = 0.0, **more: object) -> Cue:
    words = said(text, start)
    return Cue("c", 1, start, words[-1].end, (text,), words, **more)  # type: ignore[arg-type]


def test_words_keep_their_times_and_the_marks_behind_them() -> None:
    words = (*said("Le toit"), Word("!", 1.0, 1.1, 0.9), *said("Oui", 1.2))
    timed = spoken.timed(Cue("c", 1, 0.0, 2.0, ("Le toit\u202f! Oui",), words))
    assert [(word.text, word.start) for word in timed] == [
        ("Le", 0.0),
        ("toit\u202f!", 0.5),
        ("Oui", 1.2),
    ]


def test_correction_of_as_many_words_has_the_times_of_what_it_corrects() -> None:
    corrected = Cue("c", 2, 0.0, 1.5, ("les quartiers", "nord"), said("les cartiers or"))
    assert [(word.text, word.start) for word in spoken.timed(corrected)] == [
        ("les", 0.0),
        ("quartiers", 0.5),
        ("nord", 1.0),
    ]


def test_other_correction_shares_the_time_of_what_was_said() -> None:
    corrected = Cue("c", 2, 0.0, 9.0, ("aabb cc",), said("un deux trois", 3.0))
    assert [(word.text, word.start, word.end) for word in spoken.timed(corrected)] == [
        ("aabb", 3.0, 4.0),
        ("cc", 4.0, 4.5),
    ]


def test_cue_that_crosses_a_mark_keeps_the_words_on_this_side() -> None:
    (kept,) = spoken.within([cue("un deux trois quatre")], 0.5, 1.6)
    assert (kept.lines, kept.start, kept.end) == (("deux trois",), 0.5, 1.6)
    assert spoken.within([cue("un deux trois quatre")], 1.6, 1.9) == []


def test_cue_that_only_stays_to_be_read_keeps_its_words() -> None:
    hanging = Cue("c", 1, 0.0, 3.0, ("un deux",), said("un deux"))
    (kept,) = spoken.within([hanging], 0.0, 1.5)
    assert (kept.lines, kept.end) == (("un deux",), 1.5)


WORDS = ("le", "toit", "pour", "tous,", "et", "après", "?", "voilà.", "quartier")
words = st.lists(st.sampled_from(WORDS), min_size=1)


@given(words, st.floats(0, 20), st.floats(0, 20))
def test_no_word_of_outside_is_within(texts: list[str], start: float, end: float) -> None:
    spoken_words = said(" ".join(texts))
    cues = Layout("plateau").add(spoken_words, ended=True)
    kept = [word for each in spoken.within(cues, start, end) for word in spoken.timed(each)]
    assert all(start <= word.start and word.end <= end for word in kept)
    for each in spoken.within(cues, start, end):
        assert start <= each.start <= each.end <= end
    inside = [word for each in cues for word in spoken.timed(each)]
    assert len(kept) == sum(start <= word.start and word.end <= end for word in inside)


@given(words)
def test_paragraphs_have_every_word_once_and_in_order(texts: list[str]) -> None:
    cues = Layout("plateau").add(said(" ".join(texts)), ended=True)
    heard = [word for each in cues for word in spoken.timed(each)]
    read = [word for _, group in spoken.paragraphs(cues) for sentence in group for word in sentence]
    assert read == heard


def test_change_of_speaker_is_announced_once() -> None:
    cues = [
        cue("Bonjour.", speaker=""),
        cue("Un", speaker="Ana Roy"),
        cue("deux", speaker="Ana Roy"),
        cue("trois", speaker=""),  # nobody said who: it may be the same
        cue("quatre", speaker="Ana Roy"),
        cue("cinq", speaker="Bo Lin"),
    ]
    assert [each.lines[0] for each in spoken.announced(cues)] == [
        "Bonjour.",
        "Ana Roy\u00a0: Un",
        "deux",
        "trois",
        "quatre",
        "–\u00a0Bo Lin\u00a0: cinq",
    ]


def test_sentence_ends_at_a_full_stop_a_pause_or_another_speaker() -> None:
    cues = [
        cue("Bonjour à M. Roy. Le toit", speaker="Ann"),
        cue("est là", 10.0, speaker="Ann"),
        cue("oui", 11.0, speaker="Bob"),
    ]
    sentences = [
        (speaker, " ".join(word.text for word in said)) for speaker, said in spoken.sentences(cues)
    ]
    assert sentences == [
        ("Ann", "Bonjour à M. Roy."),
        ("Ann", "Le toit"),
        ("Ann", "est là"),
        ("Bob", "oui"),
    ]
