"""Words settle once two transcripts agree, made from sound that is far enough apart."""

from hypothesis import given
from hypothesis import strategies as st

from captions.hearing import agreement
from captions.hearing.agreement import Agreement, believed, key
from captions.hearing.pace import LEVELS
from tv.settings import Webrtc

texts = st.lists(st.sampled_from(["le", "la", "logement", "social", "dièse"]), max_size=8)


def test_words_settle_when_two_transcripts_agree() -> None:
    agreement = Agreement(apart=0.9)
    assert agreement.confirm(["mes", "chers"], 1.0) == 0
    assert agreement.confirm(["mes", "chers", "cons"], 2.0) == 2


def test_transcripts_of_nearly_the_same_sound_do_not_count() -> None:
    agreement = Agreement(apart=0.9)
    agreement.confirm(["mes", "chers"], 1.0)
    assert agreement.confirm(["mes", "chers"], 1.5) == 0
    assert agreement.confirm(["mes", "chers"], 2.0) == 2


def test_spelling_of_marks_and_capitals_does_not_matter() -> None:
    agreement = Agreement(apart=0.9)
    agreement.confirm(["Bonjour,", "L’État"], 1.0)
    assert agreement.confirm(["bonjour", "l'état."], 2.0) == 2


def test_after_settling_only_what_follows_is_compared() -> None:
    agreement = Agreement(apart=0.9)
    agreement.confirm(["un", "deux", "trois"], 1.0)
    agreement.settle(["un", "deux"])
    assert agreement.confirm(["trois", "quatre"], 2.0) == 1


def test_transcripts_that_said_otherwise_are_forgotten_with_what_settled() -> None:
    agreement = Agreement(apart=0.9)
    agreement.confirm(["on", "deux"], 1.0)
    agreement.settle(["un"])
    assert agreement.confirm(["deux"], 2.0) == 0


@given(st.lists(texts, max_size=12))
def test_never_more_words_settle_than_there_are(transcripts: list[list[str]]) -> None:
    agreement = Agreement(apart=0.9)
    for step, words in enumerate(transcripts):
        count = agreement.confirm(words, float(step))
        assert 0 <= count <= len(words)
        agreement.settle(words[:count])


TRUSTED = ((0.4, 0.9), (1.0, 0.6), (2.0, 0.0))


def test_clear_words_settle_close_to_the_end_and_doubtful_ones_further_off() -> None:
    assert believed([(1.5, 0.95), (0.5, 0.95), (0.3, 0.99)], 0, TRUSTED) == 2
    assert believed([(1.5, 0.7), (0.8, 0.7), (0.5, 0.95)], 0, TRUSTED) == 1
    assert believed([(2.1, 0.1), (1.7, 0.1)], 0, TRUSTED) == 1


def test_a_second_transcript_speaks_for_a_doubtful_word_and_lets_clear_ones_follow() -> None:
    assert believed([(0.7, 0.3), (0.6, 0.95), (0.5, 0.5)], 1, TRUSTED) == 2


def test_a_doubtful_word_keeps_those_behind_it_waiting() -> None:
    assert believed([(1.5, 0.3), (1.2, 0.99)], 0, TRUSTED) == 0


@given(st.lists(st.tuples(st.floats(0, 10), st.floats(0, 1)), max_size=8), st.floats(0, 5))
def test_more_sound_never_unsettles_a_word(words: list[tuple[float, float]], more: float) -> None:
    later = [(behind + more, probability) for behind, probability in words]
    for agreed in range(len(words) + 1):
        assert believed(later, agreed, TRUSTED) >= believed(words, agreed, TRUSTED) >= agreed


def test_no_doubt_outlasts_the_delay_of_captions_in_step() -> None:
    step = max(level.step for level in LEVELS)
    in_time = Webrtc().delay - step
    assert believed([(in_time, 0.0)], 0, agreement.TRUSTED) == 1


def test_key_keeps_letters_and_figures() -> None:
    assert key("« L’Hôtel-Dieu »") == "lhôteldieu"
    assert key("24 %") == "24"
    assert key("…") == ""
