"""What Whisper invents is refused; what people say is not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from captions.hearing import filters

SENTENCE = "Le gardien d’immeuble est la première personne que les locataires rencontrent."


def refused(
    text: str, *, speech: float = 5.0, each: float = 0.9, log: float = -0.2, quiet: float = 0.0
) -> object:
    words = text.split()
    return filters.refusal(
        words,
        before=[],
        sure=each * len(words),
        speech_seconds=speech,
        log_probability=log,
        no_speech=quiet,
    )


def test_ordinary_speech_is_believed() -> None:
    assert refused(SENTENCE) is None


def test_a_text_that_only_repeats_itself_is_refused() -> None:
    assert refused("que j’ai dit " * 12) == "compression"


def test_more_words_than_a_mouth_can_say_are_refused() -> None:
    assert refused(SENTENCE, speech=0.5) == "haste"


def test_silence_needs_both_signs() -> None:
    assert refused("Merci.", speech=0.5, quiet=0.9, log=-1.5) == "silence"
    assert refused("Merci.", speech=0.5, quiet=0.9) is None
    assert refused("Merci.", speech=0.5, log=-1.5) is None


def test_a_few_doubtful_words_for_seconds_of_voices_are_a_murmur() -> None:
    assert refused("c’est l’un de", speech=4.0, each=0.5) == "murmur"
    assert refused("c’est l’un de", speech=1.0, each=0.5) is None  # too short to tell
    assert refused(SENTENCE, each=0.4, quiet=0.3) == "murmur"
    assert refused(SENTENCE, each=0.4) is None  # an accent


@pytest.mark.parametrize(
    "text",
    [
        "Sous-titres réalisés par la communauté d’Amara.org",
        "Sous-titrage ST' 501",
        "Sous-titrage Société Radio-Canada",
        "Merci d’avoir regardé cette vidéo !",
    ],
)
def test_what_subtitled_films_taught_is_refused_when_it_is_all_there_is(text: str) -> None:
    assert refused(text) == "invention"
    assert refused(f"Hier j’ai lu : {text} et je l’ai noté", speech=4.0) is None


def test_the_second_time_of_a_long_phrase_is_found() -> None:
    words = ["pour", "réinitialiser", "le", "volume", "par", "défaut"]
    assert filters.loop([*words, *words]) == len(words)


def test_a_repetition_cut_off_by_the_end_is_found() -> None:
    words = ["composez", "le", "nouveau", "numéro", "d’agent"]
    assert filters.loop([*words, *words[:3]]) == len(words)


def test_people_may_say_no_three_times() -> None:
    assert filters.loop(["non", "non", "non", "merci"]) is None
    assert filters.loop(["oui"] * 5) is not None


@given(st.integers(1, filters.LONGEST_LOOP), st.integers(0, 5))
def test_loops_of_any_length_are_found(length: int, lead: int) -> None:
    phrase = [f"mot{number}" for number in range(length)]
    start = [f"avant{number}" for number in range(lead)]
    found = filters.loop([*start, *phrase * 4])
    assert found is not None
    assert lead <= found <= lead + 3 * length


@given(st.lists(st.text(alphabet="abcdef", min_size=1), unique=True, max_size=40))
def test_different_words_are_no_loop(words: list[str]) -> None:
    assert filters.loop(words) is None


def told(words: list[str]) -> list[str]:
    echo = filters.Echo()
    return [word for word in words if not echo.hears(word)]


def test_a_phrase_said_twice_is_told_twice() -> None:
    words = ["appuyez", "sur", "la", "touche", "dièse"] * 2
    assert told([*words, "merci"]) == [*words, "merci"]


def test_a_third_time_is_left_out_but_for_its_first_words() -> None:
    words = ["appuyez", "sur", "la", "touche", "dièse"]
    assert told([*words * 6, "merci"]) == [*words * 2, "appuyez", "sur", "merci"]


@given(st.integers(1, filters.LONGEST_LOOP), st.integers(3, 8))
def test_no_phrase_is_told_more_than_twice_and_no_word_more_than_three_times(
    length: int, times: int
) -> None:
    phrase = [f"mot{number}" for number in range(length)]
    assert len(told(phrase * times)) < 3 * length + (length == 1)


@given(st.lists(st.sampled_from(["un", "deux", "trois", "quatre"]), max_size=30))
def test_what_is_left_out_was_just_said(words: list[str]) -> None:
    echo = filters.Echo()
    for index, word in enumerate(words):
        if echo.hears(word):
            assert word in words[:index]
