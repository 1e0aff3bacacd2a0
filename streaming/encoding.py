"""A channel's sound, encoded once for everybody by two encoders that never restart."""

import asyncio
import logging
import math
import threading
from collections import deque
from collections.abc import Callable, Iterable
from fractions import Fraction
from queue import SimpleQueue
from typing import Any, Literal

import av
import numpy as np

from streaming.feed import Feed
from streaming.packet import Packet
from streaming.sound import RATE, Decoder, Samples, Timeline, place_of, time_of

logger = logging.getLogger(__name__)

BACKLOG = 500  # packets, about ten seconds: a thread that is further behind loses the oldest
BATCH = 50  # packets, about a second: more at once would lap the readers of the feed
LONG = 2.0  # seconds: silence is made in such steps, for the same reason
AT_REST = 16  # equal packets of silence after which an encoder would make no others


class SoundEncoder:
    """One codec's encoder: samples in, packets out with exact times by counting samples.

    AAC comes as packets of 1024 samples at 128 kbit/s, Opus of 960 (20 ms) at 96 kbit/s. Encoders
    look ahead: what libav says of that is taken off the times, so that a packet's time is when its
    samples are heard. One that has encoded silence for a while is at rest: it would give the same
    packet again, for as long as silence lasts, so that it need not be asked.
    """

    def __init__(self, codec: Literal["aac", "opus"], start: int) -> None:
        context: Any = av.CodecContext.create("libopus" if codec == "opus" else "aac", "w")
        context.sample_rate = RATE
        context.layout = "stereo"
        context.format = "flt" if codec == "opus" else "fltp"
        context.bit_rate = 96_000 if codec == "opus" else 128_000
        context.time_base = Fraction(1, RATE)
        # The fast coder takes half the time; at 128 kbit/s nobody hears the difference.
        context.options = {} if codec == "opus" else {"aac_coder": "fast"}
        context.open()
        self.config = b"" if codec == "opus" else bytes(context.extradata)
        self._context = context
        self._start = start
        self._next = 0  # samples that libav has been given
        self._time: int | None = None  # of the next packet, in samples since `start`
        self._last = b""  # packet
        self._equal = 0  # packets in a row that are equal to the last
        self._rest = np.zeros((2, 0), np.float32)

    def encode(self, block: Samples) -> list[Packet]:
        """Take samples that follow the last ones; return the packets that are complete."""
        samples = np.concatenate((self._rest, block), axis=1)
        size = self._context.frame_size
        packets: list[Packet] = []
        for at in range(0, samples.shape[1] - size + 1, size):
            for packet in self._context.encode(self._frame(samples[:, at : at + size])):
                data = bytes(packet)
                self._equal = self._equal + 1 if data == self._last else 0
                self._last = data
                if self._time is None:
                    self._time = packet.pts
                if self._time >= 0:  # what is before is the encoder's run-up, not sound
                    packets.append(self._packet(data, self._time))
                self._time += size
            self._next += size
        self._rest = samples[:, samples.shape[1] - samples.shape[1] % size :]
        return packets

    @property
    def at_rest(self) -> bool:
        """Whether `repeat` will do, if what comes next is silence."""
        return self._equal >= AT_REST and not self._rest.any()

    def repeat(self, count: int) -> list[Packet]:
        """Take so many samples of silence when at rest, and give what `encode` would."""
        size, time = self._context.frame_size, self._time or 0
        complete, rest = divmod(self._rest.shape[1] + count, size)
        self._rest = np.zeros((2, rest), np.float32)
        self._time = time + complete * size
        return [self._packet(self._last, time + index * size) for index in range(complete)]

    def _packet(self, data: bytes, place: int) -> Packet:
        time = time_of(self._start + place)
        return Packet(data, time, time, True, self.config)

    def _frame(self, samples: Samples) -> av.AudioFrame:
        if self._context.format.is_planar:
            data = np.ascontiguousarray(samples)
        else:
            data = samples.T.reshape(1, -1)
        frame = av.AudioFrame.from_ndarray(data, self._context.format.name, "stereo")
        frame.sample_rate = RATE
        frame.time_base = Fraction(1, RATE)
        frame.pts = self._next
        return frame


