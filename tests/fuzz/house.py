"""What the crew, the disk, our other processes and other servers give us to read."""

import asyncio
import contextlib
import functools
import io
import json
import ssl
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path

import msgspec

from captions.models import checkpoint
from engagement.questions.events import QuestionAsked
from streaming.archive import fragments
from streaming.archive.boxes import Unreadable
from streaming.errors import LinkLost
from streaming.hls.check_list import Listed, understand
from streaming.hls.check_media import media_findings
from streaming.hls.check_presentation import multivariant_findings, presentation_findings
from streaming.hls.check_text import read as read_playlist
from streaming.hls.check_updates import delta_findings, update_findings
from streaming.ingest import amf, chunks, replies
from streaming.link import Follow, Hello, SourceFrame, Switch, frame
from streaming.link.connection import receive
from streaming.recording import index
from streaming.restream import TargetLost
from streaming.restream.address import BadAddress, parse
from streaming.restream.client import Patience, publishing
from streaming.restream.tags import message
from tests.captions.models.test_checkpoint import written
from tests.fuzz.engine import Target
from tests.fuzz.viewers import loop
from tests.streaming.hls.film import Announced, film
from tests.tv.schedule.files import CSV, ICAL, XML, frab
from tests.tv.wall.mastodon_server import MastodonServer
from tests.tv.wall.test_pictures import drawn, told_too_much
from tv import journal, machines, store_url
from tv.checks import SettingsError
from tv.ledger import Ledger, Page
from tv.schedule import errors, reading
from tv.schedule.places import Places
from tv.settings import Settings, load
from tv.wall import mastodon
from tv.wall.reencode import NoPicture, TooLarge, reencode

GUIDE = Path(__file__).parents[2] / "guides/installation.md"


# The crew.


def _read_schedule(data: bytes) -> None:
    settings = Settings()
    reading.read(data, settings.event.zone, Places.of(settings))


def _schedules() -> list[bytes]:
    csv = CSV if isinstance(CSV, bytes) else CSV.encode()
    return [frab(), XML, ICAL, csv, csv.decode().encode("utf-16")]


def _load(data: bytes) -> None:
    with _file(data) as path:
        load(path, {})


def _settings() -> Iterator[bytes]:
    yield GUIDE.read_bytes().partition(b"```toml\n")[2].partition(b"```")[0]
    yield (
        b'[captions]\nmodel = "auto"\n[ladder]\nrenditions = ["720p"]\n[channels.atelier]\n'
        b'source = "rtmp://host/live"\nslot = "backup"\n[channels.atelier.primary]\ndelay_ms = -5\n'
        b'[restreams.youtube]\nurl = "rtmps://host/live2"\nkey = "k"\n[screens]\noff = "22:00"\n'
        b'on = "07:30"\n[webrtc]\naddresses = ["192.0.2.1"]\n[webrtc.ice_servers.main]\n'
        b'urls = ["turn:host:3478"]\nsecret = "s"\n[webhooks.site]\nurl = "https://host/x"\n'
        b'secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"\n[limits.event]\nburst = 9\n'
        b"per_second = 2.5\n"
    )


def _read_address(data: bytes) -> None:
    text = data.decode(errors="replace")
    for reader, refused in (
        (store_url.parse, store_url.BadStoreUrl),
        (functools.partial(parse, key="key"), BadAddress),
        (lambda text: machines.origin(text, "token", None), SettingsError),
    ):
        with contextlib.suppress(refused):
            reader(text)


def _addresses() -> list[bytes]:
    return [
        b"redis+sentinel://user:word@a.example:26379,[::1]:26379/main/3",
        b"redis+cluster://a:1,b:2",
        b"unix:///run/store.sock",
        b"rtmps://a.rtmps.example.com:443/live2?x=1",
        b"[2001:db8::1]:8191",
    ]


# Other servers.


