"""A studio that another of our processes reads for us: its frames over the link, both ends.

A demuxer is native code that can crash or stall: apart, it costs its source and nothing else.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import TypeAlias

from streaming.errors import LinkLost, PublishRefused, SourceLost, UnsupportedMedia
from streaming.ingest import Source
from streaming.ingest.intake import Intake
from streaming.ingest.pictures import is_picture
from streaming.link import (
    AnyMessage,
    Done,
    Link,
    Publish,
    Refused,
    SourceFrame,
    Transport,
    Unusable,
    connected,
)

Take: TypeAlias = Callable[[str, str, str], Source]

RATE = 1_000_000  # a `SourceFrame` counts microseconds
REQUEST = 1  # the one request of a publishing link


async def publish(
    path: Path,
    channel: str,
    slot: str,
    kind: str,
    frames: AsyncIterator[SourceFrame | Transport],
) -> None:
    """Send `frames` to media, as the source in a channel's slot, until they end.

    The first one is asked for once media has given the place. SourceLost and UnsupportedMedia that
    they raise are told to the régie as the reason, and raised here. Raises PublishRefused, with
    media's sentence, when it does not or no longer want them, and LinkLost when media is gone.
    """
    async with connected(path) as link:
        link.send(Publish(REQUEST, channel, slot, kind))
        replies = link.receive()
        _check(await anext(replies, None))
        sending = asyncio.create_task(_send(link, frames))
        listening = asyncio.create_task(_listen(replies))
        try:
            await asyncio.wait((sending, listening), return_when=asyncio.FIRST_COMPLETED)
            if listening.done():  # its reason is the better one
                await listening
            await sending
        except (SourceLost, UnsupportedMedia) as error:
            link.send(Unusable(str(error)))
            raise
        finally:
            for task in (sending, listening):
                task.cancel()
            await asyncio.gather(sending, listening, return_exceptions=True)


async def excuse(path: Path, channel: str, slot: str, kind: str, reason: str) -> None:
    """Let the régie see why nothing comes, unless another source is there. Raises LinkLost."""
    async with connected(path) as link:
        link.send(Publish(REQUEST, channel, slot, kind))
        link.send(Unusable(reason))
        async for reply in link.receive():
            if isinstance(reply, Refused):
                return
    raise LinkLost("media went away")


async def serve_publisher(link: Link, publish: Publish, take: Take) -> None:
    """Feed a source with what comes over `link`, until either side ends it.

    `take(channel, slot, kind)` gives the source, or raises PublishRefused.
    """
    try:
        source = take(publish.channel, publish.slot, publish.kind)
    except PublishRefused as error:
        link.send(Refused(publish.request, 409, "publish-refused", str(error)))
        return
    link.send(Done(publish.request))
    source.on_evicted = lambda why: link.send(Refused(publish.request, 409, "evicted", why))
    reason = "its process went away"
    try:
        await _feed(source, link)
    except UnsupportedMedia as error:
        reason = str(error)
        source.advise([reason])
        source.close(reason)
        link.send(Refused(publish.request, 415, "unsupported-media", reason))
        async for _ in link.receive():
            pass  # frames that were under way, until the sender has read that
    finally:
        source.on_evicted = None
        source.close(reason)


async def _feed(source: Source, link: Link) -> None:
    intake = Intake(source, RATE)
    picture_config = sound_config = None
    async for frame in link.receive():
        match frame:
            case Unusable(reason):
                raise UnsupportedMedia(reason)
            case Transport(lost, round_trip):
                source.transport(lost, round_trip)
            case SourceFrame(codec, data, dts, pts, _, config) if is_picture(codec):
                if (codec, config) != picture_config:
                    picture_config = codec, config
                    intake.configure_picture(codec, config)
                intake.picture(codec, data, dts, pts - dts)
            case SourceFrame(codec, data, dts, _, _, config):
                if (codec, config) != sound_config:
                    sound_config = codec, config
                    intake.configure_sound(codec, config)
                intake.sound(codec, data, dts)
            case _:
                raise LinkLost(f"a {type(frame).__name__} among a source's frames")


async def _send(link: Link, frames: AsyncIterator[SourceFrame | Transport]) -> None:
    async for frame in frames:
        link.send(frame)
        await link.drain()


async def _listen(replies: AsyncIterator[AnyMessage]) -> None:
    async for reply in replies:
        _check(reply)
    _check(None)


def _check(reply: AnyMessage | None) -> None:
    match reply:
        case Done(request) if request == REQUEST:
            return
        case Refused(_, _, _, detail):
            raise PublishRefused(detail)
        case None:
            raise LinkLost("media went away")
    raise LinkLost(f"a {type(reply).__name__} is not for a publisher")
