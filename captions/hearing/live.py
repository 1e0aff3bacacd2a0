"""The live loop: sound in, settled words and a guess at the next ones out.

Each step decodes the open window behind the words already settled. Words settle when an earlier
transcript agrees, when they lie far enough from the window's end, or when the speaker pauses. The
loop owns no clock and no thread: whoever drives it says how much effort the machine can spare.
"""

import logging
from collections import Counter, deque
from dataclasses import dataclass, replace

import numpy as np

from captions.cues import Word
from captions.hearing import filters
from captions.hearing.agreement import TRUSTED, Agreement, Tiers, believed, key
from captions.hearing.pace import Effort
from captions.hearing.sound import SAMPLE_RATE, Sound
from captions.hearing.speech import SpeechDetector
from captions.hearing.whisper import Encoded, Piece, Whisper
from captions.hearing.window import Window

logger = logging.getLogger(__name__)

HEARD = 0.1  # seconds before a transcript's end where speech may still be cut off
GAP = 0.1  # seconds by which the time of a sound may differ from what was expected
HOLE = 1.0  # seconds without sound, at most, that are taken for silence; more starts a new window
WAITING = 1000  # sounds that may wait behind a gap
GLOSSARY = 80  # tokens of glossary before them
KEPT = 0.25  # seconds of a closed window that the next one begins with
UNSURE = 1.0  # seconds at a window's end that are never cut from it


@dataclass(frozen=True)
class Tuning:
    """The loop's parameters, in seconds unless said otherwise; measured by benchmarks/captions."""

    apart: float = 0.9  # between two transcripts that may agree
    trusted: Tiers = TRUSTED  # what settles by itself
    breath: float = 0.3  # of silence, after which a step is made at once
    pause: float = 0.6  # of silence, after which all words settle
    rest: float = 2.0  # of silence, after which the window closes
    longest: float = 4.0  # window; then what is settled is let go: each step decodes it again
    carried: float = 1.0  # of what is settled that stays all the same: next words lean on it
    hardest: float = 16.0  # window; then everything is
    unsaid: float = 1.0  # of speech behind what is settled; then something was said there
    shown: int = 60  # tokens of what was said before the window that the decoder is shown


@dataclass(frozen=True)
class Heard:
    """What one step found; `ended` says that the speaker paused or the sound broke off."""

    settled: tuple[Word, ...] = ()
    partial: tuple[Word, ...] = ()
    ended: bool = False


