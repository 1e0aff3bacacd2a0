"""Speech becomes captions on this machine: no library looks up a name, connects or keeps an id."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.captions.speech import model_cache, short_clip, whisper
from tests.outside import NOBODY, NoNamespace, Seen, watched

CONNECT = """
import socket
socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"", ("192.0.2.1", 3478))
with socket.socket() as tcp:
    tcp.settimeout(0.1)
    tcp.connect(("stun.example.org", 443))
"""


def seen_of(*command: str, folder: Path, timeout: float = 60.0) -> Seen:
    try:
        return watched(command, folder, timeout)
    except NoNamespace as reason:
        pytest.skip(str(reason))


def test_what_leaves_the_machine_is_seen(tmp_path: Path) -> None:
    seen = seen_of(sys.executable, "-c", CONNECT, folder=tmp_path)
    assert seen.names == ["stun.example.org"]
    assert seen.connections == ["udp 192.0.2.1:3478", f"tcp {NOBODY}:443"]
    assert "TimeoutError" in seen.output


@pytest.mark.slow
@pytest.mark.alone  # speech is recognised while it is spoken
def test_service_that_captions_speech_contacts_nobody(tmp_path: Path) -> None:
    program = [sys.executable, "-m", "tests.tv.captioning.at_work"]
    seen = seen_of(*program, folder=tmp_path, timeout=220.0)
    assert seen.status == 0, seen.output
    assert (seen.names, seen.connections) == ([], [])


@pytest.mark.slow
def test_speech_that_is_captioned_leaves_nothing_in_the_home_folder(tmp_path: Path) -> None:
    whisper()  # joins the weights
    data, home = tmp_path / "data", tmp_path / "home"
    home.mkdir()
    data.mkdir()
    (data / "cache").symlink_to(model_cache())
    speech = str(short_clip(tmp_path))
    command = [sys.executable, "-m", "tv", "caption", speech, "--data", str(data)]
    own = {name: said for name, said in os.environ.items() if not name.startswith("XDG_")}
    run = subprocess.run(command, env=own | {"HOME": str(home)}, capture_output=True, timeout=120)
    assert run.returncode == 0, run.stderr.decode()
    assert [str(each) for each in home.rglob("*")] == []
