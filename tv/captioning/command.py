"""`fabrique-tv caption`: a file's captions on the standard output."""

import os
import signal
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event

import msgspec

from captions import files
from captions.cues import Cue, Word
from captions.errors import CaptionsError, SoundUnreadable
from captions.hearing import sound
from captions.hearing.live import Captioner
from captions.models import loading
from captions.wording import glossary
from captions.wording.rewriting import Rewriting
from captions.written import exports
from captions.written.finished import finished
from captions.written.layout import Layout
from tv import reasons
from tv.progress import Progress

Write = Callable[[list[Cue]], str]
FORMATS: dict[str, Write] = {
    "vtt": lambda cues: exports.vtt(cues, 0.0),
    "srt": lambda cues: exports.srt(cues, 0.0),
    "txt": exports.text,
}
WORDS = "json"  # words as they settle, one a line
INTERRUPTED = 130  # exit status, as shells have it for Ctrl-C


@dataclass(frozen=True)
class Options:
    """What was asked for."""

    file: Path
    written: str = "vtt"  # one of FORMATS, or WORDS
    realtime: bool = False
    glossary: Path | None = None
    model: str = "auto"


def caption_command(options: Options, cache: Path) -> int:
    """Print the captions; return the exit status. Ctrl-C ends the file there."""
    try:
        _check(options.file)
        terms = _terms(options.glossary)
        with Progress("Modèle de sous-titrage", sys.stderr, every=0) as progress:
            whisper = loading.load(options.model, cache, progress.bytes)
        captioner = Captioner(whisper, glossary=glossary.prompt(terms))
        return _caption(options, captioner, Rewriting(glossary.Repair(terms)))
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # the reader has enough
        return 0
    except KeyboardInterrupt:  # before there was anything
        return INTERRUPTED
    except CaptionsError as error:
        sys.stderr.write(f"{error}\n")
        return 2


def _check(file: Path) -> None:
    """Raises SoundUnreadable, before the model is loaded for nothing."""
    why = ""
    try:
        if file.is_dir():
            why = "c’est un dossier"
        elif file.is_file():  # else a pipe, that can be read once only
            with file.open("rb"):
                next(sound.read(file), None)
        else:
            file.stat()
    except OSError as error:
        why = reasons.of_system(error)
    except SoundUnreadable as error:
        if error.__cause__ is None:
            raise  # there is no sound in it
        why = "ce n’est pas un média que nous savons lire"
    if why:
        raise SoundUnreadable(
            f"« {file} » est illisible ({why}) : donnez le chemin d’un fichier son ou vidéo."
        )


def _caption(options: Options, captioner: Captioner, rewriting: Rewriting) -> int:
    layout = Layout("fichier")
    cues: dict[str, Cue] = {}
    waits: list[float] = []
    length = files.seconds(options.file)
    processor, began = time.process_time(), time.monotonic()
    with _interrupts() as interrupt, Progress("Sous-titrage", sys.stderr, every=0) as progress:
        for shown in files.caption(
            options.file, captioner, realtime=options.realtime, stopped=interrupt.is_set
        ):
            settled, _ = rewriting.take(shown.heard.settled, ended=shown.heard.ended)
            for cue in layout.add(settled, ended=shown.heard.ended):
                cues[cue.id] = cue
            waits += [shown.at - word.end for word in settled]
            if options.written == WORDS:
                _print_words(settled, shown.at)
            if length:
                speed = captioner.heard_until / (time.monotonic() - began)
                told = f" ({speed:.1f} fois la vitesse du direct)".replace(".", ",")
                progress(captioner.heard_until / length, told)
    if options.written == WORDS:
        summary = _summary(captioner, waits, len(cues), time.process_time() - processor)
        summary |= {"wall_seconds": round(time.monotonic() - began, 3)}
        _print({"summary": summary | {"realtime": options.realtime}})
    else:
        sys.stdout.write(FORMATS[options.written](finished(cues.values())))
    return INTERRUPTED if interrupt.is_set() else 0


@contextmanager
def _interrupts() -> Iterator[Event]:
    """What Ctrl-C sets; a second one ends the process at once.

    A KeyboardInterrupt may be lost in its place: PyAV (18.1) drops one that is raised while it
    notes where an error of its own came from, and its resampler makes one for each frame.
    """
    interrupt = Event()

    def stop(*_: object) -> None:
        interrupt.set()
        signal.signal(signal.SIGINT, signal.SIG_DFL)

    before = signal.getsignal(signal.SIGINT)
    if before is not signal.SIG_IGN:  # a shell's background
        signal.signal(signal.SIGINT, stop)
    try:
        yield interrupt
    finally:
        signal.signal(signal.SIGINT, before)


def _print_words(words: Iterable[Word], at: float) -> None:
    for word in words:
        line = {"text": word.text, "start": word.start, "end": word.end}
        _print(line | {"committed_at": round(at, 3)})


def _print(line: dict[str, object]) -> None:
    sys.stdout.write(msgspec.json.encode(line).decode() + "\n")
    sys.stdout.flush()


def _summary(
    captioner: Captioner, waits: list[float], cues: int, spent: float
) -> dict[str, object]:
    seconds = captioner.heard_until
    waits = sorted(waits)
    return {
        "seconds": round(seconds, 3),
        "words": len(waits),
        "cues": cues,
        "cpu_seconds": round(spent, 3),
        "cores": round(spent / seconds, 3) if seconds else 0.0,
        "commit_median": round(waits[len(waits) // 2], 3) if waits else None,
        "commit_p95": round(waits[int(len(waits) * 0.95)], 3) if waits else None,
        "refused": captioner.refused,
    }


def _terms(file: Path | None) -> tuple[str, ...]:
    """The glossary's terms: a line of `file` holds one, `#` begins a remark."""
    if file is None:
        return ()
    try:
        text = file.read_text(encoding="utf-8")
    except OSError as error:
        raise SoundUnreadable(
            f"Glossaire « {file} » illisible ({reasons.of_system(error)}) : corrigez --glossary."
        ) from error
    except UnicodeDecodeError as error:
        raise SoundUnreadable(
            f"Glossaire « {file} » illisible : enregistrez-le en UTF-8."
        ) from error
    return glossary.cleaned(line.split("#")[0] for line in text.splitlines())