class Captioner:
    """One channel's loop: `feed` it, and `step` whenever it is `due`."""

    def __init__(
        self, whisper: Whisper, *, glossary: str = "", tuning: Tuning | None = None
    ) -> None:
        self._whisper = whisper
        self._tuning = tuning or Tuning()
        self._detector = SpeechDetector()
        self._glossary: list[int] = []
        self.instruct(glossary)
        self._waiting: deque[Sound] = deque(maxlen=WAITING)  # behind a gap: for windows to come
        self._finishing = False
        self._previous: list[int] = []  # tokens said before the window
        self._agreement = Agreement(self._tuning.apart)
        self._settled: list[Piece] = []  # what is settled of the window, timed on the clock
        self._unsettled: list[Piece] = []  # the newest transcript's words behind that
        self._window: Window | None = None
        self._decoded_until = 0.0
        self._open_speech = False  # words may be waiting for a pause
        self.heard_until = 0.0  # the end of the newest sound
        self._echo = filters.Echo()
        self.refusals: Counter[str] = Counter()  # transcripts not believed, by the reason

    @property
    def refused(self) -> int:
        """Transcripts not believed."""
        return self.refusals.total()

    @property
    def window_seconds(self) -> float:
        return self._window.seconds if self._window else 0.0

    def instruct(self, glossary: str) -> None:
        """Show the model `glossary` from the next step on; any thread may call this."""
        text = glossary.strip()
        self._glossary = self._whisper.tokens(f" {text}")[:GLOSSARY] if text else []

    def feed(self, sound: Sound) -> None:
        """Take the next sound. A short hole is silence; any other jump of time ends the window."""
        if not len(sound.samples):
            return
        self.heard_until = sound.end
        self._finishing = False
        if self._window is None:
            self._open(sound.start)
        window = self._window
        assert window is not None
        missing = sound.start - window.end
        if not self._waiting and GAP < missing <= HOLE:
            silence = np.zeros(round(missing * SAMPLE_RATE), dtype=np.float32)
            window.append(Sound(silence, window.end))
        elif self._waiting or abs(missing) > GAP:
            self._waiting.append(sound)
            return
        window.append(sound)
        if not self._settled:
            window.forget_quiet()

    def finish(self) -> None:
        """Say that no sound follows for now: what is open settles in the next step."""
        self._finishing = True

    def drop(self) -> None:
        """Let go of all sound whose words are not settled; captions go on with what comes next."""
        self._waiting.clear()
        self._window = None
        self._forget_words()
        self._previous = []

    def due(self, effort: Effort) -> bool:
        """Whether a step is worth its cost now."""
        window = self._window
        if window is None or (self._finishing and not window.seconds):
            return False
        if self._closing(window) or self._paused(window):
            return True
        unheard = window.last_speech > self._decoded_until - HEARD
        if not window.spoken or not unheard:
            return False
        full = window.end - self._decoded_until >= effort.step
        return full or window.silence >= self._tuning.breath

    def step(self, effort: Effort) -> Heard:
        """Decode what is open. Costs up to a second of a core."""
        window = self._window
        if window is None:
            return Heard()
        closing, paused = self._closing(window), self._paused(window)
        # After a breath everything was decoded already: the pause only settles it.
        if window.spoken and (
            not (closing or paused) or window.last_speech > self._decoded_until - HEARD
        ):
            self._decode(window, effort)
        if closing or paused:
            settled = self._settle(len(self._unsettled))
            self._open_speech = False
            if closing:
                self._close(window)
            elif window.seconds > self._tuning.longest:
                self._shorten(window)
            return Heard(settled, ended=True)
        self._open_speech = True
        settled = self._settle(self._confirmed(window))
        if window.seconds > self._tuning.longest:
            self._shorten(window)
        if not effort.partials:
            return Heard(settled)
        return Heard(settled, tuple(_word(piece) for piece in self._unsettled))

    def _closing(self, window: Window) -> bool:
        return (
            self._finishing
            or bool(self._waiting)
            or window.seconds > self._tuning.hardest
            or (window.spoken and window.silence >= self._tuning.rest)
        )

    def _paused(self, window: Window) -> bool:
        return self._open_speech and window.silence >= self._tuning.pause

    def _decode(self, window: Window, effort: Effort) -> None:
        """Set what is not settled to what the model hears now."""
        encoded = self._whisper.encode(window.samples)
        self._decoded_until = window.end
        prompts = [[*self._glossary, *self._previous[-self._tuning.shown :]]]
        if self._previous:
            prompts.append(self._glossary)
        for previous in prompts:
            pieces, reason = self._listen(window, encoded, previous, effort)
            if reason is None:
                self._unsettled = pieces
                return
            logger.debug("captions: a transcript was refused (%s)", reason)
            self.refusals[reason] += 1
            self._previous = []  # what led it astray must not do so again
            self._agreement.forget()
        self._unsettled = []

    def _listen(
        self, window: Window, encoded: Encoded, previous: list[int], effort: Effort
    ) -> tuple[list[Piece], str | None]:
        """Return the words behind the settled ones, and why they are not believed, if so."""
        beginning = [token for piece in self._settled for token in piece.tokens]
        # Behind a full stop the decoder likes to end, whatever it hears.
        said = window.speech_behind(self._settled[-1].end) if self._settled else 0.0
        for onward in (False, True):  # out of a loop leads only what it has not said yet
            decoded = self._whisper.decode(
                encoded,
                previous=previous,
                beginning=beginning,
                beam=effort.beam,
                more=said > self._tuning.unsaid,
                onward=onward,
            )
            settled, pieces = self._whisper.align(encoded, beginning, decoded.tokens)
            before = [piece.text for piece in settled]
            again = filters.loop([*before, *(piece.text for piece in pieces)])
            if again is None:
                break
        lost = filters.compression(" ".join(piece.text for piece in pieces)) > filters.LOST
        if again is not None:
            pieces = pieces[: max(0, again - len(before))]
        if not any(key(piece.text) for piece in pieces):
            return [], "loop" if again is not None else None
        reason = filters.refusal(
            [piece.text for piece in pieces],
            before=before,
            sure=sum(piece.probability for piece in (*settled, *pieces)),
            speech_seconds=window.speech_seconds,
            log_probability=decoded.log_probability,
            no_speech=decoded.no_speech,
        )
        if lost or reason is not None:
            return [], reason or "loop"
        self._settled = [_placed(piece, window) for piece in settled]
        return [_placed(piece, window) for piece in pieces], None

    def _confirmed(self, window: Window) -> int:
        """How many of the unsettled pieces cannot change any more."""
        texts = [piece.text for piece in self._unsettled]
        agreed = self._agreement.confirm(texts, window.end)
        heard = [(window.end - piece.end, piece.probability) for piece in self._unsettled]
        count = believed(heard, agreed, self._tuning.trusted)
        # A window's end reads like a sentence's: the last word waits to see if its full stop stays.
        if count == len(texts) and texts and not texts[-1][-1].isalnum():
            count -= 1
        return count

    def _settle(self, count: int) -> tuple[Word, ...]:
        pieces, self._unsettled = self._unsettled[:count], self._unsettled[count:]
        self._agreement.settle([piece.text for piece in pieces])
        self._settled += pieces
        return tuple(_word(piece) for piece in pieces if not self._echo.hears(piece.text))

    def _shorten(self, window: Window) -> None:
        """Let go of the beginning of a long window, at best up to a settled sentence's end."""
        if not self._settled:
            return
        until = min(window.end - UNSURE, self._settled[-1].end - self._tuning.carried)
        best = last = 0
        for count, piece in enumerate(self._settled, start=1):
            if piece.end > until:
                break
            last = count
            if piece.text[-1] in ".?!,;:…":
                best = count
        if not best or self._settled[best - 1].end < window.start + 0.35 * window.seconds:
            best = last
        if not best:
            return
        gone, self._settled = self._settled[:best], self._settled[best:]
        self._remember(gone)
        window.cut(gone[-1].end)

    def _close(self, window: Window) -> None:
        """End the window; the next one begins where it ended, or behind the gap."""
        self._remember(self._settled)
        self._forget_words()
        waiting = list(self._waiting)
        self._waiting.clear()
        if not waiting:
            window.cut(window.end - (0.0 if self._finishing else KEPT))
            self._decoded_until = window.end
            return
        self._window = None
        for sound in waiting:
            self.feed(sound)

    def _open(self, start: float) -> None:
        self._window = Window(self._detector, start)
        self._decoded_until = start

    def _remember(self, pieces: list[Piece]) -> None:
        self._previous += [token for piece in pieces for token in piece.tokens]
        del self._previous[: -self._tuning.shown]

    def _forget_words(self) -> None:
        self._settled, self._unsettled = [], []
        self._agreement.forget()


def _placed(piece: Piece, window: Window) -> Piece:
    """The piece with its times on the broadcast clock, within the speech they enclose."""
    start, end = window.fit(window.start + piece.start, window.start + piece.end)
    return replace(piece, start=start, end=end)


def _word(piece: Piece) -> Word:
    return Word(piece.text, round(piece.start, 3), round(piece.end, 3), round(piece.probability, 3))
