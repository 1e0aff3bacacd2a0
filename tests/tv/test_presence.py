"""Reserved names of the crew and of tables, and codes that prove a place."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from redis.asyncio import Redis

from tests.tv.house import House, house
from tests.tv.test_api import problem
from tests.tv.test_cafes import SETTINGS, good
from tests.tv.test_ideas import HERE, IDEAS, THERE, listed, made, session
from tv.auth import Role
from tv.cookies import PARTICIPANT_COOKIE, PASS_COOKIE

ME, PEOPLE = "/api/v1/participants/me", "/api/v1/participants"
CODES = "/api/v1/join/codes"


@pytest.fixture
async def tv(redis: Redis, tmp_path: Path) -> AsyncIterator[House]:
    async with house(redis, SETTINGS, data=tmp_path) as served:
        yield served


async def codes(tv: House) -> dict[str, str]:
    async with tv.crew(Role.MODERATOR) as crew:
        return {each["id"]: each["code"] for each in (await good(crew.get(CODES)))["items"]}


async def place_of(person: httpx.AsyncClient) -> str:
    return str((await good(person.get("/api/v1/session")))["place"])


async def test_scanned_code_proves_where_a_browser_is(tv: House) -> None:
    await session(tv)
    code = await codes(tv)
    async with tv.client() as phone:
        await phone.get(f"/rejoindre/{code[HERE]}")
        first = await good(phone.get("/api/v1/session"))
        assert (first["place"], first["lab"], first["table"]) == (HERE, "labo-1", HERE)
        named = await good(phone.put(ME, json={"name": "Ann", "lab": "labo-2"}))
        assert (named["id"], named["place"]) == (first["participant"], HERE)
        await phone.get(f"/rejoindre/{code['labo-2']}")
        moved = await good(phone.get("/api/v1/session"))
        assert (moved["place"], moved["lab"], moved["table"]) == ("labo-2", "labo-2", "")
        assert (moved["participant"], moved["name"]) == (first["participant"], "Ann")
        for nowhere in (code["direct"], code["fabrique"], "ZZZZZZ"):
            await phone.get(f"/rejoindre/{nowhere}")
            assert await place_of(phone) == "labo-2"
        again = await good(phone.post(PEOPLE, json={}), 201)  # by a page that did not know
        assert (again["id"] != first["participant"], again["place"]) == (True, "labo-2")


async def test_code_changes_neither_crew_nor_tablets(tv: House) -> None:
    await session(tv)
    code = (await codes(tv))[HERE]
    for role in (Role.MODERATOR, Role.KIOSK, Role.SCREEN, Role.HOST):
        cookie = {PASS_COOKIE: tv.passes.issue(role)}
        async with httpx.AsyncClient(base_url=tv.url, cookies=cookie) as device:
            led = await device.get(f"/rejoindre/{code}")
            assert (led.status_code, PARTICIPANT_COOKIE in device.cookies) == (303, False)


async def test_programs_say_the_code(tv: House) -> None:
    await session(tv)
    code = await codes(tv)
    async with tv.client() as ann:
        problem(await ann.post(PEOPLE, json={"code": "ZZZZZZ"}), 404, "unknown-code")
        here = await good(ann.post(PEOPLE, json={"code": code[HERE], "lab": "labo-2"}), 201)
        assert (here["lab"], here["table"], here["place"]) == ("labo-1", HERE, HERE)
        door = await good(ann.put(ME, json={"code": code["labo-1"]}))
        assert (door["id"], door["table"], door["place"]) == (here["id"], HERE, "labo-1")
        door = await good(ann.put(ME, json={"code": code["labo-2"], "table": THERE}))
        assert (door["lab"], door["table"], door["place"]) == ("labo-2", THERE, "labo-2")
        talk = await good(ann.put(ME, json={"code": code["direct"]}))
        assert talk["place"] == "labo-2"


async def test_idea_without_the_code_is_read_first_and_shows_once_its_author_scans(
    tv: House,
) -> None:
    cafe = await session(tv)
    code = await codes(tv)
    async with (
        tv.client() as ann,
        tv.someone() as bob,
        tv.crew(Role.HOST, table=HERE) as host,
        tv.crew(Role.KIOSK, table=HERE) as kiosk,
    ):
        await good(ann.post(PEOPLE, json={"table": HERE}), 201)
        await good(ann.post(f"/api/v1/tables/{HERE}:sit"))
        card = await made(ann, cafe)
        assert (card["state"], card["proved"]) == ("pending", False)
        assert (await listed(bob), await listed(host)) == ([], ["Une idée"])
        await ann.get(f"/rejoindre/{code[HERE]}")
        assert await listed(bob) == []
        await good(ann.post(f"/api/v1/tables/{HERE}:sit"))
        assert await listed(bob) == ["Une idée"]
        assert (await made(ann, cafe, "Deux", table="labo-1.2"))["state"] == "shown"
        assert (await made(ann, cafe, "Trois", table=THERE))["state"] == "pending"
        person = await good(kiosk.post(f"/api/v1/tables/{HERE}:person", json={}), 201)
        async with tv.client(person["token"]) as seated:
            assert (await made(seated, cafe, "Quatre"))["state"] == "shown"
        for table in ("labo-1.2", THERE):
            carried = await bob.post(f"{IDEAS}/{card['id']}:carry", json={"table": table})
            problem(carried, 403, "code-required")
        await good(ann.post(f"{IDEAS}/{card['id']}:carry", json={"table": "labo-1.2"}))


async def test_vote_is_of_the_laboratory_that_was_proved(tv: House) -> None:
    async with tv.crew() as crew:
        poll = {"talk": "direct", "type": "single", "prompt": "?", "options": ["A", "B"]}
        made = await good(crew.post("/api/v1/polls", json=poll | {"compare_by": "lab"}), 201)
        url = f"/api/v1/polls/{made['id']}"
        await good(crew.post(f"{url}:open"))
        for place in ["labo-1"] * 5 + ["labo-2"] * 5:
            async with tv.client(tv.passes.welcome(lab="labo-2", place=place)[1]) as person:
                await good(person.put(f"{url}/ballot", json={"choices": ["o1"]}))
        async with tv.crew(Role.KIOSK, table=THERE) as kiosk:
            token = (await good(kiosk.post(f"/api/v1/tables/{THERE}:person", json={}), 201))[
                "token"
            ]
        async with tv.client(token) as person:
            await good(person.put(f"{url}/ballot", json={"choices": ["o1"]}))
        await good(crew.post(f"{url}:close"))
        results = await good(crew.get(f"{url}/results?by=lab"))
        labs = {each["lab"]: each["ballots"] for each in results["labs"]}
        assert (results["ballots"], labs["labo-2"], labs.get("labo-1")) == (11, 6, None)


async def test_codes_are_given_to_those_who_are_there(tv: House) -> None:
    await session(tv)
    code = await codes(tv)
    address = f"{CODES}/{HERE}"
    async with tv.someone() as away, tv.someone(place=THERE) as elsewhere:
        for person in (away, elsewhere):
            problem(await person.get(address), 403, "code-required")
        problem(await away.get(f"{CODES}/labo-9.1"), 404, "unknown-table")
        problem(await away.get("/labo/labo-1/affiches"), 403, "role-required")
    async with (
        tv.crew(Role.KIOSK, table=HERE) as kiosk,
        tv.crew(Role.HOST, lab="labo-1") as host,
        tv.someone(place="labo-1.2") as neighbour,
    ):
        for there in (kiosk, host, neighbour):
            told = await good(there.get(address))
            assert told["address"] == f"{tv.url}/rejoindre/{code[HERE]}"
            assert (told["code"], told["image"][:14]) == (code[HERE], "data:image/svg")
    async with tv.crew(Role.OPERATOR) as crew, tv.client() as anyone:
        posters = (await crew.get("/labo/labo-1/affiches")).text
        page = (await anyone.get("/labo/labo-1/table/1")).text
        for place in ("labo-1", HERE):
            assert f"/rejoindre/{code[place]}" in posters
            assert code[place] not in page


@pytest.mark.parametrize(
    "name", ["Régie", "Mоdération", "Fabrique-TV", "0rganisati0n", "Table 1, Arriver", "Labo 1"]
)
async def test_name_of_the_crew_or_a_table_is_nobodys(tv: House, name: str) -> None:
    async with (
        tv.client() as ann,
        tv.crew(Role.KIOSK, table=HERE) as kiosk,
        tv.crew(Role.HOST, table=HERE, name="Régie") as host,
    ):
        said = {"name": name}
        refused = problem(await ann.post(PEOPLE, json=said), 422, "name-reserved")
        assert "Camille" in refused["detail"]
        await good(ann.post(PEOPLE, json={"name": "Régis"}), 201)
        problem(await ann.put(ME, json=said), 422, "name-reserved")
        problem(await kiosk.post(f"/api/v1/tables/{HERE}:person", json=said), 422, "name-reserved")
        await session(tv)
        problem(await host.post(f"/api/v1/tables/{HERE}:host", json=said), 422, "name-reserved")
        assert (await good(host.post(f"/api/v1/tables/{HERE}:host")))["hosts"] == ["Régie"]


async def test_name_of_a_speaker_and_of_the_event_is_theirs(tv: House) -> None:
    async with tv.crew() as crew, tv.client() as ann:
        talk = {"title": "Un", "speakers": ["Marie Dupont"]}
        await good(crew.post("/api/v1/talks", json=talk), 201)
        for name in ("marie dupont", "Dupont, Marie", SETTINGS.event.name):
            problem(await ann.post(PEOPLE, json={"name": name}), 422, "name-reserved")
        await good(ann.post(PEOPLE, json={"name": "Marie"}), 201)
