"""HLS as viewers fetch it, from memory: playlists, parts, segments and captions of each channel.

A raw ASGI application. With a thousand low-latency viewers it answers four thousand requests a
second, so what it sends is made once per change and kept as bytes.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from starlette.types import Receive, Scope, Send

from captions.cues import Cue
from captions.written.webvtt import BACK, late, segment_vtt
from streaming.hls import multivariant, playlist
from streaming.hls.names import find, hinted, msn_of, number
from streaming.hls.renditions import NAMES
from streaming.hls.tags import TARGET, DateRange
from streaming.hls.window import Segment, Window
from tv import replies
from tv.directives import directives
from tv.problems import Problem
from tv.recorded.rewind import Rewind
from tv.replies import PREFLIGHT, Asked, Headers, Reply, refusal

K = TypeVar("K")
V = TypeVar("V")

HOLD = 3 * TARGET  # seconds a request may be held (RFC 8216bis, 6.2.5.2)
EDGE = 0.5  # seconds that our nginx may add: it looks only so often for what others wait for
CUES_KEPT = 64  # rendered WebVTT files
PARTS_KEPT = 64  # answers with a part: crowds ask for the newest few
COMING = 64  # playlists that a crowd waits for, by what was asked for
LISTS_KEPT = 64  # answers with a playlist, by what was asked for
LISTS_FRESH = 0.2  # seconds: the captions' playlist grows by the clock

# A name stands for the same bytes for ever, but what is recorded may be withdrawn.
IMMUTABLE = b"public, max-age=600, immutable"
BRIEFLY = b"public, max-age=1"  # a shared cache may answer a crowd's first request
NOT_KEPT = b"no-store"
ASKED = b"public, max-age=6"  # a playlist asked for by its last part never has less
CUES = b"public, max-age=60"
NOTED = playlist.CAPTION_LAG - 0.5  # seconds after a segment: words settled until then are in time

OF_RENDITIONS = ("sync-media.m3u8",)  # playlists, beside the low-latency one
OF_CHANNELS = (*OF_RENDITIONS, "index.m3u8", "rewind.m3u8", "sync.m3u8", "subtitles.m3u8")


class Ended(Problem):
    """The stream of a held request is over: 404 for all who wait for the same."""


class Hls:
    """Answers `/{channel}/{file}` and `/{channel}/{rendition}/{file}` for GET, HEAD and OPTIONS.

    `windows` are by stream: "plateau" is the source of that channel, "plateau/480p" another
    rendition. `cues(channel, start, end)` are the captions heard between two times, `ranges` the
    date ranges of a channel; `now` is the broadcast clock. `rewind` has what memory has not.
    """

    SUFFIXES = (".m3u8", ".m4s", ".mp4", ".vtt")

    def __init__(
        self,
        windows: Mapping[str, Window],
        cues: Callable[[str, float, float], Sequence[Cue]],
        now: Callable[[], float],
        hold: float = HOLD,
        *,
        ranges: Callable[[str], Sequence[DateRange]] = lambda channel: (),
        rewind: Rewind | None = None,
    ) -> None:
        self._windows = windows
        self._cues = cues
        self._now = now
        self._hold = hold
        self._ranges = ranges
        self._rewind = rewind
        self._kept: dict[tuple[str, str, bytes, bool, bool], tuple[object, Reply]] = {}
        self._coming: dict[tuple[bytes, bool, bool], asyncio.Task[Reply]] = {}
        self._kept_parts: dict[str, Reply] = {}
        self._kept_lists: dict[tuple[bytes, bool, bool], tuple[Window, object, float, Reply]] = {}
        self._kept_cues: dict[tuple[str, str], tuple[int, Reply]] = {}
        self.late_words: Counter[str] = Counter()  # by channel, in files served here
        self._counted: dict[str, float] = {}  # until when, by channel

    def ready(self, target: bytes, headers: Headers) -> Reply | None:
        """The answer to a GET that a crowd asks for, when it is the same as a moment before."""
        asked = Asked.of(headers)
        if target.endswith(b".m4s"):
            part = self._kept_parts.get(target.decode("latin-1"))
            return None if part is None else part.unless(asked.known)
        kept = self._kept_lists.get((target, asked.zipped, asked.edge))
        if kept is None:
            return None
        window, version, at, reply = kept
        old = version != window.version or abs(self._now() - at) >= LISTS_FRESH
        return None if old else reply.unless(asked.known)

    def coming(self, target: bytes, headers: Headers) -> asyncio.Task[Reply] | None:
        """The answer to a GET that is held for a crowd: one task for all who wait for the same."""
        path, _, query = target.partition(b"?")
        asked = Asked.of(headers)
        name = path.decode("latin-1")
        held = b"_HLS_msn=" in query and name.endswith("/media.m3u8") and not asked.known
        if not held or name[1:].rpartition("/")[0] not in self._windows:
            return None
        key = target, asked.zipped, asked.edge
        if key not in self._coming and len(self._coming) < COMING:
            scope = {"method": "GET", "path": name, "raw_path": path, "query_string": query}
            self._coming[key] = asyncio.create_task(self._answer(scope, asked))
            self._coming[key].add_done_callback(lambda _: self._coming.pop(key, None))
        return self._coming.get(key)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] == "OPTIONS":
            await PREFLIGHT.send(send, head=True)
            return
        reply = await self._answer(scope, Asked.of(scope["headers"]))
        await reply.send(send, head=scope["method"] == "HEAD")

    async def _answer(self, scope: Scope, asked: Asked) -> Reply:
        try:
            return (await self._reply(scope, asked)).unless(asked.known)
        except Problem as problem:
            # A missing file may come in a moment. Only the end of a stream is final, and a crowd
            # waits for that answer: without a cached one, nginx lets viewers ask one by one.
            return refusal(problem, BRIEFLY if isinstance(problem, Ended) else NOT_KEPT)

    async def _reply(self, scope: Scope, asked: Asked) -> Reply:
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
        stream, _, name = path[1:].rpartition("/")
        window = self._windows.get(stream)
        if (
            window is None or b"%" in scope["raw_path"]
        ):  # nothing of ours is written in a second way
            raise _unknown_stream(stream)
        reply = await self._in_memory(stream, window, path, name, scope, asked)
        if reply is None and self._rewind is not None:
            reply = await self._rewind.file(stream, name)
        if reply is None:
            raise _unknown(name)
        return reply

    async def _in_memory(
        self, stream: str, window: Window, path: str, name: str, scope: Scope, asked: Asked
    ) -> Reply | None:
        stem, _, suffix = name.rpartition(".")
        match suffix:
            case "m4s":
                return await self._fragment(window, path, stem)
            case "m3u8":
                query = scope["query_string"]
                reply = await self._playlist(stream, window, name, query, asked)
                if reply is not None:
                    target = scope["raw_path"] + (b"?" + query if query else b"")
                    kept = (window, window.version, self._now(), reply)
                    _keep(self._kept_lists, (target, asked.zipped, asked.edge), kept, LISTS_KEPT)
                return reply
            case "mp4":
                init = window.inits.get(stem)
                return None if init is None else _media(name, init.data)
            case "vtt" if "/" not in stream:
                segment = find(window, stem)
                if segment is not None and segment.duration is not None:
                    return self._captions(stream, window, segment)
        return None

    async def _playlist(
        self, stream: str, window: Window, name: str, query: bytes, asked: Asked
    ) -> Reply | None:
        if name == "media.m3u8":
            return await self._low_latency(stream, window, query, asked)
        if name == "rewind-media.m3u8" and self._rewind is not None:
            return await self._low_latency(stream, window, query, asked, self._rewind)
        if name == "rewind.m3u8":
            if self._rewind is None:
                return None
            await self._rewind.earlier(stream, window)  # or it is refused
        if name not in (OF_RENDITIONS if "/" in stream else OF_CHANNELS):
            return None
        synchronised = name not in ("index.m3u8", "rewind.m3u8")
        await self._wait(window, lambda: playlist.ready(window, synchronised=synchronised))
        msn = None
        if name in ("sync-media.m3u8", "subtitles.m3u8"):
            msn, _, _ = directives(query)  # there are no parts, and nothing to skip
            await self._reach(window, msn)
        if name == "subtitles.m3u8" and msn is not None:
            await self._until_captioned(window, msn)
        listed = playlist.captioned(window, self._now()) if name == "subtitles.m3u8" else 0
        return self._rendered(
            (stream, name, BRIEFLY if msn is None else ASKED, asked.zipped, asked.edge),
            (window.version, listed),
            lambda: self._render(stream, window, name, EDGE if asked.edge else 0.0),
        )

    def _render(self, stream: str, window: Window, name: str, later: float) -> str:
        channel = stream.partition("/")[0]
        match name:
            case "index.m3u8":
                return multivariant.multivariant(self._renditions(channel))
            case "rewind.m3u8":
                source = {multivariant.SOURCE: window}
                return multivariant.multivariant(source, media="rewind-media.m3u8")
            case "sync.m3u8":
                return multivariant.multivariant(self._renditions(channel), synchronised=True)
            case "sync-media.m3u8":
                ranges = self._ranges(channel)
                return playlist.synchronised(window, later=later, ranges=ranges)
        now, ranges = self._now(), self._ranges(channel)
        return playlist.subtitles(window, now, later=later, ranges=ranges)

    async def _low_latency(
        self,
        stream: str,
        window: Window,
        query: bytes,
        asked: Asked,
        rewind: Rewind | None = None,
    ) -> Reply:
        """The playlist with parts, back to the start of the talk with `rewind`."""
        msn, part, skip = directives(query)
        await self._reach(window, msn, part)
        earlier = await rewind.earlier(stream, window) if rewind else []
        kind = f"{'skip' if skip else 'media'}{' rewind' if rewind else ''}"
        cache = BRIEFLY if msn is None else ASKED
        return self._rendered(
            (stream, kind, cache, asked.zipped, asked.edge),
            (window.version, id(earlier) if rewind else 0),
            lambda: playlist.media(
                window,
                skip=skip,
                later=EDGE if asked.edge else 0.0,
                ranges=self._ranges(stream.partition("/")[0]),
                others={} if rewind else self._others(stream),
                earlier=earlier,
            ),
        )

    def _renditions(self, channel: str) -> dict[str, Window]:
        """All that there is of a channel, by name."""
        named = {name: self._windows.get(f"{channel}/{name}") for name in NAMES}
        there = {name: window for name, window in named.items() if window is not None}
        return {multivariant.SOURCE: self._windows[channel], **there}

    def _others(self, stream: str) -> dict[str, Window]:
        """The other renditions that are offered, by the address that they have from here."""
        channel, _, own = stream.partition("/")
        renditions = self._renditions(channel)
        back = "../" if own else ""
        return {
            f"{back}{name}/media.m3u8" if name else f"{back}media.m3u8": renditions[name]
            for name in multivariant.offered(renditions)
            if name != own
        }

    async def _fragment(self, window: Window, path: str, stem: str) -> Reply | None:
        name, dot, index_text = stem.partition(".")
        if not dot:
            segment = find(window, name)
            if segment is None or segment.duration is None or not segment.parts:
                return None
            return _media(f"{name}.m4s", *(part.data for part in segment.parts))
        index = number(index_text)
        if index is None or msn_of(name) is None:
            return None
        if hinted(window, name, index):
            await self._wait(window, lambda: not hinted(window, name, index))
        segment = find(window, name)
        if segment is None or index >= len(segment.parts):
            return None
        reply = _media(f"{stem}.m4s", segment.parts[index].data)
        _keep(self._kept_parts, path, reply, PARTS_KEPT)
        return reply

    def _captions(self, channel: str, window: Window, segment: Segment) -> Reply:
        opened = segment.opened
        second = int(self._now())
        kept = self._kept_cues.get((channel, opened.name))
        if kept is not None and kept[0] == second:
            return kept[1]
        origin = window.inits[opened.init].origin
        cues = self._cues(channel, opened.start - BACK, segment.end)
        text = segment_vtt(cues, opened.start, segment.end, origin, NOTED)
        published = self._now() >= segment.end + playlist.CAPTION_LAG
        if published and opened.start >= self._counted.get(channel, float("-inf")):
            self._counted[channel] = segment.end
            self.late_words[channel] += late(cues, opened.start, segment.end, NOTED)
        # Who asks too early must not be remembered for all.
        cache = CUES if published else NOT_KEPT
        reply = Reply.of(b"text/vtt; charset=utf-8", cache, (text.encode(),))
        _keep(self._kept_cues, (channel, opened.name), (second, reply), CUES_KEPT)
        return reply

    def _rendered(
        self,
        key: tuple[str, str, bytes, bool, bool],
        version: object,
        render: Callable[[], str],
    ) -> Reply:
        """The playlist as it was rendered for this version."""
        kept = self._kept.get(key)
        if kept is not None and kept[0] == version:
            return kept[1]
        reply = replies.playlist(render(), key[2], zipped=key[3])
        self._kept[key] = (version, reply)
        return reply

    async def _reach(self, window: Window, msn: int | None, part: int | None = None) -> None:
        """Hold a request until its segment, or its part, is there (6.2.5.2). Raises Problem."""
        if msn is None:
            await self._wait(window, lambda: playlist.ready(window))
            return
        if playlist.too_far(window, msn, part):
            raise Problem(
                400, "too-far", "Demande trop en avance", "Rechargez la liste sans _HLS_msn."
            )
        await self._wait(window, lambda: playlist.has(window, msn, part))

    async def _until_captioned(self, window: Window, msn: int) -> None:
        """Hold a request for captions until those of a segment, which is there, are listed."""
        segment = window.find(msn)
        if segment is None:
            return
        due = segment.end + playlist.CAPTION_LAG
        if due - self._now() > self._hold:
            raise _late()
        # Time itself is waited for, and the clock may be set back a little meanwhile.
        while (left := due - self._now()) > 0:  # noqa: ASYNC110
            await asyncio.sleep(left + 0.001)

    async def _wait(self, window: Window, ready: Callable[[], bool]) -> None:
        """Hold a request until the window has what it asks for. Raises Problem when it is late."""
        if ready():
            return
        try:
            async with asyncio.timeout(self._hold):
                while not ready():
                    if window.over:  # at once, so that players take another rendition
                        raise Ended(
                            404, "unknown-media", "Fichier inconnu", "Cette diffusion est terminée."
                        )
                    await window.changed()
        except TimeoutError as error:
            raise _late() from error


def _late() -> Problem:
    return Problem(
        503,
        "not-on-air-yet",
        "Diffusion en attente",
        "La suite de la diffusion n’est pas encore là. Réessayez dans une seconde.",
        retry_after=1,
    )


def _media(name: str, *data: bytes) -> Reply:
    return Reply.of(b"video/mp4", IMMUTABLE, data, tag=b'"%b"' % name.encode())


def _keep(kept: dict[K, V], key: K, value: V, most: int) -> None:
    """Keep the newest `most` values."""
    kept.pop(key, None)
    kept[key] = value
    if len(kept) > most:
        del kept[next(iter(kept))]


def _unknown_stream(stream: str) -> Problem:
    channel, _, rendition = stream[:100].partition("/")
    if rendition:
        return Problem(
            404, "unknown-media", "Fichier inconnu", f"« {rendition} » n’existe pas ici."
        )
    return Problem(
        404, "unknown-channel", "Canal inconnu", f"Aucun canal ne s’appelle « {channel} »."
    )


def _unknown(name: str) -> Problem:
    return Problem(
        404,
        "unknown-media",
        "Fichier inconnu",
        f"« {name[:100]} » n’existe pas, ou n’est plus gardé.",
    )