def _read_playlist(data: bytes) -> None:
    """Two readings of a playlist, one after the other, parted by a NUL."""
    before, _, after = data.decode(errors="replace").partition("\0")
    lists: list[Listed] = []
    for each in (before, after or before):
        text = read_playlist(each)
        list(multivariant_findings(text))
        list(media_findings(text))
        lists.append(understand(text))
    list(update_findings(*lists))
    list(delta_findings(*lists))
    list(presentation_findings(dict(zip("ab", lists, strict=True)), frozenset("b")))


def _playlists() -> Iterator[bytes]:
    first = """#EXTM3U
#EXT-X-VERSION:10
#EXT-X-TARGETDURATION:2
#EXT-X-PART-INF:PART-TARGET=0.5
#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=1.5,CAN-SKIP-UNTIL=12
#EXT-X-MEDIA-SEQUENCE:7
#EXT-X-DISCONTINUITY-SEQUENCE:1
#EXT-X-MAP:URI="a.mp4",BYTERANGE="20@0"
#EXT-X-PROGRAM-DATE-TIME:2026-11-25T09:46:40.000Z
#EXT-X-DATERANGE:ID="x",START-DATE="2026-11-25T09:46:40.000Z",DURATION=3.5,X-Y="z"
#EXTINF:2.00000,
7.m4s
#EXT-X-DISCONTINUITY
#EXT-X-PART:DURATION=0.5,URI="8.0.m4s",INDEPENDENT=YES
#EXT-X-PART:DURATION=0.5,URI="8.1.m4s",BYTERANGE="20@20"
#EXT-X-PRELOAD-HINT:TYPE=PART,URI="8.2.m4s",BYTERANGE-START=40
#EXT-X-RENDITION-REPORT:URI="b",LAST-MSN=8,LAST-PART=1
"""
    skipped = first.replace("#EXTINF:2.00000,\n7.m4s", "#EXT-X-SKIP:SKIPPED-SEGMENTS=1")
    yield first.encode()
    yield f"{first}\0{first}#EXTINF:2,\n8.m4s\n".encode()
    yield f"{first}\0{skipped}".encode()
    yield b"""#EXTM3U
#EXT-X-DEFINE:NAME="a",VALUE="b"
#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID="s",NAME="fr",LANGUAGE="fr",DEFAULT=YES,AUTOSELECT=YES,URI="s.m3u8"
#EXT-X-STREAM-INF:BANDWIDTH=900000,CODECS="avc1.42c01f,mp4a.40.2",RESOLUTION=1280x720,SUBTITLES="s"
media.m3u8
"""


