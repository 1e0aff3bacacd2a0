"""A talk's replay over HTTP: who gets it and when, and that nothing else comes with it."""

import asyncio
import io
import time
from collections.abc import AsyncIterator, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import httpx
import m3u8
import pytest
from redis.asyncio import Redis

from captions.cues import Cue, Word
from captions.wording.events import CueWritten
from engagement.cafe.events import CafeMade, CafeOpened
from engagement.cafe.session import Plan
from engagement.reactions import Counts, ReactionsCounted, Second
from engagement.syntheses.events import SynthesisBegun, SynthesisShared, SynthesisTaken
from engagement.syntheses.synthesis import Text
from engagement.talks import TalkEnded, TalkStarted
from streaming.hls.window import Segment
from streaming.recording.disk import Disk
from tests.edge import edge
from tests.streaming.archive.recorded import FRAME, studio
from tests.streaming.hls.film import Announced
from tests.streaming.numbers import read_number
from tests.tv.house import House, house
from tests.tv.test_api import problem
from tv.auth import Role
from tv.cookies import BY_HTTPS, PASS_COOKIE

FILES = "/plateau/replay/direct"
API = "/api/v1/talks/direct"
SECONDS = 9.0  # of the recording, in segments of 2 s
CREW = (Role.MODERATOR, Role.OPERATOR, Role.ADMIN)


@dataclass
class Played:
    """A house in which a talk was on, recorded from `began` on, and has ended."""

    house: House
    folder: Path
    began: float

    async def talk(self, start: float, end: float) -> None:
        """The talk takes place, so many seconds after the recording began."""
        follower = self.house.follower
        await follower.write(
            TalkStarted(id=f"s{start}", at=self.began + start, by="crew", talk="direct")
        )
        await follower.write(TalkEnded(id=f"e{end}", at=self.began + end, by="crew", talk="direct"))

    async def say(self, text: str, at: float, revision: int = 0) -> None:
        """A cue whose words last half a second each; `at` counts from where recording began."""
        texts = text.split(" ")
        begins = [self.began + at + 0.5 * number for number in range(len(texts) + 1)]
        words = tuple(
            Word(word, start, start + 0.5, 0.9) for word, start in zip(texts, begins, strict=False)
        )
        cue = Cue(f"c{at}", revision, begins[0], begins[-1], (text,), words)
        await self.house.journal.append(CueWritten("plateau", cue))
        # What is written after it is folded after it.
        nobody = TalkStarted(id=f"{text} {revision}", at=0.0, by="crew", talk="?")
        await self.house.follower.write(nobody)


@pytest.fixture(scope="module")
def announced() -> tuple[Announced, float]:
    began = float(int(time.time()) - 100)
    film = studio(SECONDS, gop=50)
    return Announced(origin=began - 50.0).play(film.moved(began)), began


@pytest.fixture
async def played(
    redis: Redis, tmp_path: Path, announced: tuple[Announced, float]
) -> AsyncIterator[Played]:
    made, began = announced
    record(tmp_path / "plateau", made)
    async with house(redis, recordings=tmp_path) as served:
        yield Played(served, tmp_path, began)


def record(folder: Path, announced: Announced, without: Collection[int] = ()) -> None:
    """Record what a packager announced as far as it is complete; `without` are left out."""
    inits = {init.name: init for init in announced.inits}
    lengths = {closed.msn: closed.duration for closed in announced.closed}
    disk = Disk(folder, 0)
    for opened in announced.opened:
        if opened.msn in lengths and opened.msn not in without:
            segment = Segment(opened, announced.parts(opened.msn), lengths[opened.msn])
            disk.write(segment, inits[opened.init])
    disk.close()


async def pictures(client: httpx.AsyncClient) -> list[int]:
    """The numbers of the pictures that a player of the replay shows."""
    index = m3u8.loads((await client.get(f"{FILES}/index.m3u8")).text)
    media = m3u8.loads((await client.get(f"{FILES}/{index.playlists[0].uri}")).text)
    names = [media.segments[0].init_section.uri, *(segment.uri for segment in media.segments)]
    pieces = [(await client.get(f"{FILES}/{name}")) for name in names]
    assert {piece.status_code for piece in pieces} == {200}
    with av.open(io.BytesIO(b"".join(piece.content for piece in pieces))) as file:
        return [read_number(frame) for frame in file.decode(video=0)]


