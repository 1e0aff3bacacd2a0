"""A studio that another of our processes reads for us: its frames over the link, both ends.

A demuxer is native code that can crash or stall: apart, it costs its source and nothing else.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import TypeAlias

from streaming.errors import LinkLost, PublishRefused, UnsupportedMedia
from streaming.ingest import Source
from streaming.ingest.intake import Intake
from streaming.link import (
    AnyMessage,
    Done,
    Link,
    Publish,
    Refused,
    SourceFrame,
    Unusable,
    connected,
)

Take: TypeAlias = Callable[[str, str, str], Source]

RATE = 1_000_000  # a `SourceFrame` counts microseconds
REQUEST = 1  # the one request of a publishing link
EVICTED = "Une autre source a pris cette place."


async def publish(
    path: Path, channel: str, slot: str, kind: str, frames: AsyncIterator[SourceFrame]
) -> None:
    """Send `frames` to media, as the source in a channel's slot, until they end.

    Raises PublishRefused, with media's sentence, when it does not or no longer want them, and
    LinkLost when media is gone.
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
    source.on_evicted = lambda: link.send(Refused(publish.request, 409, "evicted", EVICTED))
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
    config = sound_config = None
    async for frame in link.receive():
        if isinstance(frame, Unusable):
            raise UnsupportedMedia(frame.reason)
        if not isinstance(frame, SourceFrame):
            raise LinkLost(f"a {type(frame).__name__} among a source's frames")
        if frame.codec == "h264":
            if frame.config != config:
                config = frame.config
                intake.configure_picture(frame.codec, config)
            intake.picture(frame.codec, frame.data, frame.dts, frame.pts - frame.dts)
        else:
            if (frame.codec, frame.config) != sound_config:
                sound_config = frame.codec, frame.config
                intake.configure_sound(*sound_config)
            intake.sound(frame.codec, frame.data, frame.dts)


async def _send(link: Link, frames: AsyncIterator[SourceFrame]) -> None:
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
