"""A process full of screens, which joins and leaves as it is told, and says what it got.

It looks at its sockets fifty times a second, which costs a tenth of what being woken for each
packet would. Orders and answers are lines of JSON on standard input and output: see `Audience`, the
other end of it.
"""

import asyncio
import json
import resource
import select
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, cast

import numpy as np

from benchmarks import _datagrams
from benchmarks._deliveries import DIRECT, Answer, Notes, arrivals, delivery, gaps
from benchmarks._screens import VIDEO, Credentials, Refused, Screen

LOOK = 0.02  # seconds between two looks at the sockets
TOGETHER = 8  # that join at a time, when nobody says in how many seconds
DRAIN = 0.3  # seconds after a count for what is still on its way
PICTURE_PATIENCE = 10.0


class Room:
    """The screens of this process, and the one loop that reads for all of them."""

    def __init__(self) -> None:
        self.screens: dict[int, Screen] = {}  # by place
        self.notes = Notes()
        self._inbox = _datagrams.Inbox()
        self._poll = select.epoll()
        self._places: dict[int, int] = {}  # by descriptor
        self._credentials: dict[str, Credentials] = {}
        self._next = self._began = 0
        self._direct: socket.socket | None = None
        self._probe: tuple[int, bytes, dict[int, int]] | None = None

    async def run(self) -> None:
        """Read what came, for ever."""
        while True:
            now = time.monotonic()
            for descriptor, _ in self._poll.poll(0):
                self._read(descriptor, now)
            for screen in self.screens.values():
                screen.tend(now)
            await asyncio.sleep(LOOK)

    async def join(self, url: str, count: int, ciphers: str, over: float) -> Answer:
        """Let `count` more come, spread over so many seconds; 0: a few at a time, in haste."""
        turns = asyncio.Semaphore(count if over else TOGETHER)
        if ciphers not in self._credentials:
            self._credentials[ciphers] = Credentials(ciphers)
        results = await asyncio.gather(
            *(
                self._one(url, self._credentials[ciphers], turns, over * index / count)
                for index in range(count)
            ),
            return_exceptions=True,
        )
        joined = [each for each in results if isinstance(each, Screen)]
        failed = Counter(repr(each)[:200] for each in results if not isinstance(each, Screen))
        with suppress(TimeoutError):
            async with asyncio.timeout(PICTURE_PATIENCE):
                while any(each.picture is None for each in joined):  # noqa: ASYNC110  # `run` looks
                    await asyncio.sleep(LOOK)
        seen = [each for each in joined if each.picture is not None]
        return {
            "joined": len(joined),
            "failed": dict(failed),
            "without_picture": len(joined) - len(seen),
            "profiles": dict(Counter(each.profile for each in joined)),
            "picture_s": [cast(float, each.picture) - each.asked for each in seen],
            "picture_after_ice_s": [cast(float, each.picture) - each.reached for each in seen],
            "answer_s": [each.answered - each.asked for each in joined],
        }

    async def leave(self, count: int) -> Answer:
        """Let the oldest go."""
        places = list(self.screens)[:count]
        leaving = [self.screens.pop(place) for place in places]
        for screen in leaving:
            self._forget(screen.socket)
        turns = asyncio.Semaphore(TOGETHER)

        async def go(screen: Screen) -> None:
            async with turns:
                await screen.leave()

        left = await asyncio.gather(*map(go, leaving), return_exceptions=True)
        return {"left": len(left), "failed": [repr(each) for each in left if each is not None]}

    async def vanish(self, count: int) -> Answer:
        """Let the oldest go without a word."""
        for place in list(self.screens)[:count]:
            screen = self.screens.pop(place)
            self._forget(screen.socket)
            screen.close()
        return {"left": count}

    async def watch(self, seconds: float, mark: str = "") -> Answer:
        """Count what comes in so many seconds; with a mark, say when each frame did.

        `mark` is what the publisher writes before a frame's number in its pictures.
        """
        numbers: dict[int, int] = {}
        if mark:
            self._probe = (next(iter(self.screens)), mark.encode(), numbers)
        mine = [screen.socket for screen in self.screens.values()]
        dropped = sum(map(_datagrams.dropped, mine))
        began, used = time.time_ns(), time.process_time()
        self.notes.begin()
        await asyncio.sleep(seconds)
        ended, used = time.time_ns(), time.process_time() - used
        await asyncio.sleep(DRAIN)
        records, self._probe = self.notes.end(), None
        answer = {
            "screens": len(mine),
            "dropped_by_screens": sum(map(_datagrams.dropped, mine)) - dropped,
            "screens_cpu": used / ((ended - began) / 1e9),
            **delivery(records, list(self.screens), began, ended),
        }
        if mark:
            answer["arrivals"] = arrivals(records)
            answer["numbers"] = {str(stamp): number for stamp, number in numbers.items()}
        return answer

    async def begin(self) -> Answer:
        """Note what comes, until `end`."""
        self._began = time.time_ns()
        self.notes.begin()
        return {}

    async def end(self, silence: float) -> Answer:
        """What came since `begin`; silent is who had no picture in the last `silence` seconds."""
        records, now = self.notes.end(), time.time_ns()
        return {"screens": len(self.screens)} | gaps(
            records, list(self.screens), self._began, now, silence
        )

    async def direct(self) -> Answer:
        """Open a socket that a publisher writes to directly, with a frame's number for a stamp."""
        self._direct = _datagrams.open_socket()
        self._keep(self._direct, DIRECT)
        return {"port": self._direct.getsockname()[1]}

    async def _one(
        self, url: str, credentials: Credentials, turns: asyncio.Semaphore, wait: float
    ) -> Screen:
        await asyncio.sleep(wait)
        async with turns:
            screen, loop = Screen(credentials), asyncio.get_running_loop()
            place, self._next = self._next, (self._next + 1) % DIRECT
            descriptor = screen.socket.fileno()
            self._places[descriptor] = place
            self.screens[place] = screen
            loop.add_reader(descriptor, lambda: self._read(descriptor, time.monotonic()))
            try:
                await screen.join(url)
            except (Refused, TimeoutError, OSError):
                loop.remove_reader(descriptor)
                del self._places[descriptor], self.screens[place]
                screen.close()
                raise
            loop.remove_reader(descriptor)
            self._keep(screen.socket, place)
            return screen

    def _keep(self, opened: socket.socket, place: int) -> None:
        self._places[opened.fileno()] = place
        self._poll.register(opened.fileno(), select.EPOLLIN)

    def _forget(self, opened: socket.socket) -> None:
        self._poll.unregister(opened.fileno())
        del self._places[opened.fileno()]

    def _read(self, descriptor: int, now: float) -> None:
        inbox, place = self._inbox, self._places[descriptor]
        screen = self.screens.get(place)
        while count := inbox.receive(descriptor):
            first = inbox.data[:count, 0]
            media = count
            if screen is not None:
                if (first < 128).any():
                    for index in np.flatnonzero(first < 128).tolist():
                        screen.received(inbox.one(index), inbox.source(index))
                    media = int((first >= 128).sum())
                if media and screen.opened:
                    self._hear(screen, place, count, now)
            if self.notes.wanted:
                self.notes.add(place, inbox, count)
            if count < _datagrams.COUNT:
                return

    def _hear(self, screen: Screen, place: int, count: int, now: float) -> None:
        inbox = self._inbox
        media = np.flatnonzero(inbox.data[:count, 0] >= 128).tolist()
        if screen.picture is None:
            times = inbox.times(count)
            for index in media:
                data = inbox.one(index)
                if screen.picture is None and not 192 <= data[1] <= 223:
                    screen.look(data, times[index] / 1e9)
        screen.report(now, [inbox.data[index, :12].tobytes() for index in media[-8:]])
        if self._probe is not None and self._probe[0] == place:
            for index in media:
                self._find(screen, inbox.one(index))

    def _find(self, screen: Screen, data: bytes) -> None:
        """Read the number that a publisher wrote in this picture, if this is where it is."""
        assert self._probe is not None
        _, mark, numbers = self._probe
        if data[1] & 127 != VIDEO:
            return
        clear = screen.opened_packet(data)
        at = clear.find(mark)
        if at >= 0:
            number = clear[at + len(mark) : at + len(mark) + 8]
            numbers[int.from_bytes(clear[4:8], "big")] = int(number)


