"""Bad networks on one machine: a UDP proxy between our port and whoever watches or publishes.

    with bad_network(down=Weather(loss=0.05)) as network:
        async with watching(network.around(relay.answer)) as viewer:
            ...
            network.down.weather = CLEAR

It runs in a thread with a loop of its own, so that what it holds back holds up nobody else's loop.
"""

import asyncio
import heapq
import itertools
import math
import random
import re
import socket
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TypeVar

from playwright.async_api import BrowserContext, Error, Page, Route

CLIENTS = 128  # addresses that are let through; others are not heard
WAITING = 20_000  # datagrams on their way in both directions; what comes beyond is lost
AT_ONCE = 64  # datagrams read from a socket before the others have their turn
BUFFER = 4 * 1024 * 1024  # bytes, of each socket
SPELL = 0.05  # seconds for which jitter delays all datagrams by the same time

EXCHANGES = re.compile(r"/wh[ei]p(/[^/?]*)?(\?.*)?$")

Address = tuple[str, int]
S = TypeVar("S")
Ask = Callable[[str], Awaitable[tuple[S, str]]]


@dataclass(frozen=True)
class Weather:
    """What happens to the datagrams of one direction. Shares are of 1, times in seconds."""

    loss: float = 0.0  # share that never arrives
    burst: float = 1.0  # how many in a row, on average (Gilbert's model: good times and bad ones)
    duplicate: float = 0.0  # share that arrives twice
    reorder: float = 0.0  # share that is held for `behind`, while others pass
    behind: float = 0.02
    delay: float = 0.0
    jitter: float = 0.0  # up to so much more, drawn anew after each `SPELL`; order is kept
    scatter: float = 0.0  # up to so much more, drawn for each datagram: they pass one another
    rate: float = math.inf  # bits per second
    queue: int = 64 * 1024  # bytes that may wait for their turn; what comes beyond is lost


CLEAR = Weather()


class Way:
    """One direction: decides when a datagram arrives. `weather` may be changed at any time."""

    def __init__(self, weather: Weather, seed: int) -> None:
        self.weather = weather
        self.passed = self.lost = 0
        self._random = random.Random(seed)
        self._bad = False  # times are bad: all is lost
        self._free_at = 0.0  # when the bottleneck has sent all that it took
        self._late, self._until = 0.0, -math.inf  # this spell's jitter, and its end
        self._last = -math.inf  # the latest arrival, of those that keep their order

    def send(self, size: int, now: float) -> list[float]:
        """When a datagram of so many bytes arrives: never, once or twice."""
        weather = self.weather
        if self._loses(weather) or (waited := self._wait(weather, size, now)) is None:
            self.lost += 1
            return []
        self.passed += 1
        arrivals = [self._arrival(weather, now, waited)]
        if self._random.random() < weather.duplicate:
            arrivals.append(self._arrival(weather, now, waited))
        return arrivals

    def _loses(self, weather: Weather) -> bool:
        chance, loss, burst = self._random.random(), weather.loss, weather.burst
        if loss >= 1 or burst <= 1:
            self._bad = chance < loss
        elif self._bad:
            self._bad = chance >= 1 / burst
        else:
            self._bad = chance < loss / (1 - loss) / burst
        return self._bad

    def _wait(self, weather: Weather, size: int, now: float) -> float | None:
        """Seconds until the bottleneck has sent it; None when it has no room."""
        backlog = max(0.0, self._free_at - now)
        if weather.rate == math.inf:
            return 0.0
        if backlog * weather.rate / 8 + size > weather.queue:
            return None
        self._free_at = now + backlog + size * 8 / weather.rate
        return self._free_at - now

    def _arrival(self, weather: Weather, now: float, waited: float) -> float:
        if now >= self._until:
            self._late, self._until = self._random.uniform(0, weather.jitter), now + SPELL
        late = min(self._late, weather.jitter)
        at = now + waited + weather.delay + late + self._random.uniform(0, weather.scatter)
        if self._random.random() < weather.reorder:
            return at + weather.behind
        if weather.scatter:
            return at
        self._last = max(self._last, at)
        return self._last


