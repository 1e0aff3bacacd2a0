"""The ladder's end of its link to media: the jobs that it is asked for, a thread to each."""

import asyncio
import logging
from functools import partial

from streaming import link
from streaming.errors import LinkLost
from streaming.packet import Packet
from streaming.transcoding.transcoder import Transcoder
from streaming.transcoding.worker import Failed, Worker

logger = logging.getLogger(__name__)


async def serve(peer: link.Link, room: int, encoder: str) -> None:
    """Be media's ladder, with room for so many jobs, until media goes away. Raises LinkLost."""
    jobs = Jobs(peer, encoder)
    peer.send(link.Follow("jobs"))
    peer.send(link.Room(room))
    try:
        async for message in peer.receive():
            match message:
                case link.Encode():
                    jobs.begin(message)
                case link.EncodeFrame(job, packet):
                    jobs.put(job, packet)
                case link.EncodeKey(job):
                    jobs.want_key(job)
                case link.EncodeEnd(job):
                    jobs.end(job)
                case _:
                    raise LinkLost(f"a {type(message).__name__} is not for the ladder")
    finally:
        await jobs.close()


class Jobs:
    """What one connection to media asks for; ended with it."""

    def __init__(self, peer: link.Link, encoder: str) -> None:
        self._peer = peer
        self._encoder = encoder
        self._workers: dict[int, Worker] = {}
        self._closing: set[asyncio.Task[None]] = set()

    def begin(self, ask: link.Encode) -> None:
        make = partial(
            Transcoder,
            ask.codec,
            ask.height,
            ask.frame_rate,
            self._encoder,
            aligned=ask.rendition,
        )
        self._workers[ask.job] = Worker(
            make,
            partial(self._send, ask.job),
            partial(self._fail, ask.job),
            f"{ask.job} ({ask.name})",
            yielding=ask.rendition,
        )
        logger.info("job %d begins: %s, %s, %d lines", ask.job, ask.name, ask.codec, ask.height)

    def put(self, job: int, packet: Packet) -> None:
        if (worker := self._workers.get(job)) is not None:  # else it failed meanwhile
            worker.put(packet)

    def want_key(self, job: int) -> None:
        if (worker := self._workers.get(job)) is not None:
            worker.want_key()

    def end(self, job: int) -> None:
        if (worker := self._workers.pop(job, None)) is not None:
            task = asyncio.create_task(worker.close())
            self._closing.add(task)
            task.add_done_callback(self._closing.discard)
            logger.info("job %d ends", job)

    async def close(self) -> None:
        for job in tuple(self._workers):
            self.end(job)
        await asyncio.gather(*self._closing)

    def _send(self, job: int, packets: list[Packet]) -> None:
        for packet in packets if job in self._workers else ():
            self._peer.send(link.Encoded(job, packet))

    def _fail(self, job: int, failure: Failed) -> None:
        if job in self._workers:
            self._peer.send(link.EncodeFailed(job, str(failure), failure.slow))
            self.end(job)
