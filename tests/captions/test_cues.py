"""Words as a fold keeps them: the same, in less memory."""

import tracemalloc
from collections.abc import Callable
from pathlib import Path

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from captions.cues import Cue, Word, shared

SPOKEN = (Path(__file__).parent / "human_fr_ca.txt").read_text(encoding="utf-8").split()
TIMES = st.floats(0.0, 200_000.0, allow_subnormal=False) | st.integers(0, 9).map(float)
WORDS = st.lists(
    st.builds(Word, st.sampled_from(SPOKEN), TIMES, TIMES, st.floats(0.0, 1.0) | TIMES, TIMES)
).map(tuple)


def cue(words: tuple[Word, ...], revision: int = 1) -> Cue:
    return Cue("plateau-1", revision, 10.0, 14.0, (" ".join(word.text for word in words),), words)


@given(WORDS, WORDS, st.integers(0, 9))
def test_shared_cue_says_the_same(
    said: tuple[Word, ...], other: tuple[Word, ...], kept: int
) -> None:
    for known in ((), other, said, said[:kept], said[:kept] + other):
        assert shared(cue(said), known) == cue(said)


def test_word_that_is_heard_again_is_kept_once() -> None:
    first = cue(tuple(Word(text, 1.0, 1.5, 0.9) for text in SPOKEN[:4]))
    grown = cue(tuple(Word(text, 1.0, 1.5, 0.9) for text in SPOKEN[:6]), revision=2)
    kept = shared(grown, first.words)
    assert [a is b for a, b in zip(kept.words, first.words, strict=False)] == [True] * 4
    again = cue(tuple(Word(text, 1.0, 1.5, 0.9) for text in SPOKEN[:6]), revision=3)
    assert shared(again, kept.words).words is kept.words


def test_shared_words_take_little_more_than_half_of_what_they_take_as_they_are_decoded() -> None:
    bodies = []
    for number in range(2 * len(SPOKEN) // 11):
        texts = (2 * SPOKEN)[11 * number : 11 * (number + 1)]
        starts = [5.0 * number + round(0.42 * place, 3) for place in range(len(texts) + 1)]
        words = tuple(
            Word(
                text, starts[place], starts[place + 1], (len(text) * 83 + place) % 1000 / 1000, 7.5
            )
            for place, text in enumerate(texts)
        )
        bodies.append(msgspec.json.encode(cue(words)))
    decode = msgspec.json.Decoder(Cue).decode

    def taken(make: Callable[[bytes], Cue]) -> int:
        make(bodies[0])
        tracemalloc.start()
        try:
            kept = [make(body).words for body in bodies]
            return tracemalloc.get_traced_memory()[0] if kept else 0
        finally:
            tracemalloc.stop()

    assert taken(lambda body: shared(decode(body))) < 0.6 * taken(decode)
