"""Live captions: errors, delay and cost, beside the model's own transcript and a peer.

    python -m benchmarks.captions [SOUND …] [--sets FOLDER] [--limit SECONDS] [--phases COUNT]
        [--realtime] [--beside-1080p] [--costed 0.15,0.035] [--tuning longest=6] [--ufal CHECKOUT]
        [--json FILE]

Each sound has its transcript beside it, as `.txt`. Without any, the talk of `make demo` and the
tests' clip are used; `--sets` takes every sound with a transcript in a folder, and as sounds
without a word those of its `nonspeech` that SPEECHLESS names. Such are made besides: a character
found there, even in a partial, is an invention (babble has voices, but no words).

- ours: the live loop. Without `--realtime` its clock stands still while nothing is computed. With
  `--costed` it goes on by so many seconds for each step, and for each second of its window, so that
  two settings can be compared on a machine that does other things: words and delays are those of
  steps that cost so much, which a setting may change; cores are still measured. `--tuning` sets
  some of the loop's parameters (`Tuning`).
- offline: `faster_whisper.transcribe` of the whole file, same weights: what there is to win.
- ufal: ufal/whisper_streaming as its authors set it up (cloned where there is a network).

When steps and windows happen to fall moves a transcript by half a point, an offline one too. With
`--phases 4` ours and offline hear each sound four times, behind 0, 0.25, 0.5 and 0.75 s of silence;
a row is the mean of its runs, and the range of its word errors stands behind it.

Delay counts from the end of a word as the offline transcript has it; cores are seconds of processor
in a second of sound.
"""

import argparse
import json
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import asdict, replace
from itertools import pairwise
from pathlib import Path

import numpy as np

from benchmarks import _captions_noises as noises
from benchmarks import _film
from benchmarks._captions_figures import Figures, figures, together
from benchmarks._captions_systems import Hearing, alone, offline, ours, peer
from captions.hearing import sound
from captions.hearing.live import Tuning
from captions.hearing.sound import SAMPLE_RATE
from captions.models import weights
from tests.captions.speech import CLIP
from tests.servers import fabrique
from tests.studio import publishing
from tv.demo import film as demo_film

ROOT = Path(__file__).resolve().parent.parent
UFAL = "https://github.com/ufal/whisper_streaming"
COMMIT = "1f25a1a"  # of it
Spoken = tuple[Path, str]  # a sound, and what is said in it
SPEECHLESS = ("silence", "noise_pink", "hum", "chord", "applause")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("sounds", nargs="*", type=Path)
    parser.add_argument("--sets", type=Path)
    parser.add_argument("--limit", type=float, help="seconds of each sound that are heard")
    parser.add_argument("--phases", type=int, default=1, help="times that each sound is heard")
    parser.add_argument("--realtime", action="store_true")
    parser.add_argument("--beside-1080p", action="store_true", help="real time, a channel on air")
    parser.add_argument("--costed", help="seconds of a step, and of each second of its window")
    parser.add_argument("--tuning", default="", help="name=number, with commas between")
    parser.add_argument("--ufal", type=Path)
    parser.add_argument("--model", default="base")
    parser.add_argument("--cache", type=Path, default=ROOT / "data" / "cache")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    if options.costed and (options.realtime or options.beside_1080p):
        parser.error("--costed has no say in real time")

    with tempfile.TemporaryDirectory(prefix="fabrique-captions-") as temporary:
        scratch = Path(temporary)
        sounds = options.sounds or _sounds(options.sets)
        quiet = [*noises.make(scratch, sounds[0]), *_speechless(options.sets)]
        folder = weights.resolve(options.model, options.cache)
        ufal = options.ufal or _ufal(scratch)
        hearing = Hearing(
            options.realtime or options.beside_1080p,
            _numbers(options.costed) if options.costed else None,
            _tuning(options.tuning),
        )
        with _channel_on_air(scratch) if options.beside_1080p else nullcontext():
            rows = [
                row
                for path in sounds
                for row in _compare(
                    _phases(*_begun(path, options.limit, scratch), options.phases, scratch),
                    folder,
                    hearing,
                    ufal,
                )
            ]
            invented = {path.name: _invented(path, folder) for path in quiet}
    _print(rows, invented)
    if options.json:
        written = {
            "realtime": hearing.realtime,
            "costed": hearing.costed,
            "tuning": asdict(hearing.tuning or Tuning()),
            "beside_1080p": options.beside_1080p,
            "model": options.model,
            "phases": options.phases,
            "speech": [asdict(row) for row in rows],
            "characters_without_speech": invented,
        }
        options.json.write_text(json.dumps(written, indent=1) + "\n")


def _numbers(text: str) -> tuple[float, float]:
    first, second = (float(number) for number in text.split(","))
    return first, second


def _tuning(text: str) -> Tuning:
    named = (each.split("=") for each in text.split(",") if each)
    given = {name: type(getattr(Tuning(), name))(number) for name, number in named}
    return replace(Tuning(), **given)


