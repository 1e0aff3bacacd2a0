"""A talk on a real server plays again as soon as it is over: for the crew, for all, for none."""

import asyncio
import io
from collections.abc import Iterator
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import httpx
import m3u8
import pytest

from tests import servers
from tests.servers import Fabrique
from tests.studio import publishing
from tests.tv.test_api import problem
from tests.waiting import when
from tv.auth import Role
from tv.demo.film import FRAME_RATE
from tv.demo.scene import frame_number

API = "/api/v1/talks/direct"
INDEX = "/plateau/replay/direct/index.m3u8"
SOON = 20.0  # seconds after the end; on a quiet machine a tenth of it
LOOP = 16 * FRAME_RATE  # frames of the film


def play(url: str, token: str = "") -> list[tuple[int, float]]:
    """The film's number in each picture of a playlist, and its time in the stream."""
    options = {"headers": f"Authorization: Bearer {token}\r\n"} if token else {}
    with av.open(url, options=options) as file:
        return [
            (frame_number(frame.to_ndarray(format="gray")), frame.time)
            for frame in file.decode(video=0)
        ]


@pytest.fixture(scope="module")
def served() -> Iterator[Fabrique]:
    """A service whose talk nobody has started before."""
    with servers.fabrique() as server:
        yield server


async def until_on_air(client: httpx.AsyncClient) -> None:
    async def is_on_air() -> bool:
        (channel,) = (await client.get("/api/v1/channels")).json()["items"]
        return bool(channel["on_air"] == "primary")

    await when(is_on_air)


async def segments_later(client: httpx.AsyncClient, count: int) -> None:
    """Wait until so many whole segments of the talk have been on air."""
    talk = (await client.get(API)).json()
    started = datetime.fromisoformat(talk["started_at"]).timestamp()
    query = ""
    while True:
        live = m3u8.loads((await client.get(f"/plateau/media.m3u8{query}")).text)
        closed = [segment for segment in live.segments if segment.uri]
        if sum(each.program_date_time.timestamp() >= started for each in closed) >= count:
            return
        # The answer is held until the next is there.
        query = f"?_HLS_msn={live.media_sequence + len(closed)}"


async def moment_of(client: httpx.AsyncClient, number: int, near: float) -> float:
    """When a picture was on air (`near` that time), by what is live: dates and numbers in it."""
    live = m3u8.loads((await client.get("/plateau/sync-media.m3u8")).text)
    last = live.segments[-1]
    names = last.init_section.uri, last.uri
    pieces = [(await client.get(f"/plateau/{name}")).content for name in names]
    first = await asyncio.to_thread(first_number, b"".join(pieces))
    zero = last.program_date_time.timestamp() - first / FRAME_RATE
    loops = round((near - zero - number / FRAME_RATE) * FRAME_RATE / LOOP)
    return zero + (number + loops * LOOP) / FRAME_RATE


def first_number(data: bytes) -> int:
    """The film's number in the first picture of a segment behind its initialisation."""
    with av.open(io.BytesIO(data)) as file:
        frame: Any = next(file.decode(video=0))
        return frame_number(frame.to_ndarray(format="gray"))


async def is_ready(crew: httpx.AsyncClient) -> bool:
    return (await crew.get(INDEX)).status_code != 503


async def is_complete(crew: httpx.AsyncClient) -> bool:
    return bool((await crew.get(f"{API}/replay")).json()["complete"])


@pytest.mark.alone
async def test_talk_that_is_over_plays_again(served: Fabrique, film: Path) -> None:
    token = served.make_pass(Role.OPERATOR)
    bearer = {"authorization": f"Bearer {token}"}
    async with (
        asyncio.timeout(90),
        httpx.AsyncClient(base_url=served.url, headers=bearer, timeout=20) as crew,
        httpx.AsyncClient(base_url=served.url, timeout=20) as anyone,
    ):
        with publishing(film, served):
            await until_on_air(crew)
            await crew.post(f"{API}:start")
            await segments_later(crew, 2)
            talk = (await crew.post(f"{API}:end")).json()
            marks = talk["marks"]
            problem(await anyone.get(INDEX), 404, "unknown-replay")
            await when(lambda: is_ready(crew), SOON)
            await when(lambda: is_complete(crew), SOON)

            seen = await asyncio.to_thread(play, f"{served.url}{INDEX}", token)
            numbers = [number for number, _ in seen]
            assert all((after - before) % LOOP == 1 for before, after in pairwise(numbers))
            shown = await moment_of(crew, numbers[0], marks["start"] + 1)
            last = await moment_of(crew, numbers[-1], marks["end"])
        assert marks["start"] - 0.01 <= shown < marks["start"] + 2.1
        assert marks["end"] - 0.1 < last < marks["end"] + 0.01
        assert last - shown > 3.0

        await crew.post(f"{API}:publish", json={"consent": True})
        assert await asyncio.to_thread(play, f"{served.url}{INDEX}") == seen
        known = {"if-none-match": (await anyone.get(INDEX)).headers["etag"]}
        assert (await anyone.get(INDEX, headers=known)).status_code == 304
        await crew.post(f"{API}:unpublish")
        problem(await anyone.get(INDEX, headers=known), 404, "unknown-replay")