async def serve() -> None:
    """Obey, until standard input ends."""
    room, loop = Room(), asyncio.get_running_loop()
    reader = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    looking = asyncio.create_task(room.run())
    looking.add_done_callback(lambda task: task.cancelled() or loop.stop())
    print(json.dumps({}), flush=True)
    while line := await reader.readline():
        order = json.loads(line)
        answer = await getattr(room, order.pop("do"))(**order)
        print(json.dumps(answer), flush=True)
    looking.cancel()


class Audience:
    """The other end: a process with screens. One order at a time."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process
        self.pid = process.pid

    def ask(self, do: str, **order: Any) -> None:
        assert self._process.stdin
        self._process.stdin.write(json.dumps({"do": do, **order}) + "\n")
        self._process.stdin.flush()

    def answer(self) -> Answer:
        assert self._process.stdout
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError("the audience has died")
        answer: Answer = json.loads(line)
        return answer

    def do(self, do: str, **order: Any) -> Answer:
        self.ask(do, **order)
        return self.answer()

    def join(self, url: str, count: int, ciphers: str = "chromium", over: float = 0.0) -> Answer:
        return self.do("join", url=url, count=count, ciphers=ciphers, over=over)


@contextmanager
def audience() -> Iterator[Audience]:
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks._audience"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        found = Audience(process)
        found.answer()
        yield found
    finally:
        assert process.stdin
        with suppress(BrokenPipeError):
            process.stdin.close()
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    asyncio.run(serve())
