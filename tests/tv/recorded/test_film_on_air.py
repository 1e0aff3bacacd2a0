"""A talk on a real server becomes a film, though whoever makes it is killed."""

import asyncio
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import httpx
import pytest

from tests import servers
from tests.servers import Fabrique
from tests.streaming.archive.recorded import probe
from tests.studio import publishing
from tests.tv.recorded.test_replay_on_air import API, LOOP, segments_later, until_on_air
from tests.waiting import when
from tv.auth import Role
from tv.demo.scene import frame_number


@pytest.fixture(scope="module")
def served() -> Iterator[Fabrique]:
    """A service whose talk nobody has started before."""
    with servers.fabrique() as server:
        yield server


async def thumbnail(client: httpx.AsyncClient) -> bytes | None:
    reply = await client.get("/plateau/thumbnail.jpg")
    return reply.content if reply.is_success else None


async def test_a_talk_that_is_over_is_a_film_soon(
    served: Fabrique, film: Path, tmp_path: Path
) -> None:
    bearer = {"authorization": f"Bearer {served.make_pass(Role.OPERATOR)}"}
    async with (
        asyncio.timeout(90),
        httpx.AsyncClient(base_url=served.url, headers=bearer, timeout=20) as crew,
    ):
        with publishing(film, served):
            await until_on_air(crew)
            (await crew.post(f"{API}:start")).raise_for_status()
            await segments_later(crew, 3)
            served.kill("archive")
            marks = (await crew.post(f"{API}:end")).json()["marks"]
            asked = await crew.post(f"{API}/film")
            assert asked.status_code == 202, asked.text
            while (made := (await crew.get(f"{API}/film")).json())["state"] != "ready":
                assert made["state"] in ("waiting", "making"), made
                await asyncio.sleep(0.1)  # as pages ask
            picture = await when(lambda: thumbnail(crew))
        path = tmp_path / "film.mp4"
        half = made["size"] // 2
        pieces = [
            await crew.get(made["url"], headers={"range": f"bytes={span}"})
            for span in (f"0-{half - 1}", f"{half}-")
        ]
        assert [piece.status_code for piece in pieces] == [206, 206]
        path.write_bytes(b"".join(piece.content for piece in pieces))
    assert picture[:3] == b"\xff\xd8\xff"
    told = probe(path)
    assert [each["tags"]["title"] for each in told["chapters"]] == ["En direct du plateau"]
    length = marks["end"] - marks["start"]
    assert length - 2.5 < float(told["format"]["duration"]) < length + 0.05
    with av.open(str(path)) as file:
        pictures: Any = (each.to_ndarray(format="gray") for each in file.decode(video=0))
        numbers = [frame_number(each) for each in pictures]
    assert all((after - before) % LOOP == 1 for before, after in pairwise(numbers))
