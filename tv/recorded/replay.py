"""A talk's replay as players fetch it: `/{channel}/replay/{talk}/{file}`.

`index.m3u8`, `media.m3u8` and `subtitles.m3u8`; what they name; `captions.{vtt,srt,txt,json}`, the
whole of it; `thumbnails.vtt`, a track of pictures along the replay, and its `.jpg`; `poster.jpg`,
one of them.

Who may is decided by `Replays` at each request. Published, caches may keep everything and must ask
whether it still holds (`no-cache`, entity tags): withdrawn, it is gone at once. What only the crew
sees stays in no cache.
"""

import asyncio
from collections.abc import Callable, Sequence

from msgspec.structs import replace
from starlette.types import Receive, Scope, Send

from captions.cues import Cue
from captions.written.webvtt import settled_vtt, timestamp
from engagement.talks import Talk
from streaming.hls import replay as playlists
from streaming.hls.tags import DateRange
from streaming.recording.index import Recorded
from tv import replies
from tv.auth import ANYONE, Identity
from tv.pages.captions_api import FORMATS
from tv.problems import Problem
from tv.recorded.replays import Replay, Replays, absent
from tv.replies import PREFLIGHT, Reply, refusal

PUBLIC = b"public, no-cache"
PRIVATE = b"private, no-store"
POSTER = 10.0  # seconds after its beginning, a replay shows more than an empty stage
LISTS_KEPT = 64  # playlists as they were sent

Ranges = Callable[[str], Sequence[DateRange]]


