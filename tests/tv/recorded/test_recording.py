"""The record process: what is on air is on the disk, whatever happens to the disk or to anybody."""

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

from engagement.talks import Talk, TalkEnded, TalkRecorded, TalkStarted
from streaming import link
from streaming.hls.window import InitAdded, Segment, Window
from streaming.recording.disk import Disk
from streaming.recording.index import Index
from tests.servers import StoreServer
from tests.streaming.recording.reels import LENGTH, START, events
from tests.waiting import when
from tv import journal, store
from tv.folder import Folder
from tv.recorded import recording
from tv.recorded.recording import BROKEN, FULL, LATE, REFUSED, Tape, refusing
from tv.settings import Settings, load
from tv.studios.keys import load_secret
from tv.tasks import running

CHILD = "from tv import children; children.run_child('record', -1, '')"


def nothing(start: float, end: float) -> bool:
    return False


def numbers(folder: Path) -> list[int]:
    return [each.msn for each in Index(folder).between(0, 1e11)]


def _is_dealt_with(stage: "Stage", folder: Path, msn: int) -> bool:
    return msn in numbers(folder) or stage.state == "off"


def _reaches(folder: Path, last: int) -> bool:
    return numbers(folder)[-1:] == [last]


class Stage:
    """Media as far as record goes: its live window is what the test says."""

    def __init__(self) -> None:
        self.window = Window()
        self.told: list[link.Recording] = []
        self._peers: list[link.Link] = []

    async def serve(self, peer: link.Link) -> None:
        async for message in peer.receive():
            match message:
                case link.Follow("hls"):
                    peer.send(link.WindowChanged("plateau", list(self.window.snapshot())))
                    self._peers.append(peer)
                case link.Recording():
                    self.told.append(message)

    def show(self, first: int, count: int) -> None:
        made = list(events(first, count))
        for event in made:
            self.window.apply(event)
        for peer in self._peers:
            # A smaller picture's window is not what is recorded.
            peer.send(link.WindowChanged("plateau/480p", list(events(900, 1))))
            peer.send(link.WindowChanged("plateau", made))

    @property
    def state(self) -> str:
        return self.told[-1].state if self.told else ""

    @property
    def states(self) -> list[tuple[str, str]]:
        """What was told, without what is told again."""
        said = [(each.state, each.reason) for each in self.told]
        return [each for index, each in enumerate(said) if index == 0 or each != said[index - 1]]


@asynccontextmanager
async def taping(tape: Tape, stage: Stage, path: Path) -> AsyncIterator[None]:
    async with (
        link.listening(path, stage.serve),
        running(recording._follow(path, {"plateau": tape}), tape.run()),
    ):
        yield


