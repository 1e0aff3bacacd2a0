"""Coming in: codes lead to their places, and a wave of arrivals is spread."""

from collections.abc import AsyncIterator
from itertools import pairwise

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from redis.asyncio import Redis

from tests.tv.house import House, house
from tests.tv.schedule.files import frab, talk
from tests.tv.test_api import problem
from tv.auth import Role
from tv.joining import ALPHABET, LENGTH, LONGEST, Codes, Place, Turnstile
from tv.settings import load

SETTINGS = load(None, {"FABRIQUE_LABS__CUISINE__NAME": "La cuisine"})


@pytest.fixture
async def tv(redis: Redis) -> AsyncIterator[House]:
    async with house(redis, SETTINGS) as served:
        yield served


async def come(person: httpx.AsyncClient, code: str = "") -> httpx.Response:
    return await person.post("/api/v1/join", json={"code": code})


async def test_code_leads_to_its_lab_and_its_talk_and_none_to_the_event(tv: House) -> None:
    async with tv.client() as someone, tv.crew(Role.MODERATOR) as crew:
        listed = (await crew.get("/api/v1/join/codes")).json()["items"]
        codes = {item["kind"]: item["code"] for item in listed}
        assert {item["kind"]: item["name"] for item in listed}["lab"] == "La cuisine"
        nowhere = (await come(someone)).json()
        assert nowhere["event"] == {
            "id": "fabrique",
            "name": "La Fabrique de la proximité",
            "phase": "open",
        }
        assert (nowhere["talk"], nowhere["lab"], nowhere["delay_ms"]) == (None, None, 0)
        typed = f" {codes['lab'][:3].lower()}-{codes['lab'][3:]} "
        lab = (await come(someone, typed)).json()["lab"]
        assert lab == {"id": "cuisine", "name": "La cuisine"}
        talk = (await come(someone, codes["talk"])).json()["talk"]
        assert (talk["id"], talk["state"]) == ("direct", "scheduled")
        async with tv.crew() as operator:
            await operator.post("/api/v1/talks/direct:start")
        assert (await come(someone, codes["event"])).json()["talk"]["state"] == "live"


async def test_printed_code_leads_to_a_page(tv: House) -> None:
    plan = {"title": "Café", "prompts": ["?"], "tables": {"cuisine": 2}}
    async with tv.client() as someone, tv.crew() as crew:
        assert (await crew.post("/api/v1/cafes", json=plan)).status_code == 201
        listed = (await crew.get("/api/v1/join/codes")).json()["items"]
        codes = {item["id"]: item["code"] for item in listed}
        pages = {
            "cuisine.2": "/labo/cuisine/table/2?ici",
            "cuisine": "/labo/cuisine?ici",
            "direct": "/?canal=plateau&sur-place",
            "fabrique": "/?sur-place",
        }
        for place, page in pages.items():
            reply = await someone.get(f"/rejoindre/{codes[place].lower()}")
            assert (reply.status_code, reply.headers["location"]) == (303, page)
            typed = await someone.get("/rejoindre", params={"code": f" {codes[place]} "})
            assert typed.headers["location"] == page


async def test_code_of_a_talk_leads_to_where_it_is_seen(tv: House) -> None:
    async with tv.client() as someone, tv.crew() as crew:
        plenary = frab(talk(guid="plenary", date="2026-11-26T09:00:00+01:00"))
        secret = frab(talk(guid="plenary", do_not_record=True))
        assert (await crew.post("/api/v1/schedule:import", content=plenary)).status_code == 200
        for planned in (
            {"guid": "lab", "lab": "cuisine"},
            {"guid": "walk", "room": "Jardin", "planned_start": "2026-11-26T14:00:00+01:00"},
            {"guid": "some-day"},
        ):
            made = await crew.post("/api/v1/talks", json={"title": "Le toit"} | planned)
            assert made.status_code == 201
        listed = (await crew.get("/api/v1/join/codes")).json()["items"]
        codes = {item["id"]: item["code"] for item in listed}

        async def page(name: str) -> str:
            return (await someone.get(f"/rejoindre/{codes[name]}")).headers["location"]

        assert await page("lab") == "/labo/cuisine?ici"
        assert await page("walk") == "/programme?jour=2026-11-26#walk"
        assert await page("some-day") == "/programme#some-day"
        assert await page("plenary") == "/?canal=plateau&sur-place"
        for verb in ("start", "end", "publish"):
            done = await crew.post(f"/api/v1/talks/plenary:{verb}", json={"consent": True})
            assert done.status_code == 200
        assert await page("plenary") == "/revoir/plenary"
        assert (await crew.post("/api/v1/schedule:import", content=secret)).status_code == 200
        assert await page("plenary") == "/?canal=plateau&sur-place"  # there is no replay any more


async def test_wrong_code_is_refused_and_codes_are_for_the_crew(tv: House) -> None:
    async with tv.client() as someone:
        for wrong in ("AAAAAA", "O0I1L", "x" * 500, "é" * 6):
            problem(await come(someone, wrong), 404, "unknown-code")
        problem(await someone.post("/api/v1/join", json={"code": 7}), 422, "invalid-body")
        problem(await someone.get("/api/v1/join/codes"), 401, "role-required")


def test_codes_are_read_aloud_without_doubt_and_are_of_one_installation() -> None:
    places = [Place("talk", f"talk-{number}") for number in range(300)] + [Place("lab", "talk-1")]
    ours, theirs = Codes(b"one" * 11), Codes(b"two" * 11)
    codes = [ours.of(place) for place in places]
    assert len(set(codes)) == len(places)
    assert not set("".join(codes)) - set(ALPHABET)
    assert not set("01OIL") & set(ALPHABET)
    assert {len(code) for code in codes} == {LENGTH}
    assert codes == [Codes(b"one" * 11).of(place) for place in places]
    assert [ours.find(code, places) for code in codes] == places
    assert theirs.find(codes[0], places) is None


@given(st.lists(st.floats(0.0, 2.0), max_size=200))
def test_arrivals_are_told_to_come_evenly(pauses: list[float]) -> None:
    turnstile = Turnstile(per_second=10.0, longest=LONGEST)
    now, due = 100.0, []
    for pause in pauses:
        now += pause
        due.append(now + turnstile.wait(now))
    assert all(after - before >= 0.1 - 1e-9 for before, after in pairwise(due))


def test_few_do_not_wait_and_a_whole_room_waits_its_share() -> None:
    turnstile = Turnstile(per_second=100.0)
    assert [turnstile.wait(float(second)) for second in range(5)] == [0.0] * 5
    waits = [turnstile.wait(10.0) for _ in range(2_000)]
    assert waits[0] == 0.0
    assert abs(waits[-1] - 19.99) < 0.01
    more = [turnstile.wait(10.0) for _ in range(3_000)]
    assert max(more) == LONGEST  # so many never come: nobody is sent away for longer
    assert turnstile.wait(60.0) == 0.0


def test_nobody_waits_for_a_flood_of_arrivals_from_another_network() -> None:
    turnstile = Turnstile()
    flood = [turnstile.wait(10.0, "abc") for _ in range(10_000)]
    assert flood[-1] == LONGEST
    assert turnstile.wait(10.0, "def") == 0.0
