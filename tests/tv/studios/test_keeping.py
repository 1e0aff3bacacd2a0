"""The keep process: a file for each time that a studio comes, whatever happens to anybody."""

import asyncio
import os
import subprocess
import sys
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import msgspec
import pytest

from streaming import link
from streaming.continuity import Channel
from streaming.packet import Packet
from streaming.taps import Taps
from tests.servers import fabrique
from tests.streaming.ingest.films import X264_B
from tests.streaming.keep.films import START, Frame, decode, probe
from tests.streaming.keep.films import film as make
from tests.studio import publishing
from tests.waiting import until, when
from tv.folder import Folder
from tv.settings import Settings, load
from tv.studios import keeping
from tv.studios.keys import load_secret
from tv.tasks import in_thread, running

CHILD = "from tv import children; children.run_child('keep', -1, '')"


def settings(free_gb: str = "0") -> Settings:
    environment = {
        "FABRIQUE_CHANNELS__PLATEAU__PRIMARY__KEEP": "true",
        "FABRIQUE_KEEP__FREE_GB": free_gb,
    }
    return load(None, environment)


class Stage:
    """Media as far as keep goes: what a slot receives is what the test says."""

    def __init__(self) -> None:
        self.channel = Channel("plateau", lambda: START)
        self.taps = Taps()
        self.taps.hook(self.channel)
        self.followed = asyncio.Event()
        self.told: list[str] = []

    async def serve(self, peer: link.Link) -> None:
        async for message in peer.receive():
            assert message == link.Follow("source", "plateau", "primary")
            serving = asyncio.create_task(self.taps.serve(peer, message))
            await asyncio.sleep(0)  # it follows from now on
            self.followed.set()
            try:
                async for word in peer.receive():
                    assert isinstance(word, link.Unkept)
                    self.told.append(word.reason)
            finally:
                serving.cancel()

    async def publish(self, frames: list[Frame], later: float = 0.0) -> None:
        async with asyncio.timeout(20):
            await self.followed.wait()
        for codec, each in frames:
            dts, pts = each.dts + later, each.pts + later
            packet = Packet(each.data, dts, pts, each.key, each.config)
            self.channel.on_packet("primary", codec, packet)

    def leave(self) -> None:
        self.channel.on_left("primary")


@asynccontextmanager
async def keeper(path: Path, folder: Path, how: Settings) -> AsyncIterator[None]:
    task = asyncio.create_task(keeping.run(path, folder, how))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def _are_there(folder: Path, count: int) -> bool:
    return len(files(folder)) == count


def files(folder: Path) -> list[Path]:
    return sorted((folder / "plateau" / "primary").glob("*.mkv"))


async def test_each_publisher_has_its_file(tmp_path: Path) -> None:
    frames = make(tmp_path, "a.mp4", options=X264_B)
    stage, path, folder = Stage(), tmp_path / "media.sock", tmp_path / "keep"
    async with link.listening(path, stage.serve), keeper(path, folder, settings()):
        await stage.publish(frames)
        stage.leave()
        await stage.publish(frames, later=60.0)
        await when(lambda: len(files(folder)) == 2)
    names = ["2026-11-25T16-40-03Z.mkv", "2026-11-25T16-41-03Z.mkv"]
    assert [file.name for file in files(folder)] == names
    for file in files(folder):  # the second was ended by the process's own end
        assert decode(file)["pictures"] == 50
        assert float((await probe(file))["format"]["duration"]) > 1.9


async def test_file_ends_with_media_and_the_next_begins_with_it(tmp_path: Path) -> None:
    frames = make(tmp_path, "a.mp4", 1.0)
    path, folder = tmp_path / "media.sock", tmp_path / "keep"
    async with keeper(path, folder, settings()):
        for count in (1, 2):
            stage = Stage()
            async with link.listening(path, stage.serve):
                await stage.publish(frames, later=10.0 * count)
                await when(partial(_are_there, folder, count))
    assert [decode(file)["pictures"] for file in files(folder)] == [25, 25]


async def test_full_disk_ends_the_file_and_is_said_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    frames = make(tmp_path, "a.mp4", 1.0)
    stage, path, folder = Stage(), tmp_path / "media.sock", tmp_path / "keep"
    async with link.listening(path, stage.serve), keeper(path, folder, settings("1000000")):
        for lap in range(3):
            await stage.publish(frames, later=float(lap))
            await when(lambda: keeping.FULL in stage.told)
    assert stage.told == ["", keeping.FULL]
    assert files(folder) == []
    assert caplog.text.count("is not kept: less than 1000000.0 GB are free") == 1


async def test_disk_that_refuses_is_said_and_tried_again(tmp_path: Path) -> None:
    frames = make(tmp_path, "a.mp4", 1.0)
    stage, path, folder = Stage(), tmp_path / "media.sock", tmp_path / "folder"
    folder.write_text("a file in its place")
    keeper = keeping.Keeper(path, "plateau", "primary", folder, 0, retry=0.05)
    async with link.listening(path, stage.serve), running(keeper.run()):
        await stage.publish(frames)
        await when(lambda: keeping.BROKEN in stage.told)
        folder.unlink()
        await when(lambda: stage.told[-1] == "")
        await stage.publish(frames, later=10.0)
        await when(lambda: list(folder.glob("*.mkv")))
    (file,) = folder.glob("*.mkv")
    assert file.name == "2026-11-25T16-40-13Z.mkv"
    assert decode(file)["pictures"] == 25


async def test_end_waits_for_the_write_under_way() -> None:
    begun, may_end = threading.Event(), threading.Event()

    def write() -> None:
        begun.set()
        may_end.wait(30)

    writing = asyncio.create_task(in_thread(write))
    await asyncio.to_thread(begun.wait, 30)
    writing.cancel()
    await asyncio.wait([writing], timeout=0.05)
    assert not writing.done()
    may_end.set()
    with pytest.raises(asyncio.CancelledError):
        await writing


@pytest.mark.slow
def test_studio_is_kept_before_the_slate_takes_over(film: Path) -> None:
    keep = {"CHANNELS__PLATEAU__PRIMARY__KEEP": "true", "KEEP__FREE_GB": "0"}
    with fabrique(**keep) as server:
        folder = server.folder.keep
        with publishing(film, server) as studio:
            until(lambda: any(file.stat().st_size > 50_000 for file in files(folder)))
            studio.kill()
            until(lambda: all(b"\x1c\x53\xbb\x6b" in file.read_bytes() for file in files(folder)))
        (file,) = files(folder)
        assert decode(file)["pictures"] >= 10  # its index is there: the file was ended


@pytest.mark.slow
async def test_killed_process_leaves_a_file_that_plays(tmp_path: Path) -> None:
    frames = make(tmp_path, "a.mp4", 3.0)
    folder = Folder(tmp_path / "data")
    folder.make()
    load_secret(folder.path)
    stage = Stage()
    async with link.listening(folder.media_socket, stage.serve):
        resolved = msgspec.json.encode(settings()).decode()
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", CHILD),
            env=os.environ | {"FABRIQUE_DATA": str(folder.path), "FABRIQUE_RESOLVED": resolved},
            stdin=subprocess.PIPE,  # its lifeline
        )
        try:
            await stage.publish(frames)
            await when(lambda: any(file.stat().st_size > 10_000 for file in files(folder.keep)))
        finally:
            process.kill()
            await process.communicate()
    (file,) = files(folder.keep)
    assert decode(file)["pictures"] >= 50
    await probe(file)
