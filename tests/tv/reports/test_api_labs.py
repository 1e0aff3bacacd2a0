"""Files of the laboratories through the API: who may have which, and what the export writes."""

import asyncio
import io
from collections.abc import AsyncIterator
from pathlib import Path

import openpyxl
import pytest
from pypdf import PdfReader
from redis.asyncio import Redis

from engagement.cafe.events import CafeMade, CafeOpened, RoundAdvanced
from engagement.cafe.session import Plan
from engagement.ideas.events import IdeaMade
from engagement.syntheses.events import SynthesisBegun, SynthesisShared
from engagement.syntheses.synthesis import Text
from tests.tv.house import House, house
from tv import commanding, exporting
from tv.auth import Role
from tv.folder import Folder
from tv.follower import Follower
from tv.settings import load

LABS = {
    "FABRIQUE_LABS__NORD__NAME": "Chercher",
    "FABRIQUE_LABS__SUD__NAME": "Partir",
}
PLAN = Plan(title="Le parcours", prompts=("Quoi ?",), tables=(("nord", 2), ("sud", 2)))
PHOTO = f"{'a' * 24}-4x3.jpg"


async def write(follower: Follower) -> None:
    """A café with an idea that has a photo, and a synthesis in each laboratory."""
    events = [
        CafeMade(id="e1", at=1.0, by="crew", cafe="c", plan=PLAN),
        CafeMade(id="e2", at=2.0, by="crew", cafe="draft", plan=PLAN),
        CafeOpened(id="e3", at=3.0, by="crew", cafe="c"),
        RoundAdvanced(id="e4", at=4.0, by="crew", cafe="c"),
    ]
    for number, lab in enumerate(("nord", "sud")):
        act = {"at": 5.0, "by": "p_1"}
        events += [
            IdeaMade(
                id=f"i{number}",
                **act,
                idea=f"i{number}",
                cafe="c",
                table=f"{lab}.1",
                text=f"Idée de {lab}",
                picture=PHOTO,
            ),
            SynthesisBegun(
                id=f"b{number}",
                **act,
                synthesis=f"s{number}",
                table=f"{lab}.1",
                text=Text(title=f"Synthèse de {lab}", body="Un mot.", ideas=(f"i{number}",)),
            ),
            SynthesisShared(id=f"s{number}", **act, synthesis=f"s{number}"),
        ]
    for event in events:
        await follower.write(event)


@pytest.fixture
async def tv(redis: Redis, tmp_path: Path) -> AsyncIterator[House]:
    async with asyncio.timeout(30), house(redis, load(None, LABS), data=tmp_path) as served:
        await write(served.follower)
        yield served


def text_of(pdf: bytes) -> str:
    pages = PdfReader(io.BytesIO(pdf)).pages
    return " ".join(" ".join(page.extract_text() for page in pages).split())


async def test_tables_have_sheets_of_the_laboratories_for_moderators_alone(tv: House) -> None:
    async with tv.crew(Role.MODERATOR) as crew, tv.someone() as ann, tv.crew(Role.HOST) as host:
        book = openpyxl.load_workbook(io.BytesIO((await crew.get("/api/v1/tables.xlsx")).content))
        assert {"Laboratoires", "Idées", "Synthèses"} <= set(book.sheetnames)
        file = await crew.get("/api/v1/cafes/c/tables/ideas.csv?lab=sud")
        assert "Idée de sud" in file.text
        assert "Idée de nord" not in file.text
        assert (await crew.get("/api/v1/cafes/draft/tables.json")).json()["ideas"] == []
        for path, status in (
            ("/api/v1/cafes/c/tables.json?lab=est", 422),
            ("/api/v1/cafes/d/tables.json", 404),
            ("/api/v1/cafes/c/tables/talks.csv", 404),
        ):
            assert (await crew.get(path)).status_code == status, path
        for person in (ann, host):
            for path in ("/api/v1/tables.json", "/api/v1/cafes/c/tables.xlsx"):
                assert (await person.get(path)).status_code == 403


async def test_host_prints_the_booklet_of_their_own_laboratory(tv: House) -> None:
    async with (
        tv.crew(Role.HOST, table="nord.1") as host,
        tv.crew(Role.HOST) as everywhere,
        tv.someone() as ann,
    ):
        own = text_of((await host.get("/api/v1/booklet.pdf")).content)
        assert "Synthèse de nord" in own
        assert "Synthèse de sud" not in own
        other = await host.get("/api/v1/booklet.pdf?lab=sud")
        assert (other.status_code, other.json()["type"].rpartition(":")[2]) == (403, "other-lab")
        assert "Synthèse de sud" in text_of((await everywhere.get("/api/v1/booklet.pdf")).content)
        assert (await ann.get("/api/v1/booklet.pdf")).status_code == 403


async def test_comparison_is_for_everybody_once_the_session_is_open(tv: House) -> None:
    async with tv.client() as anybody, tv.crew(Role.MODERATOR) as crew:
        found = (await anybody.get("/api/v1/cafes/c/comparison")).json()
        assert [each["name"] for each in found["items"]] == ["Chercher", "Partir"]
        assert [each["people"] for each in found["items"]] == [None, None]
        assert found["totals"]["shared"] == 2
        assert (await anybody.get("/api/v1/cafes/draft/comparison")).status_code == 404
        assert (await crew.get("/api/v1/cafes/draft/comparison")).status_code == 200


async def test_export_has_the_tables_the_booklet_and_the_photos(tmp_path: Path) -> None:
    folder, settings, files = Folder(tmp_path / "data"), load(None, LABS), tmp_path / "files"
    files.mkdir()
    async with asyncio.timeout(60):
        async with commanding.opened(folder, settings) as desk:
            await write(desk.follower)
        folder.wall.mkdir(parents=True)
        (folder.wall / PHOTO).write_bytes(b"a photo")
        await exporting.export(folder, settings, files)
    assert "Idée de nord" in (files / "tables" / "ideas.csv").read_text()
    assert "Synthèse de sud" in (files / "tables" / "syntheses.csv").read_text()
    assert "Synthèse de nord" in text_of((files / "booklet.pdf").read_bytes())
    assert [path.name for path in (files / "pictures").iterdir()] == [PHOTO]
