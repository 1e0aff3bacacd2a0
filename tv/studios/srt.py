"""The SRT process: callers with the right key, each with a demuxer process of its own.

libsrt is here, libav there: strangers' packets reach neither media nor each other.
"""

import asyncio
import logging
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress
from pathlib import Path

from streaming import link
from streaming.errors import LinkLost, PublishRefused, SourceLost, UnsupportedMedia
from streaming.ingest import demuxer, foreign
from streaming.ingest.srt.libsrt import Library
from streaming.ingest.srt.listener import Connection, Options, listening
from streaming.ingest.srt.streamid import Rejected
from streaming.link import SourceFrame, Transport, Unusable
from tv.folder import Folder
from tv.process import plain_environment
from tv.settings import Settings
from tv.studios.srt_door import Door
from tv.studios.stream_keys import Place, stream_keys

logger = logging.getLogger(__name__)

ABANDONED = 1.0  # seconds of silence after which a caller makes way for one with the same key
PAUSE = 0.25  # seconds before media is asked again when it was away
MUTE = 10.0  # seconds that bytes may come without a frame in them
CRASHES, FORGIVEN = 3, 60.0  # of a caller's demuxer, in so many seconds; one more, and it goes
TOLD = 1.0  # seconds between two words on the network

NOTHING = "Rien de lisible n’arrive par SRT\u00a0: envoyez du MPEG-TS avec du H.264 et de l’AAC."
RENEWED = "La clé de diffusion SRT a changé\u00a0: copiez la nouvelle."
CRASHING = "Ce flux SRT fait échouer sa lecture\u00a0: changez les réglages de l’encodeur."


class Publishers:
    """The callers that are in, and what becomes of their bytes."""

    def __init__(self, media_socket: Path, door: Door) -> None:
        self._media_socket = media_socket
        self._door = door
        self._there: dict[Connection, Place] = {}

    async def serve(self, connection: Connection) -> None:
        """Publish what a caller sends, until it goes or media does not want it."""
        place = self._door.place_of(connection.streamid)
        await self._end_abandoned(place)
        self._there[connection] = place
        self._door.inside += 1
        logger.info("srt: %s publishes to %s, %s", connection.address, *place)
        try:
            await self._publish(connection, place)
        finally:
            self._door.inside -= 1
            del self._there[connection]
            logger.info("srt: %s has stopped publishing to %s", connection.address, place[0])

    async def _end_abandoned(self, place: Place) -> None:
        """Have the place free if its cable was cut: SRT itself would notice some seconds later."""
        now = time.monotonic()
        silent = [
            caller
            for caller, at in self._there.items()
            if at == place and now - caller.heard_at > ABANDONED
        ]
        for caller in silent:
            caller.leave()
            await caller.served.wait()
        if silent:
            await asyncio.sleep(PAUSE)  # media hears of their end

    async def _publish(self, connection: Connection, place: Place) -> None:
        while not connection.ended.is_set():
            try:
                async with aclosing(self._admitted(connection, place)) as frames:
                    await foreign.publish(self._media_socket, *place, "srt", frames)
                return
            except LinkLost as error:
                logger.warning("srt: %s: %s", place[0], error)
            except PublishRefused as error:
                logger.warning("srt: %s: %s", place[0], error)
                if self._may(connection, place):  # else the place is free for the new key
                    self._door.close(place)
                return
            except (UnsupportedMedia, SourceLost) as error:
                logger.warning("srt: %s: %s", place[0], error)
                self._door.close(place)
                return
            # The caller stays; what it sends while media is away is nobody's.
            connection.skip()
            await asyncio.sleep(PAUSE)
            connection.skip()
            connection.resume()

    async def _admitted(
        self, connection: Connection, place: Place
    ) -> AsyncGenerator[SourceFrame | Transport, None]:
        """A caller's frames, unless its key was renewed before it got its place.

        Raises PublishRefused then. Media ends who has its place while the key is renewed.
        """
        if not self._may(connection, place):
            raise PublishRefused(RENEWED)
        async with aclosing(_frames(connection)) as frames:
            async for frame in frames:
                yield frame

    def _may(self, connection: Connection, place: Place) -> bool:
        """True if the caller's key still opens its place."""
        try:
            return self._door.place_of(connection.streamid) == place
        except Rejected:
            return False


