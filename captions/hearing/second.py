"""The second hearing: speech that is over is heard once more, with all that follows it known.

Live, words settle within two seconds of being said. When there is time the model hears up to half a
minute at once, in the beam search that the offline transcript has; what it finds is then weighed
against the live words (`captions/hearing/vote.py`).
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from captions.cues import Cue, Word
from captions.errors import SoundUnreadable
from captions.hearing import filters
from captions.hearing.agreement import key
from captions.hearing.kept import Packet
from captions.hearing.sound import SAMPLE_RATE, PacketDecoder, Samples
from captions.hearing.speech import FRAME, FRAME_SECONDS, SpeechDetector, fitted
from captions.hearing.whisper import Piece, Whisper

SHORTEST = 11.0  # seconds after which a stretch may end
BEAM = 5
END = "\N{END OF TEXT}0"  # a word that nobody says
PACKET = 0.02  # seconds of a packet of Opus


@dataclass(frozen=True, eq=False)
class Stretch:
    """Sound without a hole that begins at `start`, and where in it somebody speaks."""

    samples: Samples
    start: float
    speech: tuple[bool, ...]  # for each whole frame of the detector's

    @property
    def end(self) -> float:
        return self.start + len(self.speech) * FRAME_SECONDS

    @property
    def spoken(self) -> float:
        """Seconds of speech."""
        return sum(self.speech) * FRAME_SECONDS

    def among(self, cues: Iterable[Cue]) -> tuple[list[Cue], list[Word], list[Word]]:
        """Those of `cues` of which the most was said in it; the words of those before and after."""
        own: list[Cue] = []
        before: list[Word] = []
        after: list[Word] = []
        for cue in cues:
            if not cue.words:
                continue
            middle = (cue.words[0].start + cue.words[-1].end) / 2
            if middle < self.start:
                before += cue.words
            elif middle < self.end:
                own.append(cue)
            else:
                after += cue.words
        return own, before, after

    def until(self, end: float) -> "Stretch":
        """Its beginning, up to `end`."""
        count = max(0, min(len(self.speech), round((end - self.start) / FRAME_SECONDS)))
        return Stretch(self.samples[: count * FRAME], self.start, self.speech[:count])


def stretch(packets: Sequence[Packet]) -> Stretch:
    """Decode packets that follow each other; what cannot be decoded is silence."""
    start = packets[0].time
    decoder = PacketDecoder()
    samples = np.zeros(round((packets[-1].time + PACKET - start) * SAMPLE_RATE), np.float32)
    for packet in packets:
        try:
            for sound in decoder.decode(packet.data, packet.time):
                place = max(0, round((sound.start - start) * SAMPLE_RATE))
                room = samples[place : place + len(sound.samples)]
                room[:] = sound.samples[: len(room)]
        except SoundUnreadable:
            continue
    return Stretch(samples, start, tuple(SpeechDetector().listen(samples)))


def ending(heard: Stretch, cues: Sequence[Cue]) -> float:
    """When a stretch best ends so that the rest can be heard with what follows.

    In the longest pause that no cue spans, behind `SHORTEST` seconds; where there is none, between
    two cues; else at the very end.
    """
    earliest = heard.start + SHORTEST
    words = [(cue.words[0].start, cue.words[-1].end) for cue in cues if cue.words]
    best, longest = heard.end, 0.0
    for start, end in _pauses(heard):
        middle = (start + end) / 2
        inside = any(first < middle < last for first, last in words)
        if middle >= earliest and not inside and end - start > longest:
            best, longest = middle, end - start
    if longest:
        return best
    between = [start for start, _ in words if earliest <= start < heard.end]
    return between[-1] if between else best


def hear(whisper: Whisper, heard: Stretch) -> tuple[Word, ...] | None:
    """The words of a stretch, times on the broadcast clock; None when they are not believed."""
    encoded = whisper.encode(heard.samples)
    decoded = whisper.decode_whole(encoded, beam=BEAM)
    pieces = whisper.align(encoded, decoded.tokens)[0]
    texts = [piece.text for piece in pieces]
    # Whoever hears times does not start over at the end: there a phrase may well come again.
    refused = filters.loop([*texts, END]) is not None or filters.refusal(
        texts,
        before=(),
        sure=sum(piece.probability for piece in pieces),
        speech_seconds=heard.spoken,
        log_probability=decoded.log_probability,
        no_speech=decoded.no_speech,
    )
    if refused:
        return None
    return tuple(_word(piece, heard) for piece in pieces if key(piece.text))


def _word(piece: Piece, heard: Stretch) -> Word:
    start, end = heard.start + piece.start, heard.start + piece.end
    start, end = fitted(heard.speech, heard.start, start, end)
    return Word(piece.text, round(start, 3), round(end, 3), round(piece.probability, 3))


def _pauses(heard: Stretch) -> Iterator[tuple[float, float]]:
    """(start, end) of each time when nobody speaks."""
    began: int | None = None
    for frame, speech in enumerate((*heard.speech, True)):
        if not speech and began is None:
            began = frame
        elif speech and began is not None:
            yield heard.start + began * FRAME_SECONDS, heard.start + frame * FRAME_SECONDS
            began = None
