"""The sound whose words are not settled yet."""

import numpy as np

from captions.hearing.sound import SAMPLE_RATE, Samples, Sound
from captions.hearing.speech import FRAME_SECONDS, SpeechDetector, fitted

JUDGED = 1600  # samples the detector is given at least: many small calls cost more than one
QUIET = 0.5  # seconds kept of a window where nobody has spoken yet


class Window:
    """Contiguous sound from `start` on, and where in it somebody speaks."""

    def __init__(self, detector: SpeechDetector, start: float) -> None:
        detector.reset()
        self._detector = detector
        self._unjudged: list[Samples] = []
        self._unjudged_samples = 0
        self.start = start
        self.samples: Samples = np.zeros(0, dtype=np.float32)
        self._speech: list[bool] = []  # one for each whole frame judged since `_speech_start`
        self._speech_start = start

    @property
    def end(self) -> float:
        return self.start + self.seconds

    @property
    def seconds(self) -> float:
        return len(self.samples) / SAMPLE_RATE

    def append(self, sound: Sound) -> None:
        self.samples = np.concatenate((self.samples, sound.samples))
        # The packets' own times win over our count of samples: see streaming's clock, which slews.
        drift = sound.end - self.end
        self.start += drift
        self._speech_start += drift
        self._unjudged.append(sound.samples)
        self._unjudged_samples += len(sound.samples)
        if self._unjudged_samples >= JUDGED:
            self._speech += self._detector.listen(np.concatenate(self._unjudged))
            self._unjudged, self._unjudged_samples = [], 0

    def cut(self, time: float) -> None:
        """Let go of the sound before `time`."""
        count = min(len(self.samples), max(0, round((time - self.start) * SAMPLE_RATE)))
        self.samples = self.samples[count:].copy()
        self.start += count / SAMPLE_RATE
        frames = int((self.start - self._speech_start) / FRAME_SECONDS)
        frames = min(max(0, frames), len(self._speech))
        del self._speech[:frames]
        self._speech_start += frames * FRAME_SECONDS

    def forget_quiet(self) -> None:
        """Keep only the newest sound, while nobody has spoken."""
        if not self.spoken and self.seconds > 2 * QUIET:
            self.cut(self.end - QUIET)

    @property
    def spoken(self) -> bool:
        return any(self._speech)

    @property
    def speech_seconds(self) -> float:
        return sum(self._speech) * FRAME_SECONDS

    def speech_behind(self, time: float) -> float:
        """Seconds of speech after `time`."""
        first = max(0, int((time - self._speech_start) / FRAME_SECONDS))
        return sum(self._speech[first:]) * FRAME_SECONDS

    @property
    def last_speech(self) -> float:
        """When speech was last heard; the window's start when there is none."""
        for index in range(len(self._speech) - 1, -1, -1):
            if self._speech[index]:
                return self._speech_start + (index + 1) * FRAME_SECONDS
        return self.start

    @property
    def judged_until(self) -> float:
        return self._speech_start + len(self._speech) * FRAME_SECONDS

    @property
    def silence(self) -> float:
        """Seconds since speech was last heard, as far as the detector has listened."""
        return max(0.0, self.judged_until - self.last_speech)

    def fit(self, start: float, end: float) -> tuple[float, float]:
        """Draw a word's times in to the speech they enclose."""
        return fitted(self._speech, self._speech_start, start, end)