def _compare(
    phases: Sequence[Spoken], folder: Path, hearing: Hearing, ufal: Path | None
) -> Iterator[Figures]:
    """The systems on one sound, one after the other; the peer, which takes longest, hears one."""
    name = phases[0][0].stem
    whole = [alone(offline, path, folder) for path, _ in phases]
    live = [alone(ours, path, folder, hearing) for path, _ in phases]
    for system, runs in (("ours", live), ("offline", whole)):
        yield together(
            [
                figures(system, name, run, reference, run_offline)
                for run, run_offline, (_, reference) in zip(runs, whole, phases, strict=True)
            ]
        )
    if ufal:
        path, reference = phases[0]
        yield figures("ufal", name, alone(peer, path, folder, ufal), reference, whole[0])


def _invented(path: Path, folder: Path) -> int:
    """Characters shown of a sound without speech, partial words too."""
    run = ours(path, folder, Hearing())
    settled = sum(len(text) for text, _, _ in run.words)
    return settled + sum(len(word) for guess in run.guesses for word in guess.words)


def _sounds(sets: Path | None) -> list[Path]:
    if sets is None:
        return [demo_film.ASSETS / "talk_fr.opus", CLIP]
    return [path for path in sorted(sets.glob("*.flac")) if path.with_suffix(".txt").exists()]


def _speechless(sets: Path | None) -> list[Path]:
    return [sets / "nonspeech" / f"{name}.flac" for name in SPEECHLESS] if sets else []


def _begun(path: Path, limit: float | None, scratch: Path) -> Spoken:
    """The sound and its transcript, cut behind a sentence before `limit` if they are listed."""
    segments = path.with_suffix(".segments.json")
    if limit is None or not segments.exists():
        return path, path.with_suffix(".txt").read_text(encoding="utf-8")
    listed = json.loads(segments.read_text(encoding="utf-8"))
    said = [segment for segment in listed if segment["end"] <= limit]
    samples = np.concatenate([piece.samples for piece in sound.read(path)])
    until = int((said[-1]["end"] + 0.3) * SAMPLE_RATE)
    shorter = noises.write(scratch / f"{path.stem}.wav", samples[:until])
    return shorter, " ".join(segment["text"] for segment in said)


def _phases(path: Path, reference: str, count: int, scratch: Path) -> list[Spoken]:
    """The sound, then behind more and more silence, up to a second."""
    samples = np.concatenate([piece.samples for piece in sound.read(path)])
    later = [
        np.pad(samples, (number * SAMPLE_RATE // count, 0)) for number in range(1, max(1, count))
    ]
    shifted = [
        noises.write(scratch / f"{path.stem}-{number}.wav", padded)
        for number, padded in enumerate(later, start=1)
    ]
    return [(each, reference) for each in (path, *shifted)]


def _ufal(scratch: Path) -> Path | None:
    """A clone of the peer at the commit we know, or None, said so."""
    folder = scratch / "whisper_streaming"
    commands = (
        ["clone", "--quiet", UFAL, str(folder)],
        ["-C", str(folder), "checkout", "-q", COMMIT],
    )
    for command in commands:
        done = subprocess.run(["git", *command], capture_output=True, timeout=120)
        if done.returncode:
            print("ufal/whisper_streaming cannot be fetched here: give a clone with --ufal")
            return None
    return folder


@contextmanager
def _channel_on_air(scratch: Path) -> Iterator[None]:
    """The whole service with a 1080p studio; its captions are the ones measured here."""
    film = scratch / "film.mp4"
    _film.make(film, size="1920x1080", rate="4M")
    with fabrique() as server, publishing(film, server):
        yield


def _print(rows: list[Figures], invented: dict[str, int]) -> None:
    print(
        "                            WER     CER  max in   commit        partial      cores    RSS"
        "   WER from – to"
    )
    print("sound        system        in %    in %  a row    med / p95     med / p95            MB")
    for row in rows:
        print(
            f"{row.sound[:12]:<13}{row.system:<9}{row.word_errors:9.2f}{row.character_errors:8.2f}"
            f"{row.times_running:7d}  {_pair(row.commit_median, row.commit_p95)}"
            f"  {_pair(row.partial_median, row.partial_p95)}{row.cores:7.2f}{row.rss_mb:7.0f}"
            f"   {row.word_errors_least:5.2f} – {row.word_errors_most:.2f}"
        )
    for live, whole in pairwise(rows):
        if (live.system, whole.system) == ("ours", "offline"):
            ratio = f"{live.word_errors / whole.word_errors:.3f}" if whole.word_errors else "–"
            print(f"{live.sound}: live ÷ offline {ratio}")
    for name, characters in invented.items():
        print(f"{name}: {characters} characters without speech")


def _pair(median: float | None, p95: float | None) -> str:
    return "      –      " if median is None or p95 is None else f"{median:5.2f} / {p95:5.2f}"


if __name__ == "__main__":
    main()