async def test_crew_sees_the_talk_from_a_keyframe_on_to_its_end_and_nothing_else(
    played: Played,
) -> None:
    await played.talk(1.5, 5.0)
    for role in CREW:
        async with played.house.crew(role) as crew:
            assert await pictures(crew) == list(range(50, 125))
            media = m3u8.loads((await crew.get(f"{FILES}/media.m3u8")).text)
            names = {segment.uri for segment in media.segments}
            for name in ("7-101.m4s", "7-101.vtt", "7-104.m4s", "7-104.vtt", "7-101.jpg"):
                assert name not in names
                problem(await crew.get(f"{FILES}/{name}"), 404, "unknown-media")


async def test_crew_sees_it_by_cookie_too(played: Played) -> None:
    await played.talk(1.0, 5.0)
    token = played.house.passes.issue(Role.OPERATOR)
    async with played.house.client() as page:
        page.cookies.set(PASS_COOKIE, token)
        reply = await page.get(f"{FILES}/index.m3u8")
        assert (reply.status_code, reply.headers["cache-control"]) == (200, "private, no-store")


@pytest.mark.parametrize("name", [PASS_COOKIE, f"{BY_HTTPS}{PASS_COOKIE}"])
async def test_nginx_keeps_nothing_of_what_the_crew_sees(played: Played, name: str) -> None:
    await played.talk(1.0, 5.0)
    token = played.house.passes.issue(Role.OPERATOR)
    crew = {"cookie": f"fabrique_lang=en; {name}={token}"}
    with edge(int(played.house.address.rpartition(":")[2])) as nginx:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{nginx.port}") as page:
            assert (await page.get(f"{FILES}/index.m3u8", headers=crew)).status_code == 200
            problem(await page.get(f"{FILES}/index.m3u8"), 404, "unknown-replay")
            assert (await page.get(f"{FILES}/index.m3u8", headers=crew)).status_code == 200


async def test_others_cannot_tell_an_unpublished_replay_from_none(played: Played) -> None:
    async with played.house.someone() as viewer, played.house.client() as anyone:
        paths = [f"{FILES}/{name}" for name in ("index.m3u8", "7-102.m4s", "no.m4s", "../x", "")]
        paths += [f"{API}/replay{more}" for more in ("", "/transcript.json", "/search?q=toit")]
        before = [(await viewer.get(path)).json() for path in paths]
        await played.talk(1.0, 5.0)
        assert [(await viewer.get(path)).json() for path in paths] == before
        for path in paths[:3]:
            replies = [await anyone.get(path)]
            async with (
                played.house.crew(Role.PRESENTER) as presenter,
                played.house.crew(Role.OPERATOR, talk="another") as elsewhere,
            ):
                replies += [await presenter.get(path), await elsewhere.get(path)]
            for reply in replies:
                assert reply.json() == problem(reply, 404, "unknown-replay")
                assert reply.json() == before[0]
                assert reply.headers["cache-control"] == "no-store"


async def test_published_it_is_everybodys_and_withdrawn_it_is_gone_at_once(
    played: Played,
) -> None:
    await played.talk(1.0, 5.0)
    async with played.house.crew(Role.OPERATOR) as crew, played.house.client() as anyone:
        answer = await crew.post(f"{API}:publish", json={"consent": True})
        assert answer.json()["state"] == "replay"
        assert len(await pictures(anyone)) == 75
        listed = (await anyone.get("/api/v1/talks")).json()["items"]
        assert [(talk["id"], talk["state"]) for talk in listed] == [("direct", "replay")]
        tags = {}
        for name in ("index.m3u8", "media.m3u8", "subtitles.m3u8", "7-102.m4s", "7-102.vtt"):
            reply = await anyone.get(f"{FILES}/{name}")
            assert reply.headers["cache-control"] == "public, no-cache"
            tags[name] = {"if-none-match": reply.headers["etag"]}
            again = await anyone.get(f"{FILES}/{name}", headers=tags[name])
            assert (again.status_code, again.content) == (304, b"")
        assert (await crew.post(f"{API}:unpublish")).json()["state"] == "ended"
        for name, known in tags.items():
            problem(await anyone.get(f"{FILES}/{name}", headers=known), 404, "unknown-replay")
            assert (await crew.get(f"{FILES}/{name}")).status_code == 200


