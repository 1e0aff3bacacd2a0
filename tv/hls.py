"""HLS as viewers fetch it, from memory: playlists, parts, segments and captions of each channel.

A raw ASGI application. With a thousand low-latency viewers it answers four thousand requests a
second, so what it sends is made once per change and kept as bytes.
"""

import asyncio
import functools
import gzip
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar
from urllib.parse import parse_qs

from starlette.types import Receive, Scope, Send

from captions.cues import Cue
from captions.webvtt import segment_vtt
from streaming.hls import playlist
from streaming.hls.window import Segment, Window
from tv.problems import Problem
from tv.replies import PREFLIGHT, Reply, refusal

K = TypeVar("K")
V = TypeVar("V")

PLAYLIST = b"application/vnd.apple.mpegurl"
HOLD = 3 * playlist.TARGET  # seconds a request may be held (RFC 8216bis, 6.2.5.2)
NUMBER_DIGITS = 15
CUES_KEPT = 64  # rendered WebVTT files
PARTS_KEPT = 32  # answers with a part: crowds ask for the newest few

IMMUTABLE = b"public, max-age=86400, immutable"
BRIEFLY = b"public, max-age=1"  # a shared cache may answer a crowd's first request
ASKED = b"public, max-age=6"  # a playlist asked for by its last part never has less
CUES = b"public, max-age=60"


class Hls:
    """Answers `/{channel}/{file}` for GET, HEAD and OPTIONS.

    `cues(channel, start, end)` are the captions heard between two times; `now` is the broadcast
    clock.
    """

    SUFFIXES = (".m3u8", ".m4s", ".mp4", ".vtt")

    def __init__(
        self,
        windows: Mapping[str, Window],
        cues: Callable[[str, float, float], Sequence[Cue]],
        now: Callable[[], float],
        hold: float = HOLD,
    ) -> None:
        self._windows = windows
        self._cues = cues
        self._now = now
        self._hold = hold
        self._kept: dict[tuple[str, str, bytes, bool], tuple[object, Reply]] = {}
        self._kept_parts: dict[str, Reply] = {}
        self._kept_cues: dict[tuple[str, str], tuple[int, Reply]] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] == "OPTIONS":
            await PREFLIGHT.send(send, head=True)
            return
        try:
            reply = await self._reply(scope)
        except Problem as problem:
            reply = refusal(problem)
        await reply.send(send, head=scope["method"] == "HEAD")

    async def _reply(self, scope: Scope) -> Reply:
        if scope["method"] not in ("GET", "HEAD"):
            raise Problem(
                405,
                "method",
                "Méthode refusée",
                "Cette adresse se lit avec GET.",
                allow="GET, HEAD",
            )
        path = scope["path"]
        if (kept := self._kept_parts.get(path)) is not None:
            return kept
        folder, _, name = path.rpartition("/")
        channel = folder.rpartition("/")[2]
        window = self._windows.get(channel)
        if window is None:
            raise Problem(
                404, "unknown-channel", "Canal inconnu", f"Aucun canal ne s’appelle « {channel} »."
            )
        if name.endswith(".m4s"):
            return await self._fragment(window, path, name.removesuffix(".m4s"))
        if name.endswith(".m3u8"):
            zipped = any(
                key == b"accept-encoding" and b"gzip" in value for key, value in scope["headers"]
            )
            return await self._playlist(channel, window, name, scope["query_string"], zipped)
        if name.endswith(".mp4"):
            init = window.inits.get(name.removesuffix(".mp4"))
            if init is not None:
                return Reply.of(b"video/mp4", IMMUTABLE, (init.data,))
        if name.endswith(".vtt"):
            segment = _find(window, name.removesuffix(".vtt"))
            if segment is not None and segment.duration is not None:
                return self._captions(channel, window, segment)
        raise _unknown(name)

    async def _playlist(
        self, channel: str, window: Window, name: str, query: bytes, zipped: bool
    ) -> Reply:
        match name:
            case "media.m3u8":
                return await self._media(channel, window, query, zipped)
            case "index.m3u8":
                await self._wait(window, lambda: playlist.ready(window))
                return self._keep(
                    (channel, name, BRIEFLY, zipped),
                    window.version,
                    lambda: playlist.multivariant(window),
                )
            case "sync.m3u8":
                await self._wait(window, lambda: playlist.ready(window, synchronised=True))
                return self._keep(
                    (channel, name, BRIEFLY, zipped),
                    window.version,
                    lambda: playlist.multivariant(window, synchronised=True),
                )
            case "sync-media.m3u8":
                await self._wait(window, lambda: playlist.ready(window, synchronised=True))
                return self._keep(
                    (channel, name, BRIEFLY, zipped),
                    window.version,
                    lambda: playlist.synchronised(window),
                )
            case "subtitles.m3u8":
                await self._wait(window, lambda: playlist.ready(window, synchronised=True))
                now = self._now()
                return self._keep(
                    (channel, name, BRIEFLY, zipped),
                    (window.version, int(5 * now)),
                    lambda: playlist.subtitles(window, now),
                )
        raise _unknown(name)

    async def _media(self, channel: str, window: Window, query: bytes, zipped: bool) -> Reply:
        msn, part, skip = _directives(query)
        if msn is None:
            await self._wait(window, lambda: playlist.ready(window))
        else:
            if playlist.too_far(window, msn, part):
                raise Problem(
                    400, "too-far", "Demande trop en avance", "Rechargez la liste sans _HLS_msn."
                )
            await self._wait(window, lambda: playlist.has(window, msn, part))
        return self._keep(
            (channel, "skip" if skip else "media", BRIEFLY if msn is None else ASKED, zipped),
            window.version,
            lambda: playlist.media(window, skip=skip),
        )

    async def _fragment(self, window: Window, path: str, name: str) -> Reply:
        name, dot, number = name.partition(".")
        if not dot:
            segment = _find(window, name)
            if segment is None or segment.duration is None or not segment.parts:
                raise _unknown(f"{name}.m4s")
            return Reply.of(b"video/mp4", IMMUTABLE, [part.data for part in segment.parts])
        index = _number(number)
        if index is None or _named(name) is None:
            raise _unknown(f"{name}.{number}.m4s")
        if _hinted(window, name, index):
            await self._wait(window, lambda: not _hinted(window, name, index))
        segment = _find(window, name)
        if segment is None or index >= len(segment.parts):
            raise _unknown(f"{name}.{number}.m4s")
        reply = Reply.of(b"video/mp4", IMMUTABLE, (segment.parts[index].data,))
        _keep(self._kept_parts, path, reply, PARTS_KEPT)
        return reply

    def _captions(self, channel: str, window: Window, segment: Segment) -> Reply:
        opened = segment.opened
        second = int(self._now())
        kept = self._kept_cues.get((channel, opened.name))
        if kept is not None and kept[0] == second:
            return kept[1]
        origin = window.inits[opened.init].origin
        cues = self._cues(channel, opened.start, segment.end)
        text = segment_vtt(cues, opened.start, segment.end, origin)
        reply = Reply.of(b"text/vtt; charset=utf-8", CUES, (text.encode(),))
        _keep(self._kept_cues, (channel, opened.name), (second, reply), CUES_KEPT)
        return reply

    def _keep(
        self,
        key: tuple[str, str, bytes, bool],
        version: object,
        render: Callable[[], str],
    ) -> Reply:
        """The playlist as it was rendered for this version."""
        kept = self._kept.get(key)
        if kept is not None and kept[0] == version:
            return kept[1]
        _, _, cache, zipped = key
        body = render().encode()
        if zipped:
            body = gzip.compress(body, 5, mtime=0)
        reply = Reply.of(PLAYLIST, cache, (body,), zipped=zipped)
        self._kept[key] = (version, reply)
        return reply

    async def _wait(self, window: Window, ready: Callable[[], bool]) -> None:
        """Hold a request until the window has what it asks for. Raises Problem when it is late."""
        if ready():
            return
        try:
            async with asyncio.timeout(self._hold):
                while not ready():
                    await window.changed()
        except TimeoutError as error:
            raise Problem(
                503,
                "not-on-air-yet",
                "Diffusion en attente",
                "La suite de la diffusion n’est pas encore là. Réessayez dans une seconde.",
                retry_after=1,
            ) from error


