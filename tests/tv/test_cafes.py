"""World cafés through HTTP, the journal and the fold: sessions, laboratories, tables, passes."""

import asyncio
from collections.abc import AsyncIterator, Awaitable
from pathlib import Path
from typing import Any

import httpx
import pytest
from click.testing import Result
from redis.asyncio import Redis
from typer.testing import CliRunner

from tests.tv.house import House, house
from tests.tv.test_api import problem
from tv import cli
from tv.auth import Passes, Role
from tv.clerk import Clerk
from tv.compaction import Compaction
from tv.cookies import PARTICIPANT_COOKIE
from tv.labs.items import table_item
from tv.settings import load
from tv.studios.keys import load_secret
from tv.tasks import running

SETTINGS = load(
    None,
    {
        "FABRIQUE_LABS__LABO_1__NAME": "Chercher",
        "FABRIQUE_LABS__LABO_1__STEP": "Recherche de logement",
        "FABRIQUE_LABS__LABO_2__NAME": "Arriver",
        "FABRIQUE_LABS__LABO_3__NAME": "Rester",
    },
)
CAFES = "/api/v1/cafes"
TABLE = "/api/v1/tables/labo-1.1"
SESSION = {
    "title": "Demain",
    "prompts": ["Que faut-il ?"],
    "tables": {"labo-1": 3, "labo-2": 2},
    "rounds": 2,
    "round_seconds": 600,
    "moving_seconds": 60,
    "seats": 2,
}


@pytest.fixture
async def tv(redis: Redis) -> AsyncIterator[House]:
    async with house(redis, SETTINGS) as served:
        yield served


async def good(answer: Awaitable[httpx.Response], status: int = 200) -> Any:
    said = await answer
    assert said.status_code == status, said.text
    return said.json()


async def opened(crew: httpx.AsyncClient, **more: Any) -> str:
    made = await good(crew.post(CAFES, json=SESSION | more), 201)
    address = f"{CAFES}/{made['id']}"
    await good(crew.post(f"{address}:open"))
    return address


def steps(cafe: Any) -> dict[str, tuple[str, int]]:
    return {each["id"]: (each["step"], each["round"]) for each in cafe["progress"]}


async def test_session_goes_from_draft_to_its_end(tv: House) -> None:
    async with tv.crew(Role.OPERATOR) as crew, tv.client() as anyone:
        draft = await good(crew.post(CAFES, json=SESSION), 201)
        address = f"{CAFES}/{draft['id']}"
        assert draft.items() >= (SESSION | {"state": "draft", "type": "world_cafe"}).items()
        problem(await anyone.get(address), 404, "unknown-cafe")
        assert (await good(anyone.get(CAFES)))["items"] == []
        assert [each["id"] for each in (await good(crew.get(CAFES)))["items"]] == [draft["id"]]
        changed = await good(crew.patch(address, json={"title": "Après", "private": True}))
        assert (changed["title"], changed["private"], changed["seats"]) == ("Après", True, 2)
        assert steps(await good(crew.post(f"{address}:open"))) == {
            "labo-1": ("waiting", 0),
            "labo-2": ("waiting", 0),
        }
        advanced = await good(crew.post(f"{address}:advance"))
        assert steps(advanced) == {"labo-1": ("round", 1), "labo-2": ("round", 1)}
        seen = {"if-match": ", ".join(f'"{each["version"]}"' for each in advanced["progress"])}
        await good(crew.post(f"{address}:advance", headers=seen))
        problem(await crew.post(f"{address}:advance", headers=seen), 412, "changed-meanwhile")
        apart = await good(crew.post(f"{address}:pause", json={"labs": ["labo-2"]}))
        assert [each["left"] is None for each in apart["progress"]] == [True, False]
        longer = {"labs": ["labo-1"], "seconds": 60}
        before, _ = apart["progress"]
        after, _ = (await good(crew.post(f"{address}:extend", json=longer)))["progress"]
        assert after["ends_at"] > before["ends_at"]
        closed = await good(crew.post(f"{address}:close"))
        assert closed["state"] == "closed"
        problem(await crew.post(f"{address}:advance"), 409, "cafe-closed")
        assert (await good(anyone.get(f"{CAFES}?state=closed&type=world_cafe")))["items"]
        assert not (await good(anyone.get(f"{CAFES}?state=open")))["items"]