async def test_marks_move_what_is_seen(played: Played) -> None:
    await played.talk(1.0, 5.0)
    async with played.house.crew(Role.OPERATOR) as crew:
        marks = {"start": played.began + 3.0, "end": played.began + 7.0}
        talk = (await crew.post(f"{API}:trim", json=marks)).json()
        assert talk["marks"] == marks
        assert await pictures(crew) == list(range(100, 175))
        iso = {"start": None, "end": talk["ended_at"]}
        talk = (await crew.post(f"{API}:trim", json=iso)).json()
        assert talk["marks"]["start"] == played.began + 1.0
        assert await pictures(crew) == list(range(50, 125))


WRONG_MARKS: list[tuple[dict[str, Any], int, str]] = [
    ({"start": 10.0, "end": 5.0}, 422, "wrong-marks"),
    ({"start": -700.0}, 422, "wrong-marks"),
    ({"end": 700.0}, 422, "wrong-marks"),
    ({"start": 1e300}, 422, "wrong-marks"),
    ({"start": "demain"}, 422, "invalid-body"),
    ({"start": "2026-11-25T16:40:03"}, 422, "invalid-body"),
    ({"start": []}, 422, "invalid-body"),
]


async def test_wrong_marks_are_refused(played: Played) -> None:
    await played.talk(1.0, 5.0)
    async with played.house.crew(Role.OPERATOR) as crew, played.house.someone() as viewer:
        for body, status, code in WRONG_MARKS:
            said = {
                name: played.began + value if isinstance(value, float) else value
                for name, value in body.items()
            }
            problem(await crew.post(f"{API}:trim", json=said), status, code)
            problem(await viewer.post(f"{API}:trim", json=said), 403, "role-required")
        assert await pictures(crew) == list(range(50, 125))


async def test_talk_that_must_not_be_recorded_has_no_replay(played: Played) -> None:
    await played.talk(1.0, 5.0)
    async with played.house.crew(Role.ADMIN) as crew:
        assert (await crew.post(f"{API}:record", json={"recorded": False})).status_code == 200
        problem(await crew.get(f"{FILES}/index.m3u8"), 404, "unknown-replay")
        problem(await crew.get(f"{API}/replay"), 404, "unknown-replay")
        problem(await crew.post(f"{API}:record", json={"recorded": "non"}), 422, "invalid-body")


async def test_what_was_not_recorded_says_so_to_the_crew(played: Played) -> None:
    await played.talk(-50.0, -20.0)
    async with played.house.crew(Role.ADMIN) as crew:
        problem(await crew.get(f"{API}/replay"), 404, "no-recording")


async def test_replay_grows_until_its_end_is_recorded(redis: Redis, tmp_path: Path) -> None:
    began = time.time() - 8.0  # the last of four segments has just been on air
    announced = Announced(origin=began - 50.0).play(studio(SECONDS, gop=50).moved(began))
    record(tmp_path / "plateau", announced, without=(104,))
    async with house(redis, recordings=tmp_path) as served, served.crew() as crew:
        await Played(served, tmp_path, began).talk(1.0, 7.5)
        media = m3u8.loads((await crew.get(f"{FILES}/media.m3u8")).text)
        assert (media.playlist_type, media.is_endlist) == ("event", False)
        assert (await crew.get(f"{API}/replay")).json()["complete"] is False
        assert await pictures(crew) == list(range(50, 150))
        record(tmp_path / "plateau", announced)
        async with asyncio.timeout(10):
            while not media.is_endlist:
                media = m3u8.loads((await crew.get(f"{FILES}/media.m3u8")).text)
        assert media.playlist_type == "vod"
        assert await pictures(crew) == list(range(50, 188))