async def _frames(connection: Connection) -> AsyncGenerator[SourceFrame | Transport, None]:
    """What demuxers make of a caller's bytes, and once a second how the network does.

    Raises UnsupportedMedia when they make nothing of it.
    """
    crashes: list[float] = []
    while not connection.ended.is_set():
        async with aclosing(_demuxed(connection)) as frames:
            async for frame in frames:
                yield frame
        if connection.ended.is_set():
            return
        now = time.monotonic()
        crashes = [each for each in crashes if now - each < FORGIVEN] + [now]
        if len(crashes) > CRASHES:
            raise UnsupportedMedia(CRASHING)
        logger.warning("srt: the demuxer of %s ended, again", connection.address)


async def _demuxed(connection: Connection) -> AsyncGenerator[SourceFrame | Transport, None]:
    process = await _start_demuxer(connection.pipe)
    assert process.stdout is not None
    watch = _Watch(connection, process)
    watching = asyncio.create_task(watch.run())
    told_at = 0.0
    try:
        async for message in link.receive(process.stdout):
            match message:
                case SourceFrame():
                    watch.heard_at = now = time.monotonic()
                    if now - told_at > TOLD and (seen := connection.statistics()) is not None:
                        told_at = now
                        yield Transport(seen.lost + connection.missed, seen.round_trip)
                    yield message
                case Unusable(reason):
                    raise UnsupportedMedia(reason)
        if watch.is_mute:
            raise UnsupportedMedia(NOTHING)
        # Its output ends when the caller's bytes do; the caller's end is told in a moment.
        await process.wait()
        if process.returncode == 0:
            await connection.ended.wait()
    finally:
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)
        await _end(process)


async def _start_demuxer(pipe: int) -> asyncio.subprocess.Process:
    starting = asyncio.ensure_future(
        asyncio.create_subprocess_exec(
            *demuxer.COMMAND,
            stdin=pipe,
            stdout=asyncio.subprocess.PIPE,
            limit=1 << 20,
            env=plain_environment(),
        )
    )
    try:
        return await asyncio.shield(starting)
    except asyncio.CancelledError:  # it would be nobody's
        await _end(await starting)
        raise


async def _end(process: asyncio.subprocess.Process) -> None:
    with suppress(ProcessLookupError):
        process.kill()
    await process.wait()


class _Watch:
    """Ends a demuxer that is given bytes and makes nothing of them: it is stuck, or they are."""

    def __init__(self, connection: Connection, process: asyncio.subprocess.Process) -> None:
        self.heard_at = time.monotonic()
        self.is_mute = False
        self._connection = connection
        self._process = process

    async def run(self) -> None:
        while not self.is_mute:
            await asyncio.sleep(1.0)
            self.is_mute = self._connection.heard_at - self.heard_at > MUTE
        with suppress(ProcessLookupError):
            self._process.kill()


async def run(folder: Folder, settings: Settings, secret: bytes) -> None:
    """Be the SRT process until cancelled. Raises LibraryMissing and SrtError."""
    keys = stream_keys(folder, settings, secret)
    door = Door(keys, settings.channels)
    publishers = Publishers(folder.media_socket, door)
    options = Options(
        host=settings.srt.host,
        port=settings.srt.port,
        passphrase=settings.srt.passphrase,
        latency=settings.srt.latency,
    )
    async with listening(Library(), options, door.admit, publishers.serve) as port:
        logger.info("srt on %s:%d", options.host, port)
        while True:
            await asyncio.sleep(TOLD)
            await _report(folder.media_socket, door.refused())


async def _report(media_socket: Path, refused: dict[str, int]) -> None:
    """Have media count who was sent away; while it is away, nobody counts."""
    if refused:
        with suppress(LinkLost):
            async with link.connected(media_socket) as peer:
                peer.send(link.TurnedAway(refused))
                await peer.drain()
