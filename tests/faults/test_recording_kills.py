"""kill -9 of everything in the middle of a talk: what was recorded is there, and it goes on."""

import io
import itertools
import re
from datetime import datetime
from pathlib import Path

import av
import httpx
import pytest

from streaming.recording.index import Index, Recorded
from tests.recordings import edge, kill_everything, recorded
from tests.servers import fabrique
from tests.waiting import until

pytestmark = pytest.mark.slow

SEGMENT = 2.0  # seconds


def test_kill_of_everything_costs_the_open_segment_alone() -> None:
    with fabrique(LADDER__JOBS="0", RECORDING__FREE_GB="0") as server:
        folder = server.folder.recording / "plateau"
        with server.crew() as crew:
            talk = crew.post("/api/v1/talks/direct:start").raise_for_status().json()
        since = datetime.fromisoformat(talk["started_at"]).timestamp()
        until(lambda: sum(each.start >= since for each in recorded(folder)) >= 2)
        reached = edge(server.url)
        kill_everything(server)
        before = recorded(folder)
        # The open segment, and the part that was being made.
        assert reached - before[-1].end < SEGMENT + 1.0
        for each in before:
            assert _pictures(folder, each) > 0

        server.start()
        server.wait_ready()
        until(lambda: len(recorded(folder)) > len(before) + 1)
        after = recorded(folder)
        assert after[: len(before)] == before
        names = [each.name for each in after]
        assert len(set(names)) == len(names)
        assert all(one.end <= other.start + 0.001 for one, other in itertools.pairwise(after))
        with server.client() as viewer:
            listed = until(lambda: _listed(viewer))
            # The talk goes on: what is before and after the hole can be rewound to.
            started = [each for each in after if each.name in listed]
            assert before[-1] in started
            for each in (started[0], before[-1], after[-1]):
                assert viewer.get(f"/plateau/{each.name}.m4s").status_code == 200


def _listed(viewer: httpx.Client) -> list[str] | None:
    reply = viewer.get("/plateau/rewind-media.m3u8")
    if reply.status_code != 200:
        return None
    return re.findall(r"^(\d+-\d+)\.m4s$", reply.text, re.MULTILINE)


def _pictures(folder: Path, segment: Recorded) -> int:
    path = Index(folder).path_of(segment)
    init = path.with_name(f"{segment.init}.mp4").read_bytes()
    with av.open(io.BytesIO(init + path.read_bytes()), "r") as container:
        return sum(1 for _ in container.decode(video=0))