async def test_as_many_laboratories_as_there_are_go_on_together(redis: Redis) -> None:
    names = [f"labo-{number}" for number in range(1, 101)]
    settings = {f"FABRIQUE_LABS__LABO_{number}__NAME": "Un" for number in range(1, 101)}
    async with house(redis, load(None, settings)) as tv, tv.crew(Role.OPERATOR) as crew:
        address = await opened(crew, tables=dict.fromkeys(names, 1))
        cafe = await good(crew.get(address))
        for step in (("round", 1), ("moving", 1)):
            seen = {"if-match": ", ".join(f'"{each["version"]}"' for each in cafe["progress"])}
            cafe = await good(crew.post(f"{address}:advance", headers=seen))
            assert steps(cafe) == dict.fromkeys(names, step)
        problem(
            await crew.post(f"{address}:advance", headers={"if-match": '"1-0",' * 1_000}),
            422,
            "too-many-versions",
        )


async def test_rounds_go_by_themselves(tv: House, tmp_path: Path) -> None:
    compaction = Compaction(tv.store, "fabrique", ("key", "token"), tmp_path)
    clerk = Clerk(tv.follower, tv.journal, compaction, tv.upstream.now)
    async with tv.crew() as crew, tv.page(**{"lab_labo-2": ""}) as page:
        address = await opened(crew, round_seconds=1, moving_seconds=0)
        async with running(clerk.timers()):
            await good(crew.post(f"{address}:advance"))
            seen: list[tuple[str, int]] = []
            while ("gathering", 2) not in seen:
                view = await page.view("lab:labo-2")
                told = (item for item in view["items"] if item["kind"] == "progress")
                seen.extend((item["step"], item["round"]) for item in told)
    assert seen[-3:] == [("round", 1), ("round", 2), ("gathering", 2)]


async def test_laboratory_shows_its_session_and_its_tables(tv: House) -> None:
    async with tv.crew() as crew, tv.client() as anyone:
        before = await good(anyone.get("/api/v1/labs"))
        assert [lab["cafe"] for lab in before["items"]] == [None, None, None]
        address = await opened(crew)
        labs = {lab["id"]: lab for lab in (await good(anyone.get("/api/v1/labs")))["items"]}
        assert labs["labo-1"]["step"] == "Recherche de logement"
        assert (labs["labo-1"]["cafe"]["title"], labs["labo-1"]["progress"]["step"]) == (
            "Demain",
            "waiting",
        )
        assert labs["labo-3"]["progress"] is None
        lab = await good(anyone.get("/api/v1/labs/labo-1"))
        assert [table["number"] for table in lab["tables"]] == [1, 2, 3]
        assert {(table["ideas"], table["noted"]) for table in lab["tables"]} == {(0, 0)}
        assert len((await good(anyone.get("/api/v1/tables")))["items"]) == 5
        only = await good(anyone.get("/api/v1/tables?lab=labo-2"))
        assert [table["id"] for table in only["items"]] == ["labo-2.1", "labo-2.2"]
        for wrong in ("labo-1.4", "labo-9.1", "labo-1", "x"):
            problem(await anyone.get(f"/api/v1/tables/{wrong}"), 404, "unknown-table")
        problem(await anyone.get("/api/v1/labs/labo-9"), 404, "unknown-lab")
        problem(await anyone.get("/api/v1/tables?lab=labo-9"), 422, "unknown-filter")
        await good(crew.post(f"{address}:advance"))
        more = {"tables": {"labo-1": 3, "labo-2": 2, "labo-3": 1}}
        joined = await good(crew.patch(address, json=more))
        assert steps(joined)["labo-3"] == ("round", 1)
        fewer = {"tables": {"labo-1": 1, "labo-2": 2, "labo-3": 1}}
        problem(await crew.patch(address, json=fewer), 409, "cafe-begun")
        longer = await good(crew.patch(address, json={"rounds": 5}))  # the last question goes on
        assert (longer["rounds"], longer["prompts"]) == (5, SESSION["prompts"])
        other = await good(crew.post(CAFES, json=SESSION | {"tables": {"labo-3": 1}}), 201)
        busy = await crew.post(f"{CAFES}/{other['id']}:open")
        assert problem(busy, 409, "lab-busy")["current"]["title"] == "Demain"
        await good(crew.delete(f"{CAFES}/{other['id']}"))
        problem(await crew.get(f"{CAFES}/{other['id']}"), 404, "unknown-cafe")


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"tables": {}}, "wrong-plan"),
        ({"tables": {"labo-9": 2}}, "unknown-lab"),
        ({"tables": {"labo-1": 0}}, "invalid-body"),
        ({"tables": {"labo-1": 61}}, "invalid-body"),
        ({"prompts": []}, "wrong-plan"),
        ({"prompts": ["Un ?", "Deux ?", "Trois ?"]}, "wrong-plan"),
        ({"prompts": [" "]}, "text-empty"),
        ({"type": "call"}, "wrong-plan"),
        ({"type": "call", "tables": {}, "prompts": ["Un ?", "Deux ?"]}, "wrong-plan"),
        ({"title": ""}, "text-empty"),
        ({"title": "x" * 121}, "text-too-long"),
        ({"rounds": 0}, "invalid-body"),
        ({"round_seconds": 0.1}, "invalid-body"),
        ({"moving_seconds": -1}, "invalid-body"),
        ({"seats": 0}, "invalid-body"),
        ({"type": "party"}, "invalid-body"),
    ],
)
async def test_plan_that_cannot_be_is_refused(tv: House, wrong: dict[str, Any], code: str) -> None:
    async with tv.crew() as crew:
        before = tv.follower.position
        problem(await crew.post(CAFES, json=SESSION | wrong), 422, code)
        assert tv.follower.position == before


