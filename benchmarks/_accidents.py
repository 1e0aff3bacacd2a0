"""What may happen to a house at work: each breaks something, yields, and ends once it is mended.

Where nobody mends anything, as after a kill, it ends at once: what comes back does so by itself.
"""

import asyncio
import os
import resource
import signal
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from benchmarks import _encoders
from benchmarks._encoders import Encoder
from benchmarks._house import House
from tests.disks import fill
from tests.impairment import CLEAR, Weather
from tests.recordings import kill_everything

AWAY = 5.0  # seconds that a studio or the server is
HELD = 10.0  # seconds that what is stopped, cut or full is so
WEDGED = 15.0  # seconds that an encoder stands still, its connection open
STAYS = 12.0  # seconds that another studio is on air
SLOW, SLICE = 20.0, 0.05  # seconds for which captions get a tenth of the time, in such slices
CLOCK = "FAKETIME_TIMESTAMP_FILE"
FAKETIME = "*/faketime/libfaketimeMT.so.1"  # in /usr/lib
NOTHING = Weather(loss=1.0)

EVERYTHING = ("*",)  # processes

Act = Callable[[House], AsyncIterator[None]]


@dataclass(frozen=True)
class Accident:
    """`ends`: the processes that do by it, and begin anew."""

    name: str
    act: Act
    ends: tuple[str, ...] = ()


class LeftOut(Exception):
    """It cannot be done on this machine; the message says why."""


async def nothing(house: House) -> AsyncIterator[None]:
    """What is usual."""
    yield


def killed(*names: str) -> Act:
    async def kill(house: House) -> AsyncIterator[None]:
        for name in names:
            house.server.kill(name)
        yield

    return kill


def stopped(name: str, seconds: float) -> Act:
    """The process is there, and does nothing."""

    async def stop(house: House) -> AsyncIterator[None]:
        process = house.server.children()[name]
        os.kill(process, signal.SIGSTOP)
        try:
            yield
            await asyncio.sleep(seconds)
        finally:
            os.kill(process, signal.SIGCONT)

    return stop


async def captions_starved(house: House) -> AsyncIterator[None]:
    process = house.server.children()["captions"]
    yield
    try:
        for _ in range(round(SLOW / SLICE / 10)):
            os.kill(process, signal.SIGSTOP)
            await asyncio.sleep(9 * SLICE)
            os.kill(process, signal.SIGCONT)
            await asyncio.sleep(SLICE)
    finally:
        os.kill(process, signal.SIGCONT)


async def everything_killed(house: House) -> AsyncIterator[None]:
    """As when the machine loses its power; it is started again as systemd would."""
    await asyncio.to_thread(kill_everything, house.server)
    yield
    await _start(house)


async def server_restarted(house: House) -> AsyncIterator[None]:
    """An upgrade: it ends in order."""
    await asyncio.to_thread(house.server.stop)
    yield
    await asyncio.sleep(AWAY)
    await _start(house)


async def _start(house: House) -> None:
    house.server.start()
    await asyncio.to_thread(house.server.wait_ready)


async def studio_gone(house: House) -> AsyncIterator[None]:
    house.studio.go()
    yield
    await asyncio.sleep(AWAY)
    house.studio.come()


async def studio_wedged(house: House) -> AsyncIterator[None]:
    house.studio.signal(signal.SIGSTOP)
    yield
    await asyncio.sleep(WEDGED)
    house.studio.signal(signal.SIGCONT)


async def studio_cut(house: House) -> AsyncIterator[None]:
    house.studio_line.pull()
    yield
    await asyncio.sleep(HELD)
    house.studio_line.plug()


def comes_back(encoder: Encoder) -> Act:
    """The studio comes back as another one, stays a while, and comes back as it was."""

    async def change(house: House) -> AsyncIterator[None]:
        house.studio.go()
        yield
        house.studio.come(encoder)
        await asyncio.sleep(STAYS)
        house.studio.go()
        house.studio.come()

    return change


async def rival(house: House) -> AsyncIterator[None]:
    """A second publisher for the same slot, who is to be sent away."""
    process = await asyncio.create_subprocess_exec(
        *_encoders.COPY.command(house.studio.run), stderr=asyncio.subprocess.DEVNULL
    )
    try:
        yield
        with suppress(TimeoutError):
            async with asyncio.timeout(HELD):
                await process.wait()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def backup_takes_over(house: House) -> AsyncIterator[None]:
    house.backup.come()
    await asyncio.sleep(AWAY)
    house.studio.go()
    yield
    await asyncio.sleep(HELD)
    house.studio.come()
    await asyncio.sleep(HELD)
    house.backup.go()


async def viewers_cut(house: House) -> AsyncIterator[None]:
    house.line.pull()
    house.network.up.weather = house.network.down.weather = NOTHING
    yield
    await asyncio.sleep(HELD)
    house.network.up.weather = house.network.down.weather = CLEAR
    house.line.plug()


def weather(down: Weather) -> Act:
    """Between us and the page that watches by WebRTC."""

    async def change(house: House) -> AsyncIterator[None]:
        house.network.down.weather = down
        yield
        await asyncio.sleep(HELD)
        house.network.down.weather = CLEAR

    return change