class Stuck(Disk):
    """A disk that takes its time, as the test says."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, 0)
        self.may_write = threading.Event()

    def write(self, segment: Segment, init: InitAdded) -> int:
        self.may_write.wait(30)
        return super().write(segment, init)


async def test_slow_disk_is_told_and_costs_what_left_the_window(tmp_path: Path) -> None:
    disk, stage = Stuck(tmp_path / "plateau"), Stage()
    tape = Tape("plateau", disk, nothing, slow=0.1)
    async with taping(tape, stage, tmp_path / "media.sock"):
        stage.show(1, 2)
        await when(lambda: ("paused", LATE) in stage.states)
        stage.show(3, 60)
        await asyncio.sleep(0)
        disk.may_write.set()
        await when(lambda: numbers(tmp_path / "plateau")[-1:] == [62])
        await when(lambda: stage.told[-1].seconds == LENGTH * len(numbers(tmp_path / "plateau")))
    there = numbers(tmp_path / "plateau")
    assert there[0] == 1
    assert there[1:] == list(range(there[1], 63)), "one hole, while the disk was stuck"
    assert stage.told[-1].missing == (there[1] - 2) * LENGTH
    assert stage.states[-1] == ("on", "")


async def test_full_disk_pauses_until_there_is_room_and_loses_nothing_within_a_minute(
    tmp_path: Path,
) -> None:
    disk, stage = Disk(tmp_path / "plateau", 10**15), Stage()
    tape = Tape("plateau", disk, nothing, retry=0.02)
    async with taping(tape, stage, tmp_path / "media.sock"):
        stage.show(1, 3)
        await when(lambda: ("paused", FULL) in stage.states)
        assert stage.told[-1].room == 0
        stage.show(4, 3)
        disk._free = 0
        await when(lambda: numbers(tmp_path / "plateau") == [1, 2, 3, 4, 5, 6])
        await when(lambda: stage.states[-1] == ("on", ""))
    assert stage.told[-1].missing == 0


async def test_disk_that_refuses_is_told_and_tried_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder, stage = tmp_path / "plateau", Stage()
    folder.write_text("a file in its place")
    async with taping(
        Tape("plateau", Disk(folder, 0), nothing, retry=0.02), stage, tmp_path / "media.sock"
    ):
        stage.show(1, 2)
        await when(lambda: ("paused", BROKEN) in stage.states)
        await asyncio.sleep(0.1)  # several tries
        folder.unlink()
        await when(lambda: numbers(folder) == [1, 2])
        await when(lambda: stage.states[-1] == ("on", ""))
    assert caplog.text.count("is not recorded") == 1


async def test_disk_that_fills_up_is_told_while_there_is_room(tmp_path: Path) -> None:
    disk, stage = Disk(tmp_path / "plateau", 0), Stage()
    async with taping(Tape("plateau", disk, nothing), stage, tmp_path / "media.sock"):
        stage.show(1, 1)
        await when(lambda: stage.told[-1:] and stage.told[-1].state == "on")
        size = stage.told[-1].size
        disk._free = os.statvfs(tmp_path).f_bavail * os.statvfs(tmp_path).f_frsize - 700 * size
        stage.show(2, 1)
        await when(lambda: stage.told[-1].reason)
    # Others write to this disk too: it may be full by now.
    assert stage.told[-1].reason.startswith(("Le disque se remplit", "Le disque est presque plein"))


async def test_media_that_comes_back_is_recorded_on_without_a_line_twice(tmp_path: Path) -> None:
    folder, path = tmp_path / "plateau", tmp_path / "media.sock"
    tape = Tape("plateau", Disk(folder, 0), nothing)
    async with running(recording._follow(path, {"plateau": tape}), tape.run()):
        stage = Stage()
        async with link.listening(path, stage.serve):
            stage.show(1, 3)
            await when(lambda: numbers(folder) == [1, 2, 3])
        again = Stage()
        again.window = stage.window
        async with link.listening(path, again.serve):
            await when(lambda: again.told)  # it says how it does
            again.show(4, 2)
            await when(lambda: numbers(folder) == [1, 2, 3, 4, 5])
    assert len(list(folder.rglob("*.m4s"))) == 5


def test_talk_is_refused_from_its_start_to_its_end() -> None:
    talk = Talk(id="t", channel="plateau", title="T", recorded=False)
    assert not refusing([talk], "plateau", 10, 12)
    talk = msgspec.structs.replace(talk, state="live", started_at=11.0)
    assert refusing([talk], "plateau", 10, 12)
    assert refusing([talk], "plateau", 1000, 1002)
    assert not refusing([talk], "plateau", 8, 10)
    assert not refusing([talk], "labo-1", 10, 12)
    talk = msgspec.structs.replace(talk, state="ended", ended_at=20.0)
    assert refusing([talk], "plateau", 19, 21)
    assert not refusing([talk], "plateau", 20, 22)
    assert not refusing([msgspec.structs.replace(talk, recorded=True)], "plateau", 12, 14)


@pytest.fixture
async def data(tmp_path: Path) -> Folder:
    folder = Folder(tmp_path / "data")
    folder.make()
    load_secret(folder.path)
    return folder


def settings() -> Settings:
    return load(None, {"FABRIQUE_RECORDING__FREE_GB": "0"})


async def test_talk_that_must_not_be_recorded_is_not_even_when_the_store_dies(
    data: Folder,
) -> None:
    server, stage, folder = StoreServer(data), Stage(), data.recording / "plateau"
    server.start()
    try:
        await server.wait()
        async with (
            store.connected(server.url) as client,
            journal.opened(client, "fabrique") as book,
            link.listening(data.media_socket, stage.serve),
            running(recording.run(data, settings())),
        ):
            shown = 0

            async def show_until(state: str) -> None:
                nonlocal shown
                while stage.state != state:
                    shown += 1
                    stage.show(shown, 1)
                    await when(partial(_is_dealt_with, stage, folder, shown))

            def now() -> float:
                return START + (shown + 1) * LENGTH

            await show_until("on")
            await book.append(TalkRecorded(id="a", at=now(), by="c", talk="direct", recorded=False))
            await book.append(TalkStarted(id="b", at=now(), by="c", talk="direct"))
            await show_until("off")
            assert stage.told[-1].reason == REFUSED
            private = shown
            server.kill()
            for _ in range(3):
                shown += 1
                stage.show(shown, 1)
            server.start()
            await server.wait()
            await book.append(TalkEnded(id="c", at=now(), by="c", talk="direct"))
            public = shown + 1
            await show_until("on")
            await when(lambda: numbers(folder)[-1] == shown)
            assert not set(range(private, public)) & set(numbers(folder))
    finally:
        server.kill()


@pytest.mark.slow
async def test_killed_process_goes_on_where_it_was(data: Folder) -> None:
    server, stage, folder = StoreServer(data), Stage(), data.recording / "plateau"
    server.start()
    resolved = msgspec.json.encode(settings()).decode()
    environment = os.environ | {"FABRIQUE_DATA": str(data.path), "FABRIQUE_RESOLVED": resolved}
    try:
        async with link.listening(data.media_socket, stage.serve):
            for last in (10, 20):
                process = await asyncio.create_subprocess_exec(
                    *(sys.executable, "-c", CHILD),
                    env=environment,
                    stdin=subprocess.PIPE,  # its lifeline
                )
                try:
                    stage.show(last - 9, 10)
                    await when(partial(_reaches, folder, last))
                finally:
                    process.kill()
                    await process.communicate()
    finally:
        server.kill()
    assert numbers(folder) == list(range(1, 21))
