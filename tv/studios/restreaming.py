"""The restream process: sends what channels have on air to other platforms, as media asks.

Its targets have no native code and wait for nothing together, so one process serves them all. When
media is away, those that are on stay connected until it is back.
"""

import asyncio
import logging
import ssl
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from pathlib import Path

from streaming import link
from streaming.errors import LinkLost
from streaming.restream.address import parse
from streaming.restream.target import Progress, Target
from tv.settings import Restream
from tv.tasks import keep_running

logger = logging.getLogger(__name__)

PAUSE = 0.25  # seconds between two tries to reach media
LOOKUPS = 32  # threads: a name server that does not answer holds up no other target's look-up


class Restreamer:
    """The targets that run now, by name, and what each channel that they show has on air."""

    def __init__(self, path: Path, settings: Mapping[str, Restream], trust: ssl.SSLContext) -> None:
        self._path = path
        self._settings = settings
        self._trust = trust
        self._targets: dict[str, tuple[Target, asyncio.Task[None]]] = {}
        self._airs: dict[str, asyncio.Task[None]] = {}  # by channel
        self._media: link.Link | None = None
        self._last: dict[str, link.RestreamState] = {}

    async def run(self) -> None:
        """Do as media says, until cancelled."""
        try:
            while True:
                with suppress(LinkLost):
                    async with link.connected(self._path) as media:
                        await self._obey(media)
                await asyncio.sleep(PAUSE)
        finally:
            await self._end([*self._airs.values(), *(task for _, task in self._targets.values())])

    async def _obey(self, media: link.Link) -> None:
        media.send(link.Follow("restreams"))
        try:
            async for message in media.receive():
                if isinstance(message, link.Restreams):
                    await self._want({name for name in message.names if name in self._settings})
                    self._media = media
                    for state in self._last.values():
                        media.send(state)
        finally:
            self._media = None

    async def _want(self, names: set[str]) -> None:
        """Run these targets and no others."""
        ended = [self._targets.pop(name)[1] for name in self._targets.keys() - names]
        for name in self._last.keys() - names:
            del self._last[name]
        channels = {self._settings[name].channel for name in names}
        ended += [self._airs.pop(channel) for channel in self._airs.keys() - channels]
        await self._end(ended)
        for name in names - self._targets.keys():
            self._targets[name] = self._start(name)
        for channel in channels - self._airs.keys():
            follow = partial(self._follow, channel)
            self._airs[channel] = asyncio.create_task(keep_running(f"air of {channel}", follow))

    def _start(self, name: str) -> tuple[Target, asyncio.Task[None]]:
        setting = self._settings[name]

        def tell(progress: Progress) -> None:
            state = link.RestreamState(
                name,
                setting.channel,
                progress.state,
                bitrate=progress.bitrate,
                dropped=progress.dropped,
                detail=progress.detail,
            )
            self._last[name] = state
            if self._media is not None:
                self._media.send(state)

        target = Target(name, parse(setting.url, setting.key), self._trust, tell)
        return target, asyncio.create_task(keep_running(f"restream {name}", target.run))

    async def _follow(self, channel: str) -> None:
        """Give a channel's targets what it has on air, until cancelled."""
        while True:
            with suppress(LinkLost):
                async with link.connected(self._path) as media:
                    media.send(link.Follow("air", channel))
                    async for message in media.receive():
                        if isinstance(message, link.Frame):
                            for name, (target, _) in self._targets.items():
                                if self._settings[name].channel == channel:
                                    target.put(message.codec, message.packet)
            await asyncio.sleep(PAUSE)

    @staticmethod
    async def _end(tasks: list[asyncio.Task[None]]) -> None:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def run(
    path: Path, settings: Mapping[str, Restream], trust: ssl.SSLContext | None = None
) -> None:
    """Restream until cancelled; `trust` is who vouches for rtmps, by default the system's."""
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(LOOKUPS))
    await Restreamer(path, settings, trust or ssl.create_default_context()).run()