class SoundDesk:
    """Mixes what is on air into a feed's Opus and AAC, gap-free from `start` on.

    Decoding and encoding run in one thread; `play`, `cut` and `fill` only leave word for it. What
    comes in one turn of the loop is one errand to the thread: to go there and back costs the loop
    more than what it carries. So the loop is woken for what is made when a reader waits for it;
    else it is collected at the next word left.
    """

    def __init__(self, feed: Feed, start: float, name: str = "") -> None:
        self._feed = feed
        self._name = name
        self._pending: deque[tuple[Packet, str] | None] = deque()
        self._fill_until = -math.inf
        self._lost = 0
        self._settled = asyncio.Event()
        self._timeline = Timeline(place_of(start))
        self._aac = SoundEncoder("aac", self._timeline.head)
        self._opus = SoundEncoder("opus", self._timeline.head)
        self._decoder: Decoder | None = None
        self._running = False
        self._busy = False  # an errand is under way, or about to be given, or not collected yet
        self._errands: SimpleQueue[Callable[[], Samples] | None] = SimpleQueue()
        self._made: tuple[list[Packet], list[Packet]] | None = None  # AAC and Opus, not collected
        self._settlers = 0  # who wait in `settled`
        feed.aac.on_wait = feed.opus.on_wait = self._collect

    @property
    def head(self) -> float:
        """The time up to which the sound is made."""
        return time_of(self._timeline.head)

    def play(self, packet: Packet, codec: str) -> None:
        """Let a packet of the source on air be heard at its time."""
        if len(self._pending) >= BACKLOG:
            self._pending.popleft()
            self._lost += 1
        self._ask((packet, codec))

    def cut(self) -> None:
        """What is played from now on comes from another source."""
        self._ask(None)

    def fill(self, until: float) -> None:
        """Let there be silence up to `until`, wherever there is no sound by now."""
        self._fill_until = max(self._fill_until, until)
        self._go_on()

    async def settled(self) -> None:
        """Wait until all that was asked for is in the feed."""
        self._settlers += 1
        self._collect()
        try:
            await self._settled.wait()
        finally:
            self._settlers -= 1

    async def run(self) -> None:
        """Do the work, until cancelled."""
        self._loop = asyncio.get_running_loop()
        self._ended: asyncio.Future[None] = self._loop.create_future()
        thread = threading.Thread(target=self._work, name=f"sound {self._name}")
        thread.start()
        self._running = True
        try:
            self._go_on()
            await self._ended
        finally:
            self._running = False
            self._errands.put(None)
            thread.join()  # after one errand at most

    def _ask(self, item: tuple[Packet, str] | None) -> None:
        self._pending.append(item)
        self._go_on()

    def _go_on(self) -> None:
        """Give the thread its next errand in a moment, if there is one and it has none."""
        if self._made is not None:
            self._collect()
        if self._busy:
            return
        if not self._pending and self._behind <= 0:
            self._settled.set()
            return
        self._settled.clear()
        if self._running:
            self._busy = True
            self._loop.call_soon(self._give_errand)

    @property
    def _behind(self) -> int:
        """Samples of silence that are due; sound that waits comes first."""
        return place_of(max(0.0, self._fill_until)) - self._timeline.head

    def _give_errand(self) -> None:
        if self._lost:
            logger.warning("sound %s: %d packets skipped", self._name, self._lost)
            self._lost = 0
        if not self._pending:
            self._fall_silent(self._fill_until)
            return
        first = next((item[0].pts for item in self._pending if item), 0.0)
        if self._timeline.head < place_of(first - LONG):
            self._fall_silent(first - LONG)
            return
        count = min(BATCH, len(self._pending))
        work = [self._pending.popleft() for _ in range(count)]
        self._send(lambda: self._play(work))

    def _fall_silent(self, until: float) -> None:
        step = min(place_of(until), self._timeline.head + place_of(LONG))
        if self._timeline.at_rest and self._aac.at_rest and self._opus.at_rest:
            count = self._timeline.rest(step)
            self._finish(self._aac.repeat(count), self._opus.repeat(count))
        else:
            self._send(lambda: self._timeline.silence(step))

    def _send(self, work: Callable[[], Samples]) -> None:
        """Have the thread encode what `work` gives."""
        self._errands.put(work)

    def _collect(self) -> None:
        """Take what the thread has made, if it is ready."""
        made, self._made = self._made, None
        if made is not None:
            self._finish(*made)

    def _finish(self, aac: list[Packet], opus: list[Packet]) -> None:
        self._feed.aac.extend(aac)
        self._feed.opus.extend(opus)
        self._busy = False
        self._go_on()  # in a moment: readers must be able to follow

    def _fail(self, error: BaseException) -> None:
        if not self._ended.done():
            self._ended.set_exception(error)

    # In the thread.

    def _work(self) -> None:
        try:
            while (work := self._errands.get()) is not None:
                samples = work()
                self._made = self._aac.encode(samples), self._opus.encode(samples)
                # Who begins to wait from here on collects it: see `Ring.on_wait`.
                if self._feed.aac.awaited or self._feed.opus.awaited or self._settlers:
                    self._loop.call_soon_threadsafe(self._collect)
        except Exception as error:
            # Whatever it is, it ends the desk, and `run` tells.
            self._loop.call_soon_threadsafe(self._fail, error)

    def _play(self, work: Iterable[tuple[Packet, str] | None]) -> Samples:
        blocks = [self._timeline.silence(0)]
        for item in work:
            if item is None:
                self._decoder = None
                self._timeline.cut()
                continue
            packet, codec = item
            decoder = self._decoder
            if decoder is None or (decoder.codec, decoder.config) != (codec, packet.config):
                decoder = self._decoder = Decoder(codec, packet.config)
                self._timeline.cut()  # its first block goes where it belongs
            blocks += [self._timeline.place(*block) for block in decoder.decode(packet)]
        return np.concatenate(blocks, axis=1)
