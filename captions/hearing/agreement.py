"""Which words of a live transcript can no longer change."""

import unicodedata
from collections import deque
from collections.abc import Iterable, Sequence
from itertools import takewhile

# (seconds, probability): with so much sound behind it, a word that is so probable is believed.
Tiers = Sequence[tuple[float, float]]
# What is clear settles close to the sound's end; what is doubtful waits for a second transcript,
# but not for ever: captions in step with the picture must be there in time.
TRUSTED: Tiers = ((0.5, 0.95), (1.0, 0.6), (5.0, 0.0))


def key(text: str) -> str:
    """What two spellings of one spoken word share: letters and figures, in lower case."""
    folded = unicodedata.normalize("NFKC", text.lower())
    return "".join(character for character in folded if character.isalnum())


def believed(words: Iterable[tuple[float, float]], agreed: int, trusted: Tiers) -> int:
    """Return how many of the first `words` settle.

    Each is the seconds of sound behind it and its probability; an earlier transcript has the first
    `agreed` of them.
    """
    settles = (index < agreed or _trusted(*word, trusted) for index, word in enumerate(words))
    return sum(1 for _ in takewhile(bool, settles))


class Agreement:
    """Words settle once two transcripts agree on them, the newer made from more sound.

    LocalAgreement-2, from Macháček, Dabre and Bojar, "Turning Whisper into Real-Time Transcription
    System" (2023), section 3. Two transcripts of nearly the same sound agree by being wrong alike,
    so that only one made `apart` seconds of sound earlier counts.
    """

    def __init__(self, apart: float) -> None:
        self._apart = apart
        self._earlier: deque[tuple[float, list[str]]] = deque()  # heard until, unsettled words

    def confirm(self, words: Sequence[str], heard_until: float) -> int:
        """Return how many of the first unsettled `words` an earlier transcript has, too."""
        keys = [key(word) for word in words]
        newest = heard_until - self._apart
        while len(self._earlier) > 1 and self._earlier[1][0] <= newest:
            self._earlier.popleft()
        agreed = 0
        if self._earlier and self._earlier[0][0] <= newest:
            pairs = zip(keys, self._earlier[0][1], strict=False)
            agreed = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))
        self._earlier.append((heard_until, keys))
        return agreed

    def settle(self, words: Sequence[str]) -> None:
        """Take the first `words` as settled: what is compared from now on follows them."""
        keys = [key(word) for word in words]
        count = len(keys)
        self._earlier = deque(
            (heard, earlier[count:]) for heard, earlier in self._earlier if earlier[:count] == keys
        )

    def forget(self) -> None:
        self._earlier.clear()


def _trusted(behind: float, probability: float, trusted: Tiers) -> bool:
    return any(behind >= least and probability >= needed for least, needed in trusted)