async def test_talk_of_which_nothing_is_recorded_yet_says_so(redis: Redis, tmp_path: Path) -> None:
    began = time.time() - 3.0
    async with house(redis, recordings=tmp_path) as served, served.crew() as crew:
        await Played(served, tmp_path, began).talk(0.0, 2.0)
        reply = await crew.get(f"{FILES}/index.m3u8")
        problem(reply, 503, "not-recorded-yet")
        assert reply.headers["retry-after"] == "1"


async def test_captions_are_the_newest_and_only_what_was_said_within(played: Played) -> None:
    await played.talk(1.0, 5.0)
    await played.say("avant les marques un deux", 1.0)  # the picture begins at 2.0
    await played.say("Le toi pour tous.", 2.5)
    await played.say("Le toit pour tous.", 2.5, revision=1)
    await played.say("Fin après tout", 4.4)
    async with played.house.crew(Role.ADMIN) as crew:
        media = m3u8.loads((await crew.get(f"{FILES}/subtitles.m3u8")).text)
        texts = [(await crew.get(f"{FILES}/{each.uri}")).text for each in media.segments]
        whole = (await crew.get(f"{FILES}/captions.vtt")).text
        api = (await crew.get(f"{API}/captions.txt")).text
    for text in (*texts, whole):
        assert "avant" not in text
        assert "tout" not in text
    first, second = texts
    assert first.startswith("WEBVTT\nX-TIMESTAMP-MAP=MPEGTS:900000,LOCAL:00:00:10.000\n")
    crossing = [block for block in first.split("\n\n") if "Le toit pour tous." in block]
    assert crossing
    assert crossing[0] in second  # the very same, or it would be shown twice
    # The time 0 of the media is 50 s before the recording begins; that of the replay 2 s after.
    assert "00:00:52.500 --> 00:00:54.320" in first  # a gap before what follows
    assert "00:00:00.500 --> 00:00:02.320" in whole
    assert "avant les marques un deux" in api  # said after the talk had begun
    assert "Fin" in whole
    assert "Fin après" not in whole


async def test_transcript_has_every_word_timed_and_can_be_searched(played: Played) -> None:
    await played.talk(1.0, 6.0)
    await played.say("L’été à Évreux.", 2.5)
    await played.say("Le toit.", 4.5)
    async with played.house.crew(Role.ADMIN) as crew:
        transcript = (await crew.get(f"{API}/replay/transcript.json")).json()
        (paragraph,) = transcript["paragraphs"]
        first, second = paragraph["sentences"]
        assert first["text"] == "L’été à Évreux."
        assert [(word["text"], word["at"]) for word in second["words"]] == [
            ("Le", pytest.approx(2.5, abs=0.01)),
            ("toit.", pytest.approx(3.0, abs=0.01)),
        ]
        assert first["words"][2]["start"] == pytest.approx(played.began + 3.5, abs=0.01)
        found = (await crew.get(f"{API}/replay/search", params={"q": "evreux ETE"})).json()
        assert found["total"] == 1
        assert found["items"][0]["found"] == [0, 2]
        assert (await crew.get(f"{API}/replay/search")).json() == {"items": [], "total": 0}
        long = await crew.get(f"{API}/replay/search", params={"q": "x" * 201})
        problem(long, 422, "query-too-long")


async def test_replay_names_its_chapters_and_what_belongs_to_it(played: Played) -> None:
    await played.talk(1.0, 6.0)
    async with played.house.crew(Role.ADMIN) as crew:
        replay = (await crew.get(f"{API}/replay")).json()
        assert replay["start"] == pytest.approx(played.began + 2.0, abs=0.01)
        assert replay["duration"] == pytest.approx(4.0, abs=FRAME)
        assert [each["kind"] for each in replay["chapters"]] == ["talk"]
        assert replay["complete"] is True
        for address in (replay["playlist"], replay["transcript"], *replay["captions"].values()):
            assert (await crew.get(address)).status_code == 200
        thumbnails = await crew.get(replay["thumbnails"])
        assert thumbnails.text == "WEBVTT\n"
        seconds = tuple(Second(int(played.began) + late, Counts(idea=1)) for late in (0, 4, 9))
        counted = ReactionsCounted(id="r", at=0.0, by="", talk="direct", seconds=seconds)
        await played.house.follower.write(counted)
        (felt,) = (await crew.get(replay["reactions"])).json()["seconds"]
        assert felt["idea"] == 1
        assert 1.0 <= felt["at"] <= 2.0


