"""An idea's journey: from a table to another one, into a synthesis, on air and onto paper."""

import asyncio
import io
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from pypdf import PdfReader
from redis.asyncio import Redis

from tests.tv.house import House, house
from tv.auth import Role
from tv.settings import load

LABS = {
    "FABRIQUE_LABS__LABO_1__NAME": "Chercher",
    "FABRIQUE_LABS__LABO_1__STEP": "Recherche de logement",
    "FABRIQUE_LABS__LABO_1__COLOUR": "#0a6e4f",
    "FABRIQUE_LABS__LABO_1__PICTOGRAM": "🔍",
    "FABRIQUE_LABS__LABO_2__NAME": "Habiter",
}
PLAN = {
    "title": "Le parcours du locataire",
    "prompts": ["Que faut-il changer d’abord ?"],
    "tables": {"labo-1": 7, "labo-2": 3},
    "rounds": 2,
}
WORDS = "Un guide du locataire écrit avec les gardiens"


@pytest.fixture
async def tv(redis: Redis, tmp_path: Path) -> AsyncIterator[House]:
    async with house(redis, load(None, LABS), data=tmp_path) as served:
        yield served


async def said(asking: Any, status: int = 200) -> Any:
    answer = await asking
    assert answer.status_code == status, answer.text
    return answer.json()


async def test_idea_of_a_table_reaches_another_the_air_and_the_booklet(tv: House) -> None:
    async with (
        asyncio.timeout(60),
        tv.crew(Role.OPERATOR, name="Régie") as desk,
        tv.someone("Ann", "labo-1") as ann,
        tv.someone("Bob") as bob,
        tv.crew(Role.HOST, name="Hélène", table="labo-1.7") as host,
    ):
        cafe = await said(desk.post("/api/v1/cafes", json=PLAN), 201)
        await said(desk.post(f"/api/v1/cafes/{cafe['id']}:open"))
        await advance(desk, cafe, "round", 1)

        await said(ann.post("/api/v1/tables/labo-1.3:sit"))
        body = {"cafe": cafe["id"], "table": "labo-1.3", "round": 1, "text": WORDS}
        idea = await said(ann.post("/api/v1/contributions", json=body), 201)
        await advance(desk, cafe, "moving", 1)
        await advance(desk, cafe, "round", 2)

        await said(ann.post("/api/v1/tables/labo-1.7:sit"))
        async with tv.page(**{"table_labo-1.7": ""}) as tablet:
            await said(
                ann.post(f"/api/v1/contributions/{idea['id']}:carry", json={"table": "labo-1.7"})
            )
            card = await shown(tablet, "table:labo-1.7", idea["id"])
        assert (card["table"], card["round"]) == ("labo-1.3", 1)
        assert card["stops"] == [{"table": "labo-1.7", "round": 2}]
        for person, dots in ((ann, 2), (bob, 3)):
            address = f"/api/v1/contributions/{idea['id']}/dots"
            await said(person.put(address, json={"dots": dots}))
        await advance(desk, cafe, "gathering", 2)

        draft = {"table": "labo-1.7", "name": "Accueillir", "contributions": [idea["id"]]}
        group = await said(host.post("/api/v1/clusters", json=draft), 201)
        text = {"title": "Un guide pour tous", "body": "Court.\nÉcrit ensemble."}
        draft = {"table": "labo-1.7", "clusters": [group["id"]], **text}
        synthesis = await said(host.post("/api/v1/syntheses", json=draft), 201)
        address = f"/api/v1/syntheses/{synthesis['id']}"
        async with tv.page(shared="", overlay="") as screen:
            await said(host.post(f"{address}:share", json={"open": True}))
            await shown(screen, "shared", synthesis["id"])
            entry = {"type": "synthesis", "shows": synthesis["id"]}
            queued = await said(desk.post("/api/v1/rundown", json=entry), 201)
            await said(desk.post(f"/api/v1/rundown/{queued['id']}:take"))
            while "Un guide pour tous" not in str((await screen.view("overlay"))["items"]):
                pass

        await accounted(desk, cafe)
        file = await desk.get("/api/v1/booklet.pdf", params={"lab": "labo-1"})
        assert file.headers["content-type"] == "application/pdf"
        pages = PdfReader(io.BytesIO(file.content)).pages
        printed = " ".join(" ".join(page.extract_text() for page in pages).split())
        for told in ("Chercher", "Un guide pour tous", "Hélène", WORDS, "Accueillir"):
            assert told in printed
        assert "Table 3, tour 1 › table 7, tour 2" in printed
        assert "Habiter" not in printed


async def accounted(desk: httpx.AsyncClient, cafe: Any) -> None:
    """The comparison and the tables tell of it, and of nobody."""
    compared = await said(desk.get(f"/api/v1/cafes/{cafe['id']}/comparison"))
    first, second = compared["items"]
    assert (first["lab"], first["ideas"], first["shared"], second["ideas"]) == ("labo-1", 1, 1, 0)
    assert (first["people"], first["dots"], first["top"]) == (None, None, None)  # two are too few
    tables = await said(desk.get(f"/api/v1/cafes/{cafe['id']}/tables.json"))
    (row,) = tables["ideas"]
    assert row["way"] == "table 3, tour 1 › table 7, tour 2"
    assert (row["lab"], row["table"], row["dots"], row["groups"]) == (
        "Chercher", 3, 5, "Accueillir",
    )  # fmt: skip
    assert [each["title"] for each in tables["syntheses"]] == ["Un guide pour tous"]


async def advance(desk: httpx.AsyncClient, cafe: Any, step: str, round: int) -> None:
    driven = await said(desk.post(f"/api/v1/cafes/{cafe['id']}:advance"))
    assert {(each["step"], each["round"]) for each in driven["progress"]} == {(step, round)}


async def shown(page: Any, topic: str, id: str) -> Any:
    """The item of this id, once the page shows it."""
    while True:
        for item in (await page.view(topic))["items"]:
            if item["id"] == id:
                return item