class ReplayFiles:
    """A raw ASGI application for GET, HEAD and OPTIONS, behind `Authentication`.

    `ranges` are the date ranges of a channel.
    """

    def __init__(self, replays: Replays, ranges: Ranges) -> None:
        self._replays = replays
        self._ranges = ranges
        self._kept: dict[tuple[str, str, bytes, bool], tuple[object, Reply]] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] == "OPTIONS":
            await PREFLIGHT.send(send, head=True)
            return
        headers = dict(scope["headers"])
        known = headers.get(b"if-none-match", b"")
        zipped = b"gzip" in headers.get(b"accept-encoding", b"")
        try:
            reply = await self._reply(scope["path"], scope.get("auth", ANYONE), known, zipped)
        except Problem as problem:
            reply = refusal(problem)
        await reply.unless(known).send(send, head=scope["method"] == "HEAD")

    async def _reply(self, path: str, who: Identity, known: bytes, zipped: bool) -> Reply:
        try:
            _, channel, _, name, file = path.split("/")
        except ValueError:
            raise absent() from None
        talk = self._replays.find(name, who)
        if talk.channel != channel:
            raise absent()
        replay = await self._replays.show(talk)
        cache = PUBLIC if talk.state == "replay" else PRIVATE
        stem, _, kind = file.rpartition(".")
        match stem, kind:
            case (("index" | "media" | "subtitles"), "m3u8"):
                return self._playlist(talk, replay, stem, cache, zipped)
            case "captions", format if format in FORMATS:
                return await self._captions(talk, replay, format, cache)
            case "thumbnails", "vtt":
                return await self._thumbnails(replay, cache)
            case "poster", "jpg":
                return await self._poster(replay, cache)
            case _, "m4s" | "jpg" | "vtt" if stem in replay.by_name:
                return await self._media(replay, stem, kind, cache, known)
            case _, "mp4" if stem in replay.inits:
                span = replay.start, replay.end
                data = await self._replays.recordings.read_init(channel, stem, *span)
                return Reply.of(b"video/mp4", cache, (data,), tag=_tag(stem))
        raise _unknown()

    async def _media(
        self, replay: Replay, name: str, kind: str, cache: bytes, known: bytes
    ) -> Reply:
        """A segment, its captions or its thumbnail."""
        segment, recordings = replay.by_name[name], self._replays.recordings
        if kind == "vtt":
            cues = (await self._replays.laid_out(replay)).shown
            origin = replay.inits[segment.init].origin
            return replies.text(
                b"text/vtt; charset=utf-8",
                settled_vtt(cues, segment.start, segment.end, origin),
                cache,
            )
        if kind == "jpg":
            if name in replay.cut:  # it may show what was cut off
                raise _unknown()
            return await self._picture(replay, segment, cache)
        tag = _tag(f"{name}-{round(1000 * segment.start)}-{segment.size}")
        unchanged = Reply.of(b"video/mp4", cache, (), tag=tag).unless(known)
        if unchanged.status == 304:
            return unchanged  # without asking the disk
        data = replay.cut.get(name) or await recordings.read(replay.channel, segment)
        return Reply.of(b"video/mp4", cache, (data,), tag=tag)

    def _playlist(self, talk: Talk, replay: Replay, name: str, cache: bytes, zipped: bool) -> Reply:
        ranges = () if name == "index" else self._ranges(replay.channel)
        key, version = (talk.id, name, cache, zipped), (replay.version, ranges)
        kept = self._kept.pop(key, None)
        if kept is None or kept[0] != version:
            text = _written(replay, name, ranges)
            kept = version, replies.playlist(text, cache, zipped=zipped)
        self._kept[key] = kept
        if len(self._kept) > LISTS_KEPT:
            del self._kept[next(iter(self._kept))]
        return kept[1]

    async def _captions(self, talk: Talk, replay: Replay, format: str, cache: bytes) -> Reply:
        """Times count from the beginning of the replay; in JSON they are broadcast times."""
        media_type, write = FORMATS[format]
        cues = list((await self._replays.laid_out(replay)).cues)
        origin = replay.start if format == "json" else 0.0

        def written() -> str:
            moved = cues if format == "json" else [_moved(cue, replay) for cue in cues]
            return write(talk, origin, moved)

        kind = f"{media_type}; charset=utf-8".encode()
        return replies.text(kind, await asyncio.to_thread(written), cache)

    async def _thumbnails(self, replay: Replay, cache: bytes) -> Reply:
        found = await self._replays.recordings.thumbnails(replay.channel, replay.start, replay.end)
        shown = [each for each in found if each.name in replay.by_name]
        shown = [each for each in shown if each.name not in replay.cut]
        at = [replay.timeline.at(each.start) for each in shown]
        blocks = [
            f"{timestamp(begins)} --> {timestamp(ends)}\n{each.name}.jpg\n"
            for each, begins, ends in zip(
                shown, [0.0, *at[1:]], [*at[1:], replay.timeline.duration], strict=False
            )
        ]
        return replies.text(b"text/vtt; charset=utf-8", "\n".join(("WEBVTT\n", *blocks)), cache)

    async def _poster(self, replay: Replay, cache: bytes) -> Reply:
        wanted = replay.start + POSTER
        shown = await self._pictured(replay)
        if not shown:
            raise _unknown()
        nearest = min(shown, key=lambda each: abs(each.start - wanted))
        return await self._picture(replay, nearest, cache)

    async def _picture(self, replay: Replay, segment: Recorded, cache: bytes) -> Reply:
        picture = await self._replays.recordings.read_thumbnail(replay.channel, segment)
        return Reply.of(b"image/jpeg", cache, (picture,), tag=_tag(segment.name))

    async def _pictured(self, replay: Replay) -> list[Recorded]:
        """The segments that have a thumbnail of what is between the marks."""
        span = replay.start, replay.end
        found = await self._replays.recordings.thumbnails(replay.channel, *span)
        return [
            each for each in found if each.name in replay.by_name and each.name not in replay.cut
        ]


def _written(replay: Replay, name: str, ranges: Sequence[DateRange]) -> str:
    match name:
        case "index":
            return playlists.multivariant(replay.segments, replay.inits, replay.frame_rate)
        case "media":
            return playlists.media(replay.segments, complete=replay.complete, ranges=ranges)
    return playlists.subtitles(replay.segments, complete=replay.complete, ranges=ranges)


def _moved(cue: Cue, replay: Replay) -> Cue:
    start, end = replay.timeline.at(cue.start), replay.timeline.at(cue.end)
    return replace(cue, start=start, end=end)


def _tag(name: str) -> bytes:
    return f'"{name}"'.encode()


def _unknown() -> Problem:
    return Problem(404, "unknown-media", "Fichier inconnu", "Ce replay n’a pas de tel fichier.")