def _keep(kept: dict[K, V], key: K, value: V, most: int) -> None:
    """Keep the newest `most` values."""
    kept.pop(key, None)
    kept[key] = value
    if len(kept) > most:
        del kept[next(iter(kept))]


@functools.lru_cache(maxsize=256)
def _directives(query: bytes) -> tuple[int | None, int | None, bool]:
    """(_HLS_msn, _HLS_part, whether to skip). Raises Problem (6.2.5: answer mistakes with 400)."""
    if not query:
        return None, None, False
    values = parse_qs(query.decode("latin-1"), keep_blank_values=True)
    numbers: list[int | None] = []
    for name in ("_HLS_msn", "_HLS_part"):
        given = values.get(name)
        number = _number(given[0]) if given else None
        if given and number is None:
            raise Problem(
                400, "invalid-directive", "Demande illisible", f"{name} doit être un nombre."
            )
        numbers.append(number)
    msn, part = numbers
    if part is not None and msn is None:
        raise Problem(
            400, "invalid-directive", "Demande illisible", "_HLS_part ne va pas sans _HLS_msn."
        )
    return msn, part, values.get("_HLS_skip", [""])[0] in ("YES", "v2")


def _number(text: str) -> int | None:
    valid = text.isascii() and text.isdigit() and len(text) <= NUMBER_DIGITS
    return int(text) if valid else None


def _named(name: str) -> int | None:
    """The media sequence number in a segment's name, "{epoch}-{msn}"."""
    epoch, _, msn = name.partition("-")
    return None if _number(epoch) is None else _number(msn)


def _find(window: Window, name: str) -> Segment | None:
    msn = _named(name)
    segment = None if msn is None else window.find(msn)
    return segment if segment is not None and segment.opened.name == name else None


def _hinted(window: Window, name: str, index: int) -> bool:
    """Whether the playlist announces this part, which is not there yet."""
    last = window.last
    if last is None:
        return False
    if last.duration is None:
        return name == last.opened.name and index == len(last.parts)
    return _named(name) == last.opened.msn + 1 and index == 0


def _unknown(name: str) -> Problem:
    return Problem(
        404, "unknown-media", "Fichier inconnu", f"« {name} » n’existe pas, ou n’est plus gardé."
    )
