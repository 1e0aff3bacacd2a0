"""What Whisper invents when it hears no words, or loses its way; each rule is one function."""

import re
import zlib
from collections.abc import Sequence

from captions.agreement import key

COMPRESSION = 2.4  # Radford et al., "Robust Speech Recognition…" (2022), section 4.5
WORDS_PER_SECOND = 7.0  # of speech; a fast French speaker says 5
NO_SPEECH, LOG_PROBABILITY = 0.6, -1.0  # same paper: silence needs both
LONGEST_LOOP = 20  # words
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
    speech_seconds: float,
    log_probability: float,
    no_speech: float,
) -> str | None:
    """Return why `words`, said after `before` in the same window, are not believed, or None."""
    text = " ".join([*before, *words])
    if compression(text) > COMPRESSION:
        return "compression"
    if loops([*before, *words]):
        return "loop"
    if len(before) + len(words) > 3 + WORDS_PER_SECOND * speech_seconds:
        return "haste"
    if no_speech > NO_SPEECH and log_probability < LOG_PROBABILITY:
        return "silence"
    if invented(text):
        return "invention"
    return None


def compression(text: str) -> float:
    """How much shorter zlib makes the text: loops compress well."""
    data = text.encode()
    return len(data) / len(zlib.compress(data)) if data else 0.0


def loops(words: Sequence[str]) -> bool:
    """Whether a phrase of up to 20 words comes again and again, right after itself."""
    keys = [spoken for word in words if (spoken := key(word))]
    for length in range(1, LONGEST_LOOP + 1):
        times = TIMES.get(length, 2)
        matched = 0  # words equal to the one `length` before, in a row
        for index in range(length, len(keys)):
            matched = matched + 1 if keys[index] == keys[index - length] else 0
            if matched >= length * (times - 1):
                return True
    return False


def invented(text: str) -> bool:
    plain = text.lower().translate(_PLAIN).strip(" .!…")
    return bool(INVENTIONS.fullmatch(plain))
