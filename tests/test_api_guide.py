"""What the guide of the API has one type is typed here, and shows what the guide says it does."""

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.servers import Fabrique, fabrique
from tv.webhooks.target import signature

GUIDE = (Path(__file__).parents[1] / "guides/api.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
AT_MOST_S = 600  # for all commands, on a machine that is busy: only one that hangs takes as long
FROM = "http://127.0.0.1:8000"  # where the guide has the server
# Before a talk ends there is some of it to see again: readers type more slowly than we do.
SOME = """until [ "$(curl -s $TV/plateau/rewind-media.m3u8 | grep -c '#EXTINF')" -ge 3 ]; do
  sleep 0.3
done
"""
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


@pytest.fixture(scope="module")
def server() -> Iterator[Fabrique]:
    with fabrique(LABS__CHERCHER__NAME="Chercher") as running:
        yield running


def typed() -> list[tuple[str, str, str]]:
    """What is typed, and what is shown below it: its kind ("" for nothing) and its text."""
    found = [(kind, text) for kind, text in BLOCK.findall(GUIDE)]
    after = [*found[1:], ("", "")]
    return [
        (text, *(shown if shown[0] in ("json", "text") else ("", "")))
        for (kind, text), shown in zip(found, after, strict=True)
        if kind == "sh"
    ]


@pytest.mark.slow
def test_every_command_does_what_the_guide_says(server: Fabrique, tmp_path: Path) -> None:
    """In one shell, from the first to the last: what one has kept, the next ones need."""
    blocks = typed()
    script = "set -euo pipefail\n" + "\n".join(
        f"{SOME if ':end ' in text else ''}{{ {text}\n}} > {number}.out"
        for number, (text, _, _) in enumerate(blocks)
    )
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    shell = subprocess.Popen(
        ["bash", "-c", script.replace(FROM, server.url)],
        cwd=tmp_path,
        env=server.environment | {"PATH": path, "FABRIQUE_DATA": str(server.folder.path)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        _, errors = shell.communicate(timeout=AT_MOST_S)
    except subprocess.TimeoutExpired:
        shell.kill()
        _, errors = shell.communicate()
        errors += (
            f"not over after {AT_MOST_S} s; the server said:\n{server.log.read_text()[-5_000:]}"
        )
    reached = len([*tmp_path.glob("*.out")]) - 1
    said = (tmp_path / f"{reached}.out").read_text(encoding="utf-8")
    assert shell.returncode == 0, f"{blocks[reached][0]}\n{errors}\n{said}"
    for number, (text, kind, shown) in enumerate(blocks):
        came = (tmp_path / f"{number}.out").read_text(encoding="utf-8")
        if kind == "json":
            assert_like(values(came), values(shown), text)
        elif kind == "text":
            assert shown.splitlines() == came.splitlines()[: len(shown.splitlines())], text


def values(text: str) -> list[Any]:
    """JSON values, one after the other."""
    found, at, decoder = [], 0, json.JSONDecoder()
    while text[at:].strip():
        value, at = decoder.raw_decode(text, at + len(text[at:]) - len(text[at:].lstrip()))
        found.append(value)
    return found


def assert_like(came: Any, shown: Any, where: str) -> None:
    """All that is shown must have come; "…" stands for anything."""
    if isinstance(shown, dict):
        assert isinstance(came, dict), where
        for name, value in shown.items():
            assert name in came, f"{where}: {name} is not in {came}"
            assert_like(came[name], value, f"{where}: {name}")
    elif isinstance(shown, list):
        assert len(came) >= len(shown), f"{where}: {came}"
        for one, other in zip(came, shown, strict=False):
            assert_like(one, other, where)
    elif isinstance(shown, str) and "…" in shown:
        assert re.fullmatch(re.escape(shown).replace("…", ".*"), str(came), re.DOTALL), where
    else:
        assert came == shown, where


def test_a_webhook_is_verified_as_the_guide_does() -> None:
    (snippet,) = (text for kind, text in BLOCK.findall(GUIDE) if kind == "python")
    there: dict[str, Any] = {}
    exec(snippet, there)
    now = int(time.time())
    headers = {
        "webhook-id": "msg_1",
        "webhook-timestamp": str(now),
        "webhook-signature": signature(SECRET, "msg_1", now, b"{}"),
    }
    assert there["is_genuine"](SECRET, headers, b"{}")
    assert not there["is_genuine"](SECRET, headers, b"{ }")
    old = headers | {"webhook-timestamp": str(now - 3600)}
    assert not there["is_genuine"](SECRET, old, b"{}")