def _publish_to(data: bytes) -> None:
    """What an RTMP server that we send a stream to may say, after its handshake."""

    async def say(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"\3" + bytes(2 * 1536) + data)
        writer.write_eof()
        with contextlib.suppress(ConnectionError):
            while await reader.read(1 << 16):
                pass
        writer.close()

    async def publish() -> None:
        server = await asyncio.start_server(say, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        try:
            where = parse(f"rtmp://127.0.0.1:{port}/live", "key")
            async with publishing(where, _trust(), Patience(2, 2, 0)) as publication:
                await publication.listen()
        finally:
            server.close()

    loop().run_until_complete(publish())


@functools.cache
def _trust() -> ssl.SSLContext:
    return ssl.create_default_context()


def _said_by_a_server() -> list[bytes]:
    def command(*values: amf.Value) -> bytes:
        return message(3, chunks.COMMAND, 0, amf.encode(*values))

    begun = command("_result", 1.0, {}, {}) + command("_result", 4.0, None, 1.0)
    start: dict[str, amf.Value] = {"level": "status", "code": "NetStream.Publish.Start"}
    bad: dict[str, amf.Value] = {
        "level": "error",
        "code": "NetStream.Publish.BadName",
        "description": "no",
    }
    ping = message(2, chunks.USER_CONTROL, 0, replies.PING_REQUEST.to_bytes(2, "big") + bytes(4))
    return [
        begun + ping + command("onStatus", 0.0, None, start) + command("close", 0.0, None),
        begun + command("onStatus", 0.0, None, bad),
        command("_error", 1.0, None, bad),
    ]


def _make_anew(data: bytes) -> None:
    with warnings.catch_warnings(action="ignore"):  # Pillow's, about EXIF that is odd
        reencode(data)


def _statuses() -> Iterator[bytes]:
    server = MastodonServer()
    server.post("fabrique", "<p>Un <b>deux</b><br>&amp; <span class='invisible'>trois</span></p>")
    server.post("fabrique", "<p>Sans compte</p>", account=None, spoiler_text="Attention")
    yield json.dumps(server.statuses["fabrique"]).encode()


# The disk.


def _read_index(data: bytes) -> None:
    for line in data.split(b"\n"):
        if isinstance(read := index.read_line(line), index.Recorded):
            index.day_of(read.start)
        if read is not None:
            assert index.read_line(index.write_line(read)) == read


def _index_lines() -> Iterator[bytes]:
    init = index.RecordedInit("abcdef01", 4, "avc1.42c01f,mp4a.40.2", 1280, 720, 1.5e9)
    segment = index.Recorded(7, "7-7", 1.7956e9, 2.0, "abcdef01", 1, 12)
    yield index.write_line(init) + index.write_line(segment)


@functools.cache
def _announced() -> Announced:
    played = film(4.0, width=32, height=32)
    return Announced().play(played).play(played.moved(60))


def _read_segment(data: bytes) -> None:
    for run in fragments.read_runs(io.BytesIO(data)):
        assert run.frames


def _read_weights(data: bytes) -> None:
    with _file(data) as path:
        checkpoint.read(path)


def _open_ledger(data: bytes) -> None:
    with _file(data) as path:
        Ledger.open(path, 1.7956e9).close()


def _entry() -> bytes:
    asked = QuestionAsked(
        id="e1", at=1.0, by="p_1", talk="direct", question="q_1", author="Ann", body="Pourquoi ?"
    )
    return msgspec.msgpack.encode(asked)


# Our other processes.


def _receive(data: bytes) -> None:
    async def take() -> None:
        reader = asyncio.StreamReader()
        reader.feed_data(data)
        reader.feed_eof()
        async for _ in receive(reader):
            pass

    loop().run_until_complete(take())


def _frames() -> Iterator[bytes]:
    picture = SourceFrame("h264", b"x", 1, 2, True, b"y")
    said = (Hello("token"), Follow("webrtc", "plateau"), Switch(1, "plateau", "backup"), picture)
    yield from (bytes(frame(each)) for each in said)


@contextlib.contextmanager
def _file(data: bytes) -> Iterator[Path]:
    with tempfile.NamedTemporaryFile() as file:
        file.write(data)
        file.flush()
        yield Path(file.name)


TARGETS = (
    Target("schedule", _read_schedule, _schedules, (errors.Unreadable,)),
    Target("settings", _load, _settings, (SettingsError,)),
    Target("addresses", _read_address, _addresses),
    Target("playlist", _read_playlist, _playlists),
    Target("restream", _publish_to, _said_by_a_server, (TargetLost,)),
    Target("mastodon", mastodon.read, _statuses, (ValueError,)),
    Target(
        "picture",
        _make_anew,
        lambda: [told_too_much(), *(drawn(kind, (40, 30)) for kind in ("PNG", "WEBP", "GIF"))],
        (NoPicture, TooLarge),
    ),
    Target("index", _read_index, _index_lines),
    Target("init", fragments.read_init, lambda: [_announced().inits[0].data], (Unreadable,)),
    Target("segment", _read_segment, lambda: [_announced().parts()[0].data], (Unreadable,)),
    Target(
        "weights",
        _read_weights,
        lambda: [written([("encoder/conv1/weight", (4, 80, 3)), ("x", (9, 4))])],
        (checkpoint.Damaged,),
    ),
    Target("ledger", _open_ledger, lambda: [msgspec.json.encode(Page(1.7956e9)).ljust(256)]),
    Target("journal", lambda data: journal.read("1-0", data), lambda: [_entry()]),
    Target("link", _receive, _frames, (LinkLost,)),
)