class Network:
    """A proxy on 127.0.0.1: `up` is the way to our port, `down` the way from it.

    Each client has a socket of its own towards us, as behind a router.
    """

    def __init__(self, up: Weather, down: Weather, seed: int) -> None:
        self.up, self.down = Way(up, seed), Way(down, seed + 1)
        self.crowded = 0  # datagrams lost because too many clients or datagrams were there
        self.tap: Callable[[bytes], None] = lambda data: None  # what we send, as it leaves us
        self._front = _socket(("127.0.0.1", 0))
        self.address: Address = self._front.getsockname()
        self._target: Address | None = None
        self._loop = asyncio.new_event_loop()
        self._clients: dict[Address, socket.socket] = {}
        self._waiting: list[_Waiting] = []
        self._count = itertools.count()
        self._timer: asyncio.TimerHandle | None = None
        self._thread = threading.Thread(target=self._run, name="bad network", daemon=True)
        self._thread.start()

    # Leading a connection through it.

    def lead(self, answer: str) -> str:
        """Our SDP answer with this network's address instead of ours."""
        ports = {int(port) for port in re.findall(r"(?m)^a=candidate:.* (\d+) typ host", answer)}
        assert len(ports) == 1, answer
        target = "127.0.0.1", ports.pop()
        assert self._target in (None, target), "one network leads to one port"
        self._target = target
        ours = "a=candidate:1 1 udp 2130706431 {} {} typ host\r\n".format(*self.address)
        lines: list[str] = []
        for line in answer.splitlines(keepends=True):
            if not line.startswith("a=candidate:"):
                lines.append(line)
            elif lines[-1] != ours:
                lines.append(ours)
        return "".join(lines)

    def around(self, ask: Ask[S]) -> Ask[S]:
        """`ask(offer)` returns something and an answer: the same by this network."""

        async def by_network(offer: str) -> tuple[S, str]:
            said, answer = await ask(hidden(offer))
            return said, self.lead(answer)

        return by_network

    async def stand_before(self, page: Page | BrowserContext) -> None:
        """Lead what a page watches or publishes through this network."""

        async def exchange(route: Route) -> None:
            if route.request.method not in ("POST", "PATCH"):
                await route.continue_()
                return
            try:
                reply = await route.fetch(post_data=hidden(route.request.post_data or ""))
            except Error:  # nobody answers
                await route.abort()
                return
            text = await reply.text()
            led = self.lead(text) if "a=candidate:" in text else text
            await route.fulfill(response=reply, body=led)

        await page.route(EXCHANGES, exchange)

    # In its thread.

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.add_reader(self._front, self._from_clients)
        self._loop.run_forever()
        for each in (self._front, *self._clients.values()):
            self._loop.remove_reader(each)
            each.close()
        self._loop.close()

    def _from_clients(self) -> None:
        for _ in range(AT_ONCE):
            try:
                data, address = self._front.recvfrom(65_536)
            except BlockingIOError:
                return
            except ConnectionError:  # somebody's port was closed
                continue
            back = self._clients.get(address) or self._welcome(address)
            if back is None or self._target is None:
                self.crowded += 1
            else:
                self._carry(self.up, data, back, self._target)

    def _welcome(self, address: Address) -> socket.socket | None:
        if len(self._clients) >= CLIENTS:
            return None
        back = self._clients[address] = _socket(("127.0.0.1", 0))
        self._loop.add_reader(back, self._from_us, back, address)
        return back

    def _from_us(self, back: socket.socket, address: Address) -> None:
        for _ in range(AT_ONCE):
            try:
                data = back.recv(65_536)
            except BlockingIOError:
                return
            except ConnectionError:
                continue
            self.tap(data)
            self._carry(self.down, data, self._front, address)

    def _carry(self, way: Way, data: bytes, by: socket.socket, to: Address) -> None:
        now = self._loop.time()
        for at in way.send(len(data), now):
            if at <= now and (not self._waiting or self._waiting[0].at > at):
                _send(by, data, to)
            elif len(self._waiting) >= WAITING:
                self.crowded += 1
            else:
                heapq.heappush(self._waiting, _Waiting(at, next(self._count), data, by, to))
                self._wake()

    def _wake(self) -> None:
        at = self._waiting[0].at
        if self._timer is None or at < self._timer.when():
            if self._timer is not None:
                self._timer.cancel()
            self._timer = self._loop.call_at(at, self._deliver)

    def _deliver(self) -> None:
        self._timer = None
        now = self._loop.time()
        while self._waiting and self._waiting[0].at <= now:
            due = heapq.heappop(self._waiting)
            _send(due.by, due.data, due.to)
        if self._waiting:
            self._wake()

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()


@contextmanager
def bad_network(up: Weather = CLEAR, down: Weather = CLEAR, seed: int = 1) -> Iterator[Network]:
    """A network until the end of the body; the same seed loses the same datagrams."""
    network = Network(up, down, seed)
    try:
        yield network
    finally:
        network.close()


def hidden(offer: str) -> str:
    """An offer without its addresses: who gets it must be found by the network's."""
    return re.sub(r"(?m)^a=candidate:.*\r?\n", "", offer)


@dataclass(order=True)
class _Waiting:
    at: float
    place: int
    data: bytes = field(compare=False)
    by: socket.socket = field(compare=False)
    to: Address = field(compare=False)


def _socket(address: Address) -> socket.socket:
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    for option in (socket.SO_RCVBUF, socket.SO_SNDBUF):
        made.setsockopt(socket.SOL_SOCKET, option, BUFFER)
    made.setblocking(False)
    made.bind(address)
    return made


def _send(by: socket.socket, data: bytes, to: Address) -> None:
    try:
        by.sendto(data, to)
    except OSError:
        """Nobody is there any more, or the machine is out of room: it is lost."""