async def test_sessions_are_the_operators(tv: House) -> None:
    async with tv.crew() as crew:
        address = await opened(crew)
    for role in (Role.HOST, Role.KIOSK, Role.PRESENTER, Role.MODERATOR):
        async with tv.crew(role) as other:
            problem(await other.post(CAFES, json=SESSION), 403, "role-required")
            problem(await other.post(f"{address}:advance"), 403, "role-required")
            problem(await other.patch(address, json={"rounds": 9}), 403, "role-required")
            problem(await other.delete(address), 403, "role-required")
    async with tv.crew() as crew:
        problem(await crew.post(f"{address}:party"), 404, "unknown-act")
        problem(await crew.post(f"{CAFES}/x:advance"), 404, "unknown-cafe")
        wrong = {"labs": ["labo-3"]}
        problem(await crew.post(f"{address}:advance", json=wrong), 422, "unknown-lab")
        problem(await crew.post(f"{address}:extend", json={}), 422, "invalid-body")
        problem(await crew.get(f"{CAFES}?state=over"), 422, "unknown-filter")
        assert steps(await good(crew.get(address)))["labo-1"] == ("waiting", 0)


async def test_person_is_at_one_table_and_their_page_knows_which(tv: House) -> None:
    async with tv.crew() as crew:
        await opened(crew)
    token = tv.passes.welcome("Ann", lab="labo-1", place="labo-1")[1]
    async with tv.client(token) as ann, tv.page(token, me_cafe="") as page:
        assert (await page.view("me:cafe"))["items"][0]["table"] == ""
        assert (await good(ann.post(f"{TABLE}:sit")))["seated"] == 1
        [own] = (await page.view("me:cafe"))["items"]
        assert own["seat"].items() >= {"lab": "labo-1", "table": "labo-1.1", "round": 1}.items()
        # No code of that laboratory was shown: they take no place there.
        assert (await good(ann.post("/api/v1/tables/labo-2.2:sit")))["seated"] == 0
        assert (await good(ann.get(TABLE)))["seated"] == 0
        [own] = (await page.view("me:cafe"))["items"]
        assert own["table"] == "labo-2.2"
    async with tv.client() as nobody, tv.crew(Role.HOST, table="labo-1.1") as host:
        problem(await nobody.post(f"{TABLE}:sit"), 401, "participant-required")
        problem(await host.post(f"{TABLE}:sit"), 401, "participant-required")