async def disk_full(house: House) -> AsyncIterator[None]:
    if house.disk is None:
        raise LeftOut("no disk can be mounted here")
    filler = await asyncio.to_thread(fill, house.disk)
    try:
        yield
        await asyncio.sleep(HELD)
    finally:
        filler.unlink()


async def no_descriptors(house: House) -> AsyncIterator[None]:
    """No web process may open anything more."""
    children = house.server.children()
    before = {}
    for name, pid in children.items():
        if name.startswith("web:"):
            process = psutil.Process(pid)
            before[process] = soft, hard = process.rlimit(resource.RLIMIT_NOFILE)
            process.rlimit(resource.RLIMIT_NOFILE, (min(soft, process.num_fds()), hard))
    try:
        yield
        await asyncio.sleep(HELD)
    finally:
        for process, limits in before.items():
            process.rlimit(resource.RLIMIT_NOFILE, limits)


def clock_steps(to: str) -> Act:
    """The server's clock, not the machine's, is so far from the right time from now on."""

    async def step(house: House) -> AsyncIterator[None]:
        file = Path(house.server.environment[CLOCK])
        await asyncio.to_thread(file.write_text, to)
        yield
        await asyncio.sleep(HELD)

    return step


def clock(folder: Path) -> dict[str, str]:
    """The environment of a server whose clock may be changed by a file in `folder`.

    Raises LeftOut.
    """
    library = next(Path("/usr/lib").glob(FAKETIME), None)
    if library is None:
        raise LeftOut("apt-get install libfaketime")
    file = folder / "clock"
    file.write_text("+0")
    return {
        "LD_PRELOAD": str(library),
        CLOCK: str(file),
        "FAKETIME_CACHE_DURATION": "1",  # seconds until a change is seen
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        # Else waits by the monotonic clock end at once: an idle libsrt takes 1.3 cores.
        "FAKETIME_FORCE_MONOTONIC_FIX": "0",
    }


USUAL = (
    Accident("nothing", nothing),
    Accident("the store is killed", killed("store"), ends=("store",)),
    Accident("the clerk is killed", killed("clerk"), ends=("clerk",)),
    Accident("the recording is killed", killed("record"), ends=("record",)),
    Accident("the archive is killed", killed("archive"), ends=("archive",)),
    Accident("the watch is killed", killed("watch"), ends=("watch",)),
    Accident("the store stands still for 10 s", stopped("store", HELD)),
    Accident("media stands still for 5 s", stopped("media", AWAY)),
    Accident("a web process stands still for 5 s", stopped("web:0", AWAY)),
    Accident("captions stand still for 10 s", stopped("captions", HELD)),
    Accident("captions get a tenth of their time", captions_starved),
    Accident("no web process may open anything", no_descriptors),
    # With `appendfsync always` a store that cannot write ends, rather than forget.
    Accident("the disk is full for 10 s", disk_full, ends=("store",)),
    Accident("the studio is killed", studio_gone),
    Accident("the studio stands still for 15 s", studio_wedged),
    Accident("the studio's network is cut for 10 s", studio_cut),
    Accident("a second studio wants the place", rival),
    Accident("the backup takes over", backup_takes_over),
    Accident("the studio comes back smaller", comes_back(_encoders.SMALLER)),
    Accident("the studio comes back with B-frames", comes_back(_encoders.WITH_B_FRAMES)),
    Accident("the studio comes back without sound", comes_back(_encoders.SOUNDLESS)),
    Accident("the studio comes back by WHIP", comes_back(_encoders.WHIP)),
    Accident("viewers' network is cut for 10 s", viewers_cut),
    Accident("viewers lose 5 % of datagrams", weather(Weather(loss=0.05))),
    Accident("viewers lose 5 %, in bursts of 20", weather(Weather(loss=0.05, burst=20.0))),
    Accident("viewers have half of what it takes", weather(Weather(rate=3e5))),
)
# Those that end what a soak wants to watch for long.
DEADLY = (
    Accident("media is killed", killed("media"), ends=("media",)),
    Accident("one of two web processes is killed", killed("web:0"), ends=("web:0",)),
    Accident("both web processes are killed", killed("web:0", "web:1"), ends=("web:0", "web:1")),
    Accident("captions are killed", killed("captions"), ends=("captions",)),
    Accident("everything is killed", everything_killed, ends=EVERYTHING),
    Accident("the server is restarted", server_restarted, ends=EVERYTHING),
)
# In a house whose clock may be changed.
CLOCKS = (
    Accident("the clock goes 1 h forward", clock_steps("+3600")),
    Accident("the clock goes 1 h back", clock_steps("+0")),
    Accident("the clock goes 2 s forward", clock_steps("+2")),
    Accident("the clock goes 2 s back", clock_steps("+0")),
)


def named(every: Iterable[Accident], words: str) -> list[Accident]:
    """Those with one of these words, which have commas between them, in their names."""
    return [each for each in every if any(word in each.name for word in words.split(","))]