async def test_synthesis_that_was_told_is_a_chapter_of_the_replay(played: Played) -> None:
    began = played.began
    crew: dict[str, Any] = {"by": "crew"}
    plan = Plan(title="Demain", prompts=("Que faut-il ?",), tables=(("labo-1", 1),))
    text = Text(title="Un atelier", body="Pour réparer.")
    events = (
        CafeMade(id="c1", at=0.0, cafe="c", plan=plan, **crew),
        CafeOpened(id="c2", at=0.0, cafe="c", **crew),
        SynthesisBegun(id="s1", at=0.0, synthesis="s", table="labo-1.1", text=text, **crew),
        SynthesisShared(id="s2", at=0.0, synthesis="s", **crew),
        TalkStarted(id="t1", at=began + 1.5, talk="direct", **crew),
        SynthesisTaken(id="s3", at=began + 3.0, synthesis="s", talk="direct", **crew),
        TalkEnded(id="t2", at=began + 5.0, talk="direct", **crew),
    )
    for event in events:
        await played.house.follower.write(event)
    async with played.house.crew(Role.ADMIN) as admin:
        replay = (await admin.get(f"{API}/replay")).json()
        _, chapter = replay["chapters"]
        assert (chapter["kind"], chapter["title"]) == ("synthesis", "Un atelier")
        assert chapter["start"] == pytest.approx(began + 3.0, abs=0.01)
        assert chapter["end"] == pytest.approx(began + 5.0, abs=FRAME)
        assert [each["title"] for each in replay["syntheses"]] == ["Un atelier"]


async def test_thumbnails_go_along_the_replay_but_not_beyond_its_marks(played: Played) -> None:
    await played.talk(1.0, 7.0)
    for name in ("7-101", "7-102", "7-103", "7-104"):  # the last is cut at 7.0
        (path,) = played.folder.glob(f"plateau/*/{name}.m4s")
        path.with_suffix(".jpg").write_bytes(name.encode())
    async with played.house.crew(Role.ADMIN) as crew:
        track = (await crew.get(f"{FILES}/thumbnails.vtt")).text
        assert track.split("\n\n")[1:] == [
            "00:00:00.000 --> 00:00:02.000\n7-102.jpg",
            "00:00:02.000 --> 00:00:05.000\n7-103.jpg\n",
        ]
        picture = await crew.get(f"{FILES}/7-103.jpg")
        assert (picture.content, picture.headers["content-type"]) == (b"7-103", "image/jpeg")
        assert (await crew.get(f"{FILES}/poster.jpg")).content == b"7-103"
        for name in ("7-101.jpg", "7-104.jpg"):
            problem(await crew.get(f"{FILES}/{name}"), 404, "unknown-media")


ODD_NAMES = (
    "/plateau/replay/direct/%2e%2e/index.m3u8",
    "/plateau/replay/direct/..%2findex.m3u8",
    "/plateau/replay//index.m3u8",
    "/labo/replay/direct/index.m3u8",
    "/plateau/replay/?/index.m3u8",
    "/plateau/replay/direct/" + "x" * 5000,
    "/plateau/replay/direct/7-102.m4s/7-102.m4s",
    "/plateau/replay/direct/index.json",
)


async def test_odd_names_are_not_found(played: Played) -> None:
    await played.talk(1.0, 5.0)
    async with played.house.crew(Role.ADMIN) as crew:
        for path in ODD_NAMES:
            reply = await crew.get(path)
            assert reply.status_code == 404, path
            assert len(reply.content) < 400


async def test_segment_whose_file_was_harmed_is_left_out_at_an_edge(played: Played) -> None:
    await played.talk(1.0, 5.0)
    (path,) = played.folder.glob("plateau/*/7-103.m4s")
    path.write_bytes(bytes(path.stat().st_size))
    async with played.house.crew(Role.ADMIN) as crew:
        assert await pictures(crew) == list(range(50, 100))
