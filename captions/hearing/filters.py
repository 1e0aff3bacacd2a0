"""What Whisper invents when it hears no words, or loses its way; each rule stands alone."""

import re
import zlib
from collections import deque
from collections.abc import Sequence
from itertools import takewhile

from captions.hearing.agreement import key

COMPRESSION = 2.4  # Radford et al., "Robust Speech Recognition…" (2022), section 4.5
LOST = 5.0  # compression of a decoder that does nothing but repeat itself
WORDS_PER_SECOND = 7.0  # of speech; a fast French speaker says 5
# Radford's 0.6 and -1.0 let babble by; silence needs both.
NO_SPEECH, LOG_PROBABILITY = 0.2, -0.9
# Words per second of speech that the model is sure of: of babble less than one, of one voice two.
MURMUR, MUMBLE = 1.2, 0.6  # refused below these: where it may be no speech, and in any case
ENOUGH = 1.5  # seconds of speech from which that can be told
LONGEST_LOOP = 20  # words
BEGUN = 3  # words of a repetition that is still going on
TIMES = {1: 4, 2: 3, 3: 3, 4: 3}  # « non, non, non » is said; longer phrases are not said twice

# What subtitled films taught it to say in silence; refused when it is all that was said.
INVENTIONS = re.compile(
    r"sous-?titr(es|age).{0,60}(amara|communaute|st'? ?501|radio-canada|soustitreur|par\b.*)"
    r"|para la communaute.*|societe radio-canada|amara\.org"
    r"|merci d'avoir regarde (cette|la) video|abonnez-vous( a la chaine)?",
)
_PLAIN = str.maketrans("éèêëàâîïôûùç’", "eeeeaaiiouuc'")


def refusal(
    words: Sequence[str],
    *,
    before: Sequence[str],
    sure: float,
    speech_seconds: float,
    log_probability: float,
    no_speech: float,
) -> str | None:
    """Return why `words`, said after `before` in the same window, are not believed, or None.

    `sure` is the sum of the probabilities of all these words.
    """
    text = " ".join([*before, *words])
    if compression(text) > COMPRESSION:
        return "compression"
    if len(before) + len(words) > 3 + WORDS_PER_SECOND * speech_seconds:
        return "haste"
    if no_speech > NO_SPEECH and log_probability < LOG_PROBABILITY:
        return "silence"
    if invented(text):
        return "invention"
    least = MURMUR if no_speech > NO_SPEECH else MUMBLE
    if speech_seconds >= ENOUGH and sure < least * speech_seconds:
        return "murmur"
    return None


def compression(text: str) -> float:
    """How much shorter zlib makes the text: loops compress well."""
    data = text.encode()
    return len(data) / len(zlib.compress(data)) if data else 0.0


def loop(words: Sequence[str]) -> int | None:
    """Where a phrase of up to 20 words that comes again and again is said the second time.

    What stands before is usually right: the decoder has heard all there was, and starts over.
    """
    spoken = [(key(word), index) for index, word in enumerate(words) if key(word)]
    keys = [word for word, _ in spoken]
    for length in range(1, LONGEST_LOOP + 1):
        needed = length * (TIMES.get(length, 2) - 1)
        matched = 0  # words equal to the one `length` before, in a row
        for position in range(length, len(keys)):
            matched = matched + 1 if keys[position] == keys[position - length] else 0
            if matched >= needed:
                return spoken[position - needed + 1][1]
        if length > BEGUN and matched >= BEGUN:
            return spoken[len(keys) - matched][1]  # the window's end cuts off the second time
    return None


class Echo:
    """Hears an endless text, and finds the words with which a phrase comes a third time running.

    `loop` looks within one transcript; this, at all that is shown, whatever window it comes from.
    A single word may come three times. The first words of a third time pass: they may mean another
    phrase.
    """

    def __init__(self) -> None:
        self._heard: deque[str] = deque(maxlen=3 * LONGEST_LOOP)

    def hears(self, word: str) -> bool:
        """Take the next word; return whether it is one too many."""
        if not key(word):
            return False
        self._heard.append(key(word))
        newest = list(reversed(self._heard))
        return any(
            self._repeated(newest, length) >= (2 if length == 1 else length) + min(length, BEGUN)
            for length in range(1, LONGEST_LOOP + 1)
        )

    @staticmethod
    def _repeated(newest: Sequence[str], length: int) -> int:
        """How many of the newest words, in a row, are the same as `length` words before."""
        pairs = zip(newest, newest[length:], strict=False)
        return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))


def invented(text: str) -> bool:
    plain = text.lower().translate(_PLAIN).strip(" .!…")
    return bool(INVENTIONS.fullmatch(plain))
