"""Live captions: word errors against faster-whisper's own transcript, delay, and cost.

    python benchmarks/captions.py [SOUND …] [--realtime] [--json FILE]

Each sound file has its transcript beside it, as `.txt`; without any, the tests' clip is used. Delay
counts from the end of a word as the offline transcript has it. Files named in `--quiet` hold no
speech: every word found there is an invention.
"""

import argparse
import difflib
import json
import statistics
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[0] = str(ROOT)  # this file's folder has a captions of its own: this very file

import numpy as np  # noqa: E402
from faster_whisper import WhisperModel  # noqa: E402

from captions import files, sound, weights  # noqa: E402
from captions.agreement import key  # noqa: E402
from captions.live import Captioner  # noqa: E402
from captions.sound import SAMPLE_RATE  # noqa: E402
from captions.whisper import Whisper  # noqa: E402
from tests.captions.speech import CLIP, word_error_rate  # noqa: E402


@dataclass
class Result:
    """One row; times in seconds, errors in per cent of words, cost in cores."""

    name: str
    seconds: float
    live_errors: float
    offline_errors: float
    commit_median: float
    commit_p95: float
    partial_median: float
    partial_p95: float
    live_cores: float
    offline_cores: float
    refused: int


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sounds", nargs="*", type=Path, default=[CLIP])
    parser.add_argument("--quiet", nargs="*", type=Path, default=[])
    parser.add_argument("--realtime", action="store_true")
    parser.add_argument("--model", default="base")
    parser.add_argument("--cache", type=Path, default=ROOT / "data" / "cache")
    parser.add_argument("--json", type=Path, default=Path("captions.json"))
    options = parser.parse_args()

    folder = weights.resolve(options.model, options.cache)
    whisper = Whisper(folder)
    offline = WhisperModel(str(folder), device="cpu", compute_type="int8", cpu_threads=1)
    results = [measure(path, whisper, offline, options.realtime) for path in options.sounds]
    inventions = {path.stem: invented(path, whisper) for path in options.quiet}

    print("                     live   offline  ratio   commit        partial       cores")
    print("sound      seconds   WER %    WER %          med / p95     med / p95     live   offline")
    for row in results:
        ratio = row.live_errors / row.offline_errors if row.offline_errors else float("nan")
        print(
            f"{row.name[:11]:<11}{row.seconds:7.0f} {row.live_errors:7.1f}"
            f" {row.offline_errors:8.1f} {ratio:6.2f}  "
            f" {row.commit_median:5.2f} / {row.commit_p95:<5.2f}"
            f" {row.partial_median:5.2f} / {row.partial_p95:<5.2f}"
            f" {row.live_cores:6.2f} {row.offline_cores:8.2f}"
        )
    for name, words in inventions.items():
        print(f"{name}: {words} words invented")
    written: dict[str, Any] = {
        "realtime": options.realtime,
        "speech": [asdict(row) for row in results],
        "inventions": inventions,
    }
    options.json.write_text(json.dumps(written, indent=1) + "\n")


def measure(path: Path, whisper: Whisper, offline: WhisperModel, realtime: bool) -> Result:
    samples = np.concatenate([piece.samples for piece in sound.read(path)])
    seconds = len(samples) / SAMPLE_RATE
    before = time.process_time()
    segments, _ = offline.transcribe(samples, language="fr", beam_size=5, word_timestamps=True)
    said = [word for segment in segments for word in segment.words or []]
    offline_cost = time.process_time() - before

    captioner = Captioner(whisper)
    before = time.process_time()
    shown = list(files.caption(path, captioner, realtime=realtime))
    live_cost = time.process_time() - before

    committed = [(word.text, step.at) for step in shown for word in step.heard.settled]
    commits, partials = delays([(word.word, word.end) for word in said], committed, shown)
    reference = path.with_suffix(".txt").read_text(encoding="utf-8")
    return Result(
        name=path.stem,
        seconds=round(seconds, 1),
        live_errors=100 * word_error_rate(reference, " ".join(text for text, _ in committed)),
        offline_errors=100 * word_error_rate(reference, " ".join(word.word for word in said)),
        commit_median=statistics.median(commits),
        commit_p95=float(np.percentile(commits, 95)),
        partial_median=statistics.median(partials),
        partial_p95=float(np.percentile(partials, 95)),
        live_cores=live_cost / seconds,
        offline_cores=offline_cost / seconds,
        refused=captioner.refused,
    )


def delays(
    said: list[tuple[str, float]], committed: list[tuple[str, float]], shown: list[files.Shown]
) -> tuple[list[float], list[float]]:
    """How long after its end each word that both transcripts have was settled, and first seen."""
    seen: list[float] = []  # for each committed word, when it was first shown in its place
    for step in shown:
        settled = [key(word.text) for word in step.heard.settled]
        seen += [step.at] * len(settled)
    count = len(committed)
    for step in reversed(shown):
        count -= len(step.heard.settled)
        after = count + len(step.heard.settled)
        for offset, word in enumerate(step.heard.partial):
            place = after + offset
            if place < len(committed) and key(word.text) == key(committed[place][0]):
                seen[place] = min(seen[place], step.at)
    matcher = difflib.SequenceMatcher(
        None, [key(text) for text, _ in said], [key(text) for text, _ in committed], autojunk=False
    )
    pairs = [
        (said[block.a + index][1], block.b + index)
        for block in matcher.get_matching_blocks()
        for index in range(block.size)
    ]
    return (
        [committed[place][1] - end for end, place in pairs],
        [seen[place] - end for end, place in pairs],
    )


def invented(path: Path, whisper: Whisper) -> int:
    steps = files.caption(path, Captioner(whisper))
    return sum(len(step.heard.settled) for step in steps)


if __name__ == "__main__":
    main()
