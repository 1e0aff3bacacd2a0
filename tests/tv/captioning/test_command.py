"""`fabrique-tv caption` as one types it, on the model that the tests have joined already."""

import json
import os
import pty
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.captions.speech import CLIP, model_cache, short_clip, whisper

INTERRUPTED = 130


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder whose cache holds the model."""
    whisper()  # joins the weights
    folder = tmp_path_factory.mktemp("data")
    (folder / "cache").symlink_to(model_cache())
    return folder


@pytest.fixture(scope="module")
def speech(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sentence of seven seconds."""
    return short_clip(tmp_path_factory.mktemp("speech"))


def command(data: Path, *arguments: str | Path) -> list[str]:
    started = [sys.executable, "-m", "tv", "caption", "--data", data]
    return [str(each) for each in (*started, *arguments)]


def caption(data: Path, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command(data, *arguments), capture_output=True, text=True, timeout=120)


@contextmanager
def terminal() -> Iterator[tuple[int, int]]:
    """Both ends of a terminal: ours, and the command's."""
    ours, theirs = pty.openpty()
    try:
        yield ours, theirs
    finally:
        os.close(ours)


def test_words_come_as_json_then_a_summary(data: Path, speech: Path) -> None:
    result = caption(data, speech, "--json")
    assert result.returncode == 0, result.stderr
    *lines, last = [json.loads(line) for line in result.stdout.splitlines()]
    assert all(line.keys() == {"text", "start", "end", "committed_at"} for line in lines)
    assert all(line["committed_at"] > line["start"] for line in lines)
    assert "session" in " ".join(line["text"] for line in lines)
    assert last["summary"]["words"] == len(lines)
    assert last["summary"]["cores"] > 0
    assert result.stderr == ""  # no terminal: nothing that grows


def test_captions_come_as_webvtt(data: Path, speech: Path) -> None:
    written = caption(data, speech).stdout
    assert written.startswith("WEBVTT\n")
    assert "\n00:00:0" in written
    assert "session" in written


def test_other_format_and_glossary_are_taken_and_a_terminal_sees_progress(
    data: Path, speech: Path, tmp_path: Path
) -> None:
    terms = tmp_path / "terms.txt"
    terms.write_text("# remarque\ndièse\n\nsession  # une autre\n", encoding="utf-8")
    with terminal() as (ours, theirs):
        arguments = command(data, speech, "--glossary", terms, "--format", "srt")
        with subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=theirs, text=True) as run:
            os.close(theirs)
            written, _ = run.communicate(timeout=120)
        seen = os.read(ours, 100_000).decode()
    assert run.returncode == 0
    assert written.startswith("1\n00:00:0")
    assert "session" in written
    assert "\rSous-titrage : 100 % (" in seen
    assert "fois la vitesse du direct" in seen


def test_who_stops_it_gets_what_was_heard_so_far(data: Path) -> None:
    arguments = command(data, CLIP, "--json")  # a busy machine may skip words in real time
    with subprocess.Popen(
        arguments,
        stdout=subprocess.PIPE,
        text=True,
        preexec_fn=_heed_interrupts,
    ) as run:
        assert run.stdout is not None
        first = run.stdout.readline()
        run.send_signal(signal.SIGINT)
        rest = run.stdout.readlines()
        assert run.wait(30) == INTERRUPTED
    assert "text" in json.loads(first)
    assert json.loads(rest[-1])["summary"]["seconds"] < 30


def _heed_interrupts() -> None:
    """A shell has what runs in its background ignore them, tests too."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