async def test_one_says_where_one_is(tv: House) -> None:
    me = "/api/v1/participants/me"
    async with tv.client() as ann:
        here = await good(ann.post("/api/v1/participants", json={"table": "labo-1.3"}), 201)
        assert (here["lab"], here["table"]) == ("labo-1", "labo-1.3")
        kept = await good(ann.put(me, json={"name": "Ann"}))
        assert (kept["id"], kept["lab"], kept["table"]) == (here["id"], "labo-1", "labo-1.3")
        assert (await good(ann.get("/api/v1/session")))["table"] == "labo-1.3"
        moved = await good(ann.put(me, json={"lab": "labo-2"}))
        assert (moved["lab"], moved["table"]) == ("labo-2", "")
        for table in ("labo-9.1", "labo-1.0", "labo-1.61", "labo-1", "x"):
            wrong = await ann.put(me, json={"table": table})
            assert wrong.status_code == 422, table
        other = {"lab": "labo-1", "table": "labo-2.1"}
        problem(await ann.put(me, json=other), 422, "unknown-table")


async def test_code_of_a_table_leads_to_it(tv: House) -> None:
    async with tv.crew() as crew, tv.client() as someone:
        await good(crew.post(CAFES, json=SESSION), 201)  # printed before it opens
        listed = (await good(crew.get("/api/v1/join/codes")))["items"]
        tables = {item["id"]: item for item in listed if item["kind"] == "table"}
        assert len(tables) == 5
        assert tables["labo-2.1"]["name"] == "Table 1, Arriver"
        there = await good(someone.post("/api/v1/join", json={"code": tables["labo-2.1"]["code"]}))
        assert there["table"] == {"id": "labo-2.1", "lab": "labo-2", "number": 1}
        assert there["lab"] == {"id": "labo-2", "name": "Arriver"}


async def test_table_that_cannot_be_has_no_page(tv: House) -> None:
    async with tv.client() as someone:
        assert (await someone.get("/labo/labo-1/table/60/hote")).status_code == 200
        for number in ("0", "61", "x", "a.1", "9" * 5_000):
            for page in ("", "/hote"):
                reply = await someone.get(f"/labo/labo-1/table/{number}{page}")
                assert reply.status_code == 404, number[:9]


async def test_host_leads_their_table_alone(tv: House) -> None:
    async with (
        tv.crew() as crew,
        tv.crew(Role.HOST, table="labo-1.1", name="Léa") as lea,
        tv.crew(Role.HOST, lab="labo-1") as both,
        tv.someone() as ann,
    ):
        address = await opened(crew)
        assert (await good(lea.post(f"{TABLE}:host")))["hosts"] == ["Léa"]
        assert (await good(both.post(f"{TABLE}:host", json={"name": "Max"})))["hosts"] == [
            "Léa",
            "Max",
        ]
        problem(await lea.post(f"{TABLE}:reveal"), 409, "wrong-state")
        await good(crew.post(f"{address}:advance"))
        assert (await good(lea.post(f"{TABLE}:reveal")))["revealed"] == 1
        for host, table in ((lea, "labo-1.2"), (both, "labo-2.1")):
            for verb in ("host", "reveal"):
                refused = await host.post(f"/api/v1/tables/{table}:{verb}")
                problem(refused, 403, "other-table")
        problem(await ann.post(f"{TABLE}:reveal"), 403, "role-required")
        assert (await good(crew.post("/api/v1/tables/labo-2.1:reveal")))["revealed"] == 1


async def test_kiosk_makes_a_person_for_each_place(tv: House) -> None:
    person = f"{TABLE}:person"
    async with tv.crew() as crew, tv.crew(Role.KIOSK, table="labo-1.1") as kiosk:
        before = await good(kiosk.post(person), 201)
        assert (before["table"], before["lab"], before["seat"]) == ("labo-1.1", "labo-1", None)
        address = await opened(crew)
        key = {"idempotency-key": "one"}
        first, again = [await good(kiosk.post(person, headers=key), 201) for _ in range(2)]
        assert first["id"] == again["id"]
        assert first["seat"]["table"] == "labo-1.1"
        second = await kiosk.post(person)
        assert f'{PARTICIPANT_COOKIE}=""' in second.headers["set-cookie"]
        assert second.json()["id"] not in (first["id"], before["id"])
        full = problem(await kiosk.post(person), 409, "table-full")
        assert full["current"]["kiosk_seated"] == 2
        problem(await kiosk.post("/api/v1/tables/labo-1.2:person"), 403, "other-table")
        problem(await kiosk.post("/api/v1/tables/labo-9.1:person"), 404, "unknown-table")
        problem(await crew.post(person), 403, "role-required")
        for _ in range(2):
            await good(crew.post(f"{address}:advance"))
        await good(kiosk.post(person), 201)  # people move: there is room for the next round
    async with tv.client(first["token"]) as they:
        assert (await good(they.get("/api/v1/session")))["table"] == "labo-1.1"
        assert (await good(they.post(f"{TABLE}:sit")))["id"] == "labo-1.1"


