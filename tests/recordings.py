"""What a server has recorded and what its viewers have, for tests that kill it."""

import signal
from datetime import datetime
from pathlib import Path

import httpx

from streaming.recording.index import Index, Recorded
from tests.servers import Fabrique, is_alive
from tests.waiting import until


def recorded(folder: Path) -> list[Recorded]:
    """All that is recorded in a channel's folder."""
    return Index(folder).between(0, 1e11)


def edge(url: str) -> float:
    """Up to which broadcast time viewers of the default channel have the picture."""
    text = httpx.get(f"{url}/plateau/media.m3u8").raise_for_status().text
    date = reach = 0.0
    for line in text.splitlines():
        if line.startswith("#EXT-X-PROGRAM-DATE-TIME:"):
            date = reach = datetime.fromisoformat(line.partition(":")[2]).timestamp()
        elif line.startswith("#EXTINF:"):
            reach = date + float(line[8:-1])
        elif line.startswith("#EXT-X-PART:"):
            reach += float(line.partition("DURATION=")[2].partition(",")[0])
    return reach


def kill_everything(server: Fabrique, patience: float = 10.0) -> None:
    """SIGKILL the supervisor, and see that its processes go with it."""
    assert server.process
    pids = list(server.children().values())
    server.process.send_signal(signal.SIGKILL)
    server.process.wait()
    until(lambda: not any(map(is_alive, pids)), patience)
