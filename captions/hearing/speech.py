"""Where in the sound somebody speaks: Silero's detector, fed as the sound comes."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from faster_whisper.vad import get_vad_model

from captions.hearing.sound import SAMPLE_RATE, Samples

FRAME = 512  # samples the detector judges at a time
FRAME_SECONDS = FRAME / SAMPLE_RATE
CONTEXT = 64  # samples of the frame before, which it wants to see again
THRESHOLD = 0.4  # probability from which a frame counts as speech
HOLE = 0.5  # seconds without speech that no word holds: stops are a tenth


class SpeechDetector:
    """Silero VAD with its memory kept between calls, so that no sound is judged twice."""

    def __init__(self) -> None:
        self._session: Any = get_vad_model().session
        self.reset()

    def reset(self) -> None:
        """Forget what was heard: what comes next does not follow it."""
        self._h = np.zeros((1, 1, 128), dtype=np.float32)
        self._c = np.zeros((1, 1, 128), dtype=np.float32)
        self._context = np.zeros(CONTEXT, dtype=np.float32)
        self._rest = np.zeros(0, dtype=np.float32)

    def listen(self, samples: Samples) -> list[bool]:
        """Return, for each frame that `samples` complete, whether it is speech."""
        heard = np.concatenate((self._rest, samples))
        count = len(heard) // FRAME
        frames, self._rest = heard[: count * FRAME].reshape(count, FRAME), heard[count * FRAME :]
        if not count:
            return []
        contexts = np.vstack((self._context, frames[:-1, -CONTEXT:]))
        self._context = frames[-1, -CONTEXT:]
        probabilities, self._h, self._c = self._session.run(
            None,
            {"input": np.hstack((contexts, frames)), "h": self._h, "c": self._c},
        )
        return [bool(probability >= THRESHOLD) for probability in probabilities.ravel()]


def fitted(speech: Sequence[bool], begins: float, start: float, end: float) -> tuple[float, float]:
    """A word's times, drawn in to the speech they enclose: alignments stretch over pauses.

    `speech` has one value for each of the detector's frames since `begins`. Where it stands on both
    sides of a pause the longest stretch is the word's: the other is what is left of its neighbour.
    """
    first = max(0, int((start - begins) / FRAME_SECONDS))
    last = min(len(speech), int((end - begins) / FRAME_SECONDS) + 1)
    stretches: list[tuple[int, int]] = []  # the first frame and the last
    for index in range(first, last):
        if not speech[index]:
            continue
        if stretches and (index - stretches[-1][1]) * FRAME_SECONDS <= HOLE:
            stretches[-1] = (stretches[-1][0], index)
        else:
            stretches.append((index, index))
    if not stretches:
        return start, end
    first, last = max(stretches, key=lambda stretch: stretch[1] - stretch[0])
    fitted_start = max(start, begins + first * FRAME_SECONDS)
    fitted_end = min(end, begins + (last + 1) * FRAME_SECONDS)
    return fitted_start, max(fitted_start, fitted_end)
