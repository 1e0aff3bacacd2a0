"""Films of talks and clips of them: asked for, made by whom, for whom, and for how long."""

import asyncio
import os
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from redis.asyncio import Redis

from engagement.talks import TalkPublished, TalkTrimmed
from streaming.recording.index import Index
from tests.streaming.archive.recorded import pictures, probe, studio
from tests.streaming.hls.film import Announced
from tests.tv.house import house
from tests.tv.recorded.test_replay import Played, record
from tests.tv.test_api import problem
from tests.waiting import when
from tv.auth import Role
from tv.pages.api_films import file_name
from tv.recorded import archiving, films
from tv.recorded.archiving import CRASHED, NO_ROOM, NOTHING, Filmmaker
from tv.recorded.films import MOST, Order, Orders, Progress, Shelf, too_many
from tv.tasks import running

API = "/api/v1/talks/direct"
LIMITS: dict[str, Any] = {"free": 0, "days": 1.0, "most": 1 << 40, "settled": 0.0}


@pytest.fixture(scope="module")
def announced() -> tuple[Announced, float]:
    began = float(int(time.time()) - 100)
    film = studio(9.0, 2, gop=50)
    return Announced(origin=began - 50.0).play(film.moved(began)), began


@pytest.fixture
async def played(
    redis: Redis, tmp_path: Path, announced: tuple[Announced, float]
) -> AsyncIterator[Played]:
    """A talk from 1.5 s to 7 s of the recording, of which pictures 50 to 174 are shown."""
    made, began = announced
    record(tmp_path / "recording" / "plateau", made)
    async with house(redis, data=tmp_path) as served:
        talk = Played(served, tmp_path, began)
        await talk.talk(1.5, 7.0)
        await talk.say("bonjour à tous", 3.0)
        yield talk


def maker(played: Played, **limits: Any) -> Filmmaker:
    index = Index(played.folder / "recording" / "plateau")
    return Filmmaker(
        Orders(played.house.store, "fabrique"),
        Shelf(played.folder / "films"),
        {"plateau": index},
        played.house.follower,
        "La Fabrique",
        **(LIMITS | limits),
    )


@asynccontextmanager
async def archive(played: Played, **limits: Any) -> AsyncIterator[None]:
    async with running(maker(played, **limits).run()):
        yield


async def finished(client: httpx.AsyncClient, path: str = f"{API}/film") -> dict[str, Any]:
    """How a film is in the end."""
    async with asyncio.timeout(20):
        while True:
            film: dict[str, Any] = (await client.get(path)).json()
            if film["state"] in ("ready", "failed"):
                return film
            await asyncio.sleep(0.02)  # it is asked for, as pages do


async def publish(played: Played) -> None:
    event = TalkPublished(id="p", at=played.began + 20, by="crew", talk="direct", consent=True)
    await played.house.follower.write(event)


async def holds(played: Played, count: int) -> bool:
    """Whether so many films are there, each with what it is of."""
    return len(await asyncio.to_thread(os.listdir, played.folder / "films")) == 2 * count


async def test_a_film_is_made_when_it_is_asked_for(played: Played) -> None:
    async with played.house.crew() as crew, archive(played):
        none = {"state": "none", "progress": 0, "size": None, "url": None, "detail": None}
        assert (await crew.get(f"{API}/film")).json() == none
        problem(await crew.get(f"{API}/film.mp4"), 404, "no-film")
        asked = await crew.post(f"{API}/film")
        assert asked.status_code == 202
        assert asked.json()["state"] == "waiting"
        film = await finished(crew)
        assert film["url"] == f"{API}/film.mp4"
        assert (await crew.post(f"{API}/film")).status_code == 200
        whole = await crew.get(film["url"])
        assert len(whole.content) == film["size"]
        assert whole.headers["content-type"] == "video/mp4"
        assert whole.headers["cache-control"] == "private, no-store"
        assert "En%20direct%20du%20plateau.mp4" in whole.headers["content-disposition"]
        part = await crew.get(film["url"], headers={"range": "bytes=1000-1999"})
        assert part.status_code == 206
        assert part.content == whole.content[1000:2000]
        assert part.headers["content-range"] == f"bytes 1000-1999/{film['size']}"
        beyond = await crew.get(film["url"], headers={"range": f"bytes={film['size']}-"})
        assert beyond.status_code == 416
        tag = {"if-none-match": whole.headers["etag"]}
        assert (await crew.get(film["url"], headers=tag)).status_code == 304
    path = played.folder / "film.mp4"
    path.write_bytes(whole.content)
    seen = [number for number, _, _ in pictures(path)]
    assert seen == list(range(50, 175))
    told = probe(path, "-show_packets", "-select_streams", "s")
    assert [each["tags"]["title"] for each in told["chapters"]] == ["En direct du plateau"]
    said = [float(each["pts_time"]) for each in told["packets"] if int(each["size"]) > 2]
    assert said == [pytest.approx(1.0, abs=0.01)]  # 3 s of a recording shown from 2 s on