async def test_who_sat_at_a_tablet_without_a_network_is_taken_in_when_it_is_back(tv: House) -> None:
    person = f"{TABLE}:person"
    async with tv.crew() as crew, tv.crew(Role.KIOSK, table="labo-1.1") as kiosk:
        address = await opened(crew)
        cafe = address.rpartition("/")[2]
        for _ in range(2):
            await good(kiosk.post(person), 201)
        key, first_round = {"idempotency-key": "late"}, {"cafe": cafe, "round": 1}
        problem(await kiosk.post(person, headers=key), 409, "table-full")
        late = await good(kiosk.post(person, headers=key, json=first_round), 201)
        assert late["seat"]["table"] == "labo-1.1"
        assert (await good(crew.get(TABLE)))["kiosk_seated"] == 3
        again = await good(kiosk.post(person, headers=key, json=first_round), 201)
        assert again["id"] == late["id"]
        for _ in range(3):
            await good(crew.post(f"{address}:advance"))
        await good(kiosk.post(person, json=first_round), 201)  # their round is over
        for _ in range(2):
            await good(kiosk.post(person), 201)  # and none of these has lost a place by that
        other = await good(kiosk.post(person, json={"cafe": "c_other", "round": 1}), 201)
        assert other["seat"] is None
        problem(await kiosk.post(person, json={"round": -1}), 422, "invalid-body")


async def test_pages_of_all_laboratories_hear_of_each(tv: House) -> None:
    async with tv.crew() as crew, tv.page(labs="", cafes="", **{"table_labo-2.1": ""}) as page:
        await opened(crew)
        told: dict[str, set[str]] = {"labs": set(), "cafes": set(), "table:labo-2.1": set()}
        async with asyncio.timeout(10):
            while not all(told.values()) or len(told["labs"]) < 8:
                view = await page.view()
                told[view["topic"]] |= {f"{item['kind']}:{item['id']}" for item in view["items"]}
    assert told["table:labo-2.1"] == {"table:labo-2.1"}
    assert {"progress:labo-1", "progress:labo-2", "table:labo-1.3"} <= told["labs"]
    assert {name.partition(":")[0] for name in told["cafes"]} == {"cafe"}


async def test_draft_is_not_in_the_audiences_views(tv: House) -> None:
    async with tv.crew() as crew, tv.client() as anyone:
        made = await good(crew.post(CAFES, json=SESSION), 201)
        assert (await good(anyone.get("/api/v1/views/cafes")))["items"] == []
        [shown] = (await good(crew.get("/api/v1/views/cafes")))["items"]
        assert shown["id"] == made["id"]
        await good(crew.post(f"{CAFES}/{made['id']}:open"))
        [shown] = (await good(anyone.get("/api/v1/views/cafes")))["items"]
        table = tv.follower.audience.cafes.tables["labo-1.2"]
        [item] = (await good(anyone.get("/api/v1/views/table:labo-1.2")))["items"]
        assert (shown["state"], item) == ("open", table_item(table))


def test_pass_of_a_table_leads_to_its_page(tmp_path: Path) -> None:
    config = tmp_path / "settings.toml"
    config.write_text('[labs.labo-1]\nname = "Chercher"\n', encoding="utf-8")

    def printed(role: str, lab: str = "labo-1", table: int = 0) -> Result:
        where = ("--data", str(tmp_path / "data"), "--config", str(config))
        place = ("--lab", lab, "--table", str(table))
        return CliRunner().invoke(cli.app, ["pass", role, "--name", "Léa", *place, *where])

    page, _, token = printed("host", table=3).stdout.splitlines()[0].partition("#pass=")
    assert page.endswith("/labo/labo-1/table/3/hote")
    held = Passes(load_secret(tmp_path / "data")).read(token)
    assert (held.role, held.name, held.lab, held.table) == ("host", "Léa", "labo-1", "labo-1.3")
    assert "/labo/labo-1/table/3#pass=" in printed("kiosk", table=3).stdout
    assert "/labo/labo-1#pass=" in printed("kiosk").stdout
    for lab, table in (("labo-9", 0), ("", 3)):
        assert printed("host", lab, table).exit_code == 2
