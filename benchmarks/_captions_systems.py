"""What a benchmark of captions compares, each in a process of its own: ours, offline, a peer.

Every system hears the same samples with the same weights, int8, one thread, French, beam 5.
"""

import importlib
import resource
import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from faster_whisper import WhisperModel

from captions import files
from captions.hearing import sound
from captions.hearing.live import Captioner, Tuning
from captions.hearing.sound import SAMPLE_RATE, Samples
from captions.hearing.whisper import Whisper
from tv import process

STEP = 1.0  # seconds from one step of the peer to the next: its own default


@dataclass(frozen=True)
class Guess:
    """What was on the page at one moment: words settled before, and the open ones behind them."""

    at: float
    settled: int
    words: tuple[str, ...]


@dataclass(frozen=True)
class Run:
    """One system on one sound; times in seconds of the sound.

    `words` are the settled ones: text, when it could be shown, and when it was heard to end.
    """

    words: tuple[tuple[str, float, float], ...]
    guesses: tuple[Guess, ...]
    seconds: float
    cpu_seconds: float
    rss_mb: float
    refused: int = 0


def alone(system: Callable[..., Run], *arguments: Any) -> Run:
    """Run `system` in a new process, so that its memory and processor time are its own."""
    with ProcessPoolExecutor(max_workers=1, mp_context=get_context("spawn")) as pool:
        return pool.submit(system, *arguments).result()


@dataclass(frozen=True)
class Hearing:
    """How ours hears: what is not the default, and what its clock goes by."""

    realtime: bool = False
    costed: tuple[float, float] | None = None  # seconds of each step, and of each of its window's
    tuning: Tuning | None = None


def ours(path: Path, folder: Path, hearing: Hearing) -> Run:
    process.share_one_heap()  # as all processes of the product do
    captioner = Captioner(Whisper(folder), tuning=hearing.tuning)
    cost = _costed(captioner, *hearing.costed) if hearing.costed else time.process_time
    before = time.process_time()
    words: list[tuple[str, float, float]] = []
    guesses: list[Guess] = []
    for shown in files.caption(path, captioner, realtime=hearing.realtime, cost=cost):
        words += [(word.text, shown.at, word.end) for word in shown.heard.settled]
        open_words = tuple(word.text for word in shown.heard.partial)
        guesses.append(Guess(shown.at, len(words), open_words))
    used = time.process_time() - before
    seconds = captioner.heard_until
    return Run(tuple(words), tuple(guesses), seconds, used, _peak_mb(), captioner.refused)


def _costed(captioner: Captioner, fixed: float, by_second: float) -> Callable[[], float]:
    """A clock that is asked before and after each step, and goes on by what that window costs."""
    spent = 0.0
    window: float | None = None

    def clock() -> float:
        nonlocal spent, window
        if window is None:
            window = captioner.window_seconds
        else:
            spent += fixed + by_second * window
            window = None
        return spent

    return clock


def offline(path: Path, folder: Path) -> Run:
    """faster-whisper's own transcript of the whole file, with its times of words."""
    model, samples = _model(folder), _samples(path)
    before = time.process_time()
    segments, _ = model.transcribe(samples, language="fr", beam_size=5, word_timestamps=True)
    words = tuple(
        (word.word, word.end, word.end) for segment in segments for word in segment.words or []
    )
    cost = time.process_time() - before
    return Run(words, (), len(samples) / SAMPLE_RATE, cost, _peak_mb())


def peer(path: Path, folder: Path, source: Path) -> Run:
    """ufal/whisper_streaming with its defaults: trimming by segment at 15 s, voice activity on.

    `source` is a checkout of it. As with ours, its clock stands still while nothing is computed.
    """
    online = _whisper_online(source)
    recognizer = online.FasterWhisperASR.__new__(online.FasterWhisperASR)
    recognizer.transcribe_kargs, recognizer.original_language = {}, "fr"
    recognizer.model = _model(folder)
    recognizer.use_vad()
    processor = online.OnlineASRProcessor(recognizer, buffer_trimming=("segment", 15))
    samples = _samples(path)
    seconds = len(samples) / SAMPLE_RATE
    words: list[tuple[str, float, float]] = []
    guesses: list[Guess] = []
    began = time.process_time()
    heard = clock = 0.0
    while heard < seconds:
        until = min(seconds, max(heard + STEP, clock))
        processor.insert_audio_chunk(samples[int(heard * SAMPLE_RATE) : int(until * SAMPLE_RATE)])
        before = time.process_time()
        processor.process_iter()
        heard, clock = until, until + time.process_time() - before
        words += [(text, clock, end) for _, end, text in processor.commited[len(words) :]]
        unsettled = tuple(text for _, _, text in processor.transcript_buffer.complete())
        guesses.append(Guess(clock, len(words), unsettled))
    words += [(text, clock, end) for _, end, text in processor.transcript_buffer.complete()]
    cost = time.process_time() - began
    return Run(tuple(words), tuple(guesses), seconds, cost, _peak_mb())


def _whisper_online(source: Path) -> Any:
    # It imports librosa for reading files, which nobody asks of it here.
    sys.modules.setdefault("librosa", ModuleType("librosa"))
    sys.modules.setdefault("soundfile", ModuleType("soundfile"))
    sys.path.insert(0, str(source))
    return importlib.import_module("whisper_online")


def _model(folder: Path) -> WhisperModel:
    return WhisperModel(str(folder), device="cpu", compute_type="int8", cpu_threads=1)


def _samples(path: Path) -> Samples:
    return np.concatenate([piece.samples for piece in sound.read(path)])


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