async def test_an_unpublished_film_is_for_the_crew_alone(played: Played) -> None:
    async with played.house.someone() as viewer:
        for answer in (
            await viewer.get(f"{API}/film"),
            await viewer.post(f"{API}/film"),
            await viewer.get(f"{API}/film.mp4"),
        ):
            problem(answer, 404, "unknown-replay")
        await publish(played)
        assert (await viewer.post(f"{API}/film")).status_code == 202
        async with archive(played):
            film = await finished(viewer)
        answer = await viewer.get(film["url"])
        assert answer.headers["cache-control"] == "public, no-cache"


async def test_a_word_that_comes_while_a_film_waits_is_in_it(played: Played) -> None:
    async with played.house.crew() as crew:
        await crew.post(f"{API}/film")
        await played.say("et voilà", 5.6)
        assert (await crew.get(f"{API}/film")).json()["state"] == "waiting"
        async with archive(played):
            film = await finished(crew)
        path = played.folder / "film.mp4"
        path.write_bytes((await crew.get(film["url"])).content)
    told = probe(path, "-show_packets", "-select_streams", "s")
    assert len([each for each in told["packets"] if int(each["size"]) > 2]) == 2


async def test_another_word_or_mark_is_another_film(played: Played) -> None:
    async with played.house.crew() as crew, archive(played):
        await crew.post(f"{API}/film")
        await finished(crew)
        (first,) = os.listdir(played.folder / "films")[:1]
        await played.say("bonsoir à tous", 3.0, revision=1)
        assert (await crew.get(f"{API}/film")).json()["state"] == "none"
        problem(await crew.get(f"{API}/film.mp4"), 404, "no-film")
        await crew.post(f"{API}/film")
        await finished(crew)
        trimmed = TalkTrimmed(
            id="t", at=played.began + 30, by="crew", talk="direct", end=played.began + 5
        )
        await played.house.follower.write(trimmed)
        assert (await crew.get(f"{API}/film")).json()["state"] == "none"
        await crew.post(f"{API}/film")
        await finished(crew)
        await when(lambda: holds(played, 1))  # what nobody would order any more goes
        assert first not in os.listdir(played.folder / "films")


async def test_a_clip_is_for_the_crew_and_lies_between_the_marks(played: Played) -> None:
    start, end = played.began + 4.5, played.began + 6.0
    async with played.house.crew(Role.MODERATOR) as crew, archive(played):
        for span in (
            {"start": end, "end": start},
            {"start": start, "end": start},
            {"start": played.began, "end": end},
            {"start": start, "end": played.began + 8},
            {"start": float(int(start)) - 5000, "end": end},
        ):
            problem(await crew.post(f"{API}/clips", json=span), 422, "wrong-clip")
        problem(await crew.post(f"{API}/clips", json={"start": 1}), 422, "invalid-body")
        asked = await crew.post(f"{API}/clips", json={"start": start, "end": end})
        assert asked.status_code == 202
        name = asked.json()["id"]
        made = await finished(crew, f"{API}/clips/{name}")
        assert (await crew.get(f"{API}/clips")).json()["items"] == [made]
        assert (made["start"], made["end"]) == (start, end)
        path = played.folder / "clip.mp4"
        path.write_bytes((await crew.get(made["url"])).content)
        problem(await crew.get(f"{API}/clips/{'0' * 24}"), 404, "no-film")
        problem(await crew.get(f"{API}/clips/..%2F..%2Fclock.mp4"), 404, "http-404")
    # From the keyframe before it, to the last group of pictures that is all inside.
    seen = [number for number, _, _ in pictures(path)]
    assert seen == list(range(100, 150))
    await publish(played)
    async with played.house.someone() as viewer:
        problem(
            await viewer.post(f"{API}/clips", json={"start": start, "end": end}),
            403,
            "role-required",
        )
        problem(await viewer.get(f"{API}/clips"), 403, "role-required")
        problem(await viewer.get(made["url"]), 403, "role-required")


async def accepted(crew: httpx.AsyncClient) -> bool:
    return (await crew.post(f"{API}/film")).status_code != 429


async def test_only_so_many_may_wait(played: Played) -> None:
    async with played.house.crew() as crew:
        for number in range(MOST):
            span = {"start": played.began + 3 + number / 10, "end": played.began + 6}
            assert (await crew.post(f"{API}/clips", json=span)).status_code == 202
            assert (await crew.post(f"{API}/clips", json=span)).json()["state"] == "waiting"
        refused = await crew.post(f"{API}/film")
        problem(refused, 429, "queue-full")
        assert refused.headers["retry-after"] == "10"
        assert (await crew.get(f"{API}/film")).json()["state"] == "none"
        async with archive(played):
            await when(lambda: accepted(crew))
            assert (await finished(crew))["state"] == "ready"


