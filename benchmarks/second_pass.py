"""The second hearing: what it wins over the live words, and what it costs.

    python -m benchmarks.second_pass [SOUND …] [--model NAME] [--live NAME] [--json FILE]

Each sound has its transcript beside it, as `.txt`; without any, the talk of `make demo` and the
tests' clip are used. Errors are in per cent of the words (characters) of the transcript: of the
live words, of the second hearing by itself, and of what the vote between them leaves. Cores are
seconds of processor in a second of sound, of the second hearing alone.
"""

import argparse
import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import jiwer
import numpy as np

from captions import files
from captions.cues import Cue, Word
from captions.hearing import second, sound
from captions.hearing.live import Captioner
from captions.hearing.second import Stretch
from captions.hearing.sound import SAMPLE_RATE, Samples
from captions.hearing.speech import SpeechDetector
from captions.hearing.vote import vote
from captions.hearing.whisper import Whisper
from captions.models import weights
from captions.written.layout import Layout, joined
from tests.captions.speech import CLIP, plain
from tv.captioning.rereading import AROUND, LONGEST
from tv.demo import film as demo_film

ROOT = Path(__file__).resolve().parent.parent
TALK = demo_film.ASSETS / "talk_fr.opus"


@dataclass(frozen=True)
class Result:
    """One row."""

    sound: str
    seconds: float
    live: tuple[float, float]  # word and character errors
    second: tuple[float, float]
    voted: tuple[float, float]
    cues: int
    changed: int
    refused: int  # stretches that were not believed
    cores: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("sounds", nargs="*", type=Path, default=[TALK, CLIP])
    parser.add_argument("--model", default="base")
    parser.add_argument("--live", default="base", help="the model of the live words")
    parser.add_argument("--cache", type=Path, default=ROOT / "data" / "cache")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()

    live = Whisper(weights.resolve(options.live, options.cache))
    again = Whisper(weights.resolve(options.model, options.cache), whole=True)
    print("sound        seconds   live WER/CER   second WER/CER   vote WER/CER   changed   cores")
    results = []
    for path in options.sounds:
        row = measure(path, live, again)
        results.append(row)
        errors = "   ".join(f"{w:6.1f} / {c:<5.1f}" for w, c in (row.live, row.second, row.voted))
        print(
            f"{row.sound[:12]:<12} {row.seconds:7.0f} {errors} "
            f"{row.changed:4d} of {row.cues:<4d} {row.cores:5.2f}"
        )
    if options.json:
        options.json.write_text(json.dumps([asdict(row) for row in results], indent=1) + "\n")


def measure(path: Path, live: Whisper, again: Whisper) -> Result:
    samples = np.concatenate([piece.samples for piece in sound.read(path)])
    cues = live_cues(path, live)
    reference = plain(path.with_suffix(".txt").read_text(encoding="utf-8"))
    now = {cue.id: cue for cue in cues}
    heard: list[Word] = []
    refused, before = 0, time.process_time()
    for stretch in stretches(samples, cues):
        words = second.hear(again, stretch)
        if words is None:
            refused += 1
            continue
        heard += words
        near = [
            c for c in cues if stretch.start - AROUND < c.end and c.start < stretch.end + AROUND
        ]
        own, before_words, after_words = stretch.among(near)
        verdict = vote(own, words, before_words, after_words)
        missed = Layout("plateau").add(verdict.missed, ended=True)
        now |= {cue.id: cue for cue in (*verdict.changed, *missed)}
    seconds = len(samples) / SAMPLE_RATE
    voted = sorted(now.values(), key=lambda cue: cue.start)
    return Result(
        sound=path.stem,
        seconds=round(seconds, 1),
        live=errors(reference, said(cues)),
        second=errors(reference, joined(heard)),
        voted=errors(reference, said(voted)),
        cues=len(cues),
        changed=sum(now[cue.id] != cue for cue in cues),
        refused=refused,
        cores=round((time.process_time() - before) / seconds, 3),
    )


def live_cues(path: Path, whisper: Whisper) -> list[Cue]:
    layout, cues = Layout("plateau"), {}
    for shown in files.caption(path, Captioner(whisper)):
        for cue in layout.add(shown.heard.settled, ended=shown.heard.ended):
            cues[cue.id] = cue
    return sorted(cues.values(), key=lambda cue: cue.start)


def stretches(samples: Samples, cues: Sequence[Cue]) -> Iterator[Stretch]:
    """The sound cut as the reread process cuts it."""
    start, end = 0.0, len(samples) / SAMPLE_RATE
    while end - start > 0.1:
        first = round(start * SAMPLE_RATE)
        piece = samples[first : first + round(LONGEST * SAMPLE_RATE)]
        stretch = Stretch(piece, start, tuple(SpeechDetector().listen(piece)))
        if start + LONGEST < end:
            stretch = stretch.until(second.ending(stretch, cues))
        if stretch.spoken:
            yield stretch
        start = max(stretch.end, start + 0.1)


def said(cues: Sequence[Cue]) -> str:
    return " ".join(joined(cue.words) for cue in cues)


def errors(reference: str, text: str) -> tuple[float, float]:
    """Word and character errors, in per cent."""
    heard = plain(text)
    return (
        round(100 * float(jiwer.wer(reference, heard)), 1),
        round(100 * float(jiwer.cer(reference, heard)), 1),
    )


if __name__ == "__main__":
    main()
