"""Restreams from the régie's press to the other platform, and what outlives a restart."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import msgspec
import pytest

from streaming import link
from streaming.continuity import Channel
from streaming.ingest import rtmp
from streaming.taps import Taps
from tests.servers import Fabrique
from tests.streaming import studios
from tests.streaming.ingest.films import Recorder
from tests.streaming.restream.air import START, air
from tests.waiting import when
from tv.auth import Role
from tv.settings import Restream
from tv.studios import restreaming
from tv.studios.restreams import AWAY, Restreams

KEY = "cle-tres-secrete"


class Stage:
    """Media as far as restreams go: what is on air is what the test puts there."""

    def __init__(self, settings: dict[str, Restream], path: Path) -> None:
        self.states: dict[str, list[link.RestreamState]] = {}
        self.channel = Channel("plateau", lambda: START)
        self.time = START
        self.restreams = Restreams(settings, path, lambda: self.time, self._hear)
        self._taps = Taps()
        self._taps.hook(self.channel)
        self._heard = asyncio.Event()

    def _hear(self, state: link.RestreamState) -> None:
        self.states.setdefault(state.name, []).append(state)
        self._heard.set()

    async def serve(self, peer: link.Link) -> None:
        tasks = []
        try:
            async for message in peer.receive():
                match message:
                    case link.Follow("restreams"):
                        self.restreams.join(peer)
                    case link.Follow("air"):
                        tasks.append(asyncio.create_task(self._taps.serve(peer, message)))
                    case link.RestreamState():
                        self.restreams.report(message)
        finally:
            self.restreams.leave(peer)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def until(self, name: str, state: str) -> link.RestreamState:
        """Wait until a restream is in a state."""
        async with asyncio.timeout(20):
            while self.restreams.states[name].state != state:
                self._heard.clear()
                await self._heard.wait()
        return self.restreams.states[name]

    def put(self, seconds: float, start: float) -> None:
        for codec, packet in air(seconds, start=start):
            feed = self.channel.feed
            (feed.video if codec == "h264" else feed.aac).append(packet)

    async def put_until(self, source: Recorder) -> None:
        """Be on air until a source has pictures."""
        start = START
        async with asyncio.timeout(20):
            while not source.pictures:
                self.put(0.8, start)
                start += 0.8
                await asyncio.sleep(0.02)


@asynccontextmanager
async def restreamer(path: Path, settings: dict[str, Restream]) -> AsyncIterator[None]:
    task = asyncio.create_task(restreaming.run(path, settings))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@asynccontextmanager
async def platform(sources: asyncio.Queue[Recorder]) -> AsyncIterator[int]:
    def take(app: str, key: str) -> Recorder:
        assert (app, key) == ("live2", KEY)
        source = Recorder()
        sources.put_nowait(source)
        return source

    async with rtmp.listening("127.0.0.1", 0, take) as port:
        yield port


def setting(port: int = 1, **more: str) -> dict[str, Restream]:
    return {"ailleurs": Restream(url=f"rtmp://127.0.0.1:{port}/live2", key=KEY, **more)}


async def test_restream_starts_and_stops_as_the_crew_says(tmp_path: Path) -> None:
    sources: asyncio.Queue[Recorder] = asyncio.Queue()
    async with platform(sources) as port:
        settings = setting(port, title="Ailleurs")
        stage, path = Stage(settings, tmp_path / "restreams.json"), tmp_path / "media.sock"
        async with link.listening(path, stage.serve), restreamer(path, settings):
            assert stage.restreams.states["ailleurs"].state == "off"
            assert stage.restreams.order(link.Restream(1, "ailleurs", True)) == link.Done(1)
            on = await stage.until("ailleurs", "on")
            assert (on.channel, on.title, on.since) == ("plateau", "Ailleurs", START)
            source = await sources.get()
            await stage.put_until(source)
            assert source.pictures[0].data in {packet.data for packet in studios.film(20, gop=10)}
            assert stage.restreams.order(link.Restream(2, "ailleurs", False)) == link.Done(2)
            await source.until(lambda: source.closed)
            assert stage.restreams.states["ailleurs"].state == "off"


async def test_what_runs_goes_on_while_media_restarts(tmp_path: Path) -> None:
    sources: asyncio.Queue[Recorder] = asyncio.Queue()
    async with platform(sources) as port:
        settings, path = setting(port), tmp_path / "media.sock"
        async with restreamer(path, settings):
            stage = Stage(settings, tmp_path / "restreams.json")
            async with link.listening(path, stage.serve):
                stage.restreams.order(link.Restream(1, "ailleurs", True))
                await stage.until("ailleurs", "on")
                source = await sources.get()
            again = Stage(settings, tmp_path / "restreams.json")
            assert again.restreams.states["ailleurs"].detail == AWAY
            async with link.listening(path, again.serve):
                await again.until("ailleurs", "on")
                await again.put_until(source)  # the very same connection
            assert sources.empty()
            assert not source.closed


async def test_dead_worker_is_said_and_the_next_one_takes_over(tmp_path: Path) -> None:
    sources: asyncio.Queue[Recorder] = asyncio.Queue()
    async with platform(sources) as port:
        settings, path = setting(port), tmp_path / "media.sock"
        stage = Stage(settings, tmp_path / "restreams.json")
        stage.restreams.order(link.Restream(1, "ailleurs", True))
        async with link.listening(path, stage.serve):
            async with restreamer(path, settings):
                await stage.until("ailleurs", "on")
            assert (await stage.until("ailleurs", "waiting")).detail == AWAY
            async with restreamer(path, settings):
                await stage.until("ailleurs", "on")


def test_unknown_restream_is_refused(tmp_path: Path) -> None:
    stage = Stage(setting(), tmp_path / "restreams.json")
    refused = stage.restreams.order(link.Restream(7, "nulle-part", True))
    assert isinstance(refused, link.Refused)
    assert (refused.request, refused.status, refused.code) == (7, 404, "unknown-restream")


def test_what_is_wanted_is_kept_and_what_is_unknown_forgotten(tmp_path: Path) -> None:
    path = tmp_path / "restreams.json"
    stage = Stage(setting(), path)
    stage.restreams.order(link.Restream(1, "ailleurs", True))
    assert Stage(setting(), path).restreams.states["ailleurs"].state == "waiting"
    assert Stage({}, path).restreams.states == {}
    stage.restreams.order(link.Restream(2, "ailleurs", False))
    assert Stage(setting(), path).restreams.states["ailleurs"].state == "off"
    path.write_bytes(b"{")
    assert Stage(setting(), path).restreams.states["ailleurs"].state == "off"


def test_order_that_cannot_be_kept_is_refused(tmp_path: Path) -> None:
    stage = Stage(setting(), tmp_path / "nowhere" / "restreams.json")
    refused = stage.restreams.order(link.Restream(1, "ailleurs", True))
    assert isinstance(refused, link.Refused)
    assert refused.status == 507
    assert stage.restreams.states["ailleurs"].state == "off"


def test_late_word_about_a_stopped_restream_is_not_heeded(tmp_path: Path) -> None:
    stage = Stage(setting(), tmp_path / "restreams.json")
    stage.restreams.report(link.RestreamState("ailleurs", "plateau", "on"))
    stage.restreams.report(link.RestreamState("nulle-part", "plateau", "on"))
    assert stage.restreams.states["ailleurs"].state == "off"


def test_since_is_when_the_state_began(tmp_path: Path) -> None:
    stage = Stage(setting(), tmp_path / "restreams.json")
    stage.restreams.order(link.Restream(1, "ailleurs", True))
    stage.time += 5
    state = link.RestreamState("ailleurs", "plateau", "on", bitrate=1e6)
    stage.restreams.report(state)
    stage.time += 5
    stage.restreams.report(msgspec.structs.replace(state, bitrate=2e6))
    told = stage.restreams.states["ailleurs"]
    assert (told.since, told.bitrate) == (START + 5, 2e6)


@pytest.mark.slow
async def test_stage_is_restreamed_to_a_lab_of_the_same_house(tmp_path: Path) -> None:
    server = Fabrique(tmp_path / "data", CHANNELS__LABO_1__NAME="Labo 1")
    server.folder.make()
    key = tmp_path / "key"
    key.write_text(server.key("labo-1") + "\n")
    server.environment |= {
        "FABRIQUE_RESTREAMS__LABO__URL": f"rtmp://127.0.0.1:{server.rtmp_port}/live",
        "FABRIQUE_RESTREAMS__LABO__KEY_FILE": str(key),
    }
    server.start()
    headers = {"authorization": f"Bearer {server.make_pass(Role.OPERATOR)}"}
    try:
        server.wait_ready()
        async with httpx.AsyncClient(base_url=server.url, headers=headers) as client:

            async def shows(state: str, on_air: str) -> bool:
                restreams = (await client.get("/api/v1/restreams")).json()["items"]
                channels = (await client.get("/api/v1/channels")).json()["items"]
                lab = {each["id"]: each["on_air"] for each in channels}.get("labo-1")
                return [each["state"] for each in restreams] == [state] and lab == on_air

            async def until(state: str, on_air: str) -> None:
                await when(lambda: shows(state, on_air), 60)

            await until("off", "slate")
            assert (await client.post("/api/v1/restreams/labo:start")).status_code == 200
            await until("on", "primary")
            for name in ("restream", "media"):
                server.kill(name)
                await until("on", "slate" if name == "restream" else "primary")
            assert (await client.post("/api/v1/restreams/labo:stop")).status_code == 200
            await until("off", "slate")
        assert server.key("labo-1") not in server.log.read_text()
    finally:
        server.stop()