async def test_what_its_maker_died_on_is_tried_once_more_and_given_up(played: Played) -> None:
    orders = Orders(played.house.store, "fabrique")
    talk = played.house.follower.audience.talks.by_id["direct"]
    order = films.whole_film(talk, played.house.follower)
    assert order
    async with played.house.crew() as crew:
        await crew.post(f"{API}/film")
        assert await orders.take() == order  # and then it is killed
        await orders.note(order, Progress("making", 0.4, tries=1))
        assert (await crew.get(f"{API}/film")).json()["progress"] == 0.4
        async with archive(played):
            assert (await finished(crew))["state"] == "ready"
        Shelf(played.folder / "films").remove(order)
        await crew.post(f"{API}/film")
        await orders.take()
        await orders.note(order, Progress("making", tries=2))
        async with archive(played):
            film = await finished(crew)
            assert (film["state"], film["detail"]) == ("failed", CRASHED)
            await crew.post(f"{API}/film")  # somebody mended it
            assert (await finished(crew))["state"] == "ready"


async def test_a_full_disk_and_broken_files_are_told(played: Played) -> None:
    async with played.house.crew() as crew:
        await crew.post(f"{API}/film")
        async with archive(played, free=1 << 60):
            assert (await finished(crew))["detail"] == NO_ROOM
        index = Index(played.folder / "recording" / "plateau")
        for segment in index.between(0, 1e11):
            index.path_of(segment).write_bytes(bytes(segment.size))
        await crew.post(f"{API}/film")
        async with archive(played):
            assert (await finished(crew))["detail"] == NOTHING


async def test_a_clip_does_not_keep_what_is_corrected(played: Played) -> None:
    span = {"start": played.began + 2.5, "end": played.began + 6}
    async with played.house.crew() as crew, archive(played):
        asked = (await crew.post(f"{API}/clips", json=span)).json()
        path = f"{API}/clips/{asked['id']}"
        made = await finished(crew, path)
        (first,) = Shelf(played.folder / "films").orders()
        await played.say("bonsoir à tous", 3.0, revision=1)
        problem(await crew.get(made["url"]), 404, "no-film")
        assert (await crew.get(f"{API}/clips")).json()["items"] == []
        assert (await crew.post(f"{API}/clips", json=span)).json()["id"] == asked["id"]
        assert (await finished(crew, path))["url"] == made["url"]
        clip = played.folder / "clip.mp4"
        clip.write_bytes((await crew.get(made["url"])).content)
        await when(lambda: holds(played, 1))  # the one that says otherwise goes
    assert first not in Shelf(played.folder / "films").orders()
    assert b"bonsoir" in clip.read_bytes()
    assert b"bonjour" not in clip.read_bytes()


async def test_nothing_recorded_nothing_ordered(played: Played) -> None:
    await played.talk(-60.0, -50.0)  # it was on once more, before anything was recorded
    async with played.house.crew() as crew:
        problem(await crew.post(f"{API}/film"), 404, "no-recording")
        assert (await crew.get(f"{API}/film")).json()["state"] == "none"


async def test_old_films_go_and_the_newest_stays(played: Played) -> None:
    async with played.house.crew() as crew, archive(played, most=1):
        await crew.post(f"{API}/film")
        await finished(crew)
        span = {"start": played.began + 4, "end": played.began + 6}
        asked = await crew.post(f"{API}/clips", json=span)
        assert (await finished(crew, f"{API}/clips/{asked.json()['id']}"))["state"] == "ready"
        await when(lambda: holds(played, 1))
    (clip,) = Shelf(played.folder / "films").orders()
    assert clip.kind == "clip"
    old = time.time() - 3 * archiving.DAY
    os.utime(played.folder / "films" / f"{clip.name}.mp4", (old, old))
    async with archive(played):
        await when(lambda: holds(played, 0))


def test_the_oldest_make_room_for_the_newest() -> None:
    assert too_many([5, 5, 5], 15) == 0
    assert too_many([5, 5, 5], 9) == 2
    assert too_many([5, 5, 500], 9) == 2
    assert too_many([], 9) == 0


def test_what_was_never_finished_is_cleaned_up(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path)
    for name in ("film-a", "film-b"):
        shelf.note(Order(name, "", "film", "direct", 0.0, 1.0))
    shelf.path("film-a").write_bytes(b"whole")
    (tmp_path / ".film-b.mp4.part").write_bytes(b"half")
    shelf.clean()
    assert sorted(os.listdir(tmp_path)) == ["film-a.json", "film-a.mp4"]


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("Éteindre l’été", "Éteindre l’été.mp4"),
        ("../../etc/passwd", "etc passwd.mp4"),
        ('a "b"\r\nset-cookie: x', "a b set-cookie x.mp4"),
        ("…" * 200, "…" * 80 + ".mp4"),
        ("///", "film.mp4"),
    ],
)
def test_a_file_has_a_name_that_every_system_takes(title: str, name: str) -> None:
    assert file_name(title) == name
