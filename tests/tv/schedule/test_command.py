"""`fabrique-tv schedule`: with a server that runs, and with none."""

import asyncio
from pathlib import Path

import pytest

from engagement.talks.plan import TALKS
from tests.servers import StoreServer
from tests.tv.house import house
from tests.tv.schedule.files import frab, hers, talk
from tv import store
from tv.folder import Folder
from tv.schedule import command
from tv.schedule.errors import ScheduleError
from tv.settings import load


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "programme.json"
    path.write_bytes(frab())
    return path


def test_schedule_is_kept_before_the_server_first_ran(tmp_path: Path, file: Path) -> None:
    folder, settings = Folder(tmp_path / "data"), load(None, {})
    shown = command.bring(folder, settings, file, "programme", True)
    assert shown[0] == "Ajoutée\u00a0: Ouverture : loger mieux – 26/11/2026 09:00"
    assert shown[-1] == "Rien n’a été changé (--dry-run)."
    assert command.bring(folder, settings, file, "programme", False)[:2] == shown[:2]
    file.write_bytes(frab(talk(date="2026-11-26T09:15:00+01:00")))
    later = command.bring(folder, settings, file, "programme", True)
    assert later[0].splitlines() == [
        "Modifiée\u00a0: Ouverture : loger mieux – 26/11/2026 09:15",
        "    début\u00a0: 26/11/2026 09:00 → 26/11/2026 09:15",
        "    fin\u00a0: 26/11/2026 09:45 → 26/11/2026 10:00",
    ]
    assert later[1].startswith("Annulée\u00a0: Quitter son logement")
    assert later[-2].startswith("Interventions dans le fichier\u00a0: 1\u202f; ajoutées\u00a0: 0,")
    file.write_bytes(frab(talk(type="Pause"), hers()))
    kind = command.bring(folder, settings, file, "programme", True)[0].splitlines()[1]
    assert kind == "    type\u00a0: conférence → pause"
    written = tmp_path / "agenda.ics"
    command.take(folder, settings, written, "")
    assert written.read_bytes().startswith(b"BEGIN:VCALENDAR\r\n")


async def test_schedule_reaches_a_server_that_runs(
    store_server: StoreServer, tmp_path: Path, file: Path
) -> None:
    settings = load(None, {"FABRIQUE_STORE__URL": store_server.url})
    async with (
        store.connected(store_server.url) as client,
        house(client) as tv,
        tv.page(talks="") as page,
    ):
        folder = Folder(tmp_path / "data")
        await asyncio.to_thread(command.bring, folder, settings, file, "programme", False)
        async with asyncio.timeout(10):
            while "Quitter son logement" not in str(await page.view("talks")):
                pass


def test_why_a_schedule_is_refused_is_said(tmp_path: Path) -> None:
    folder, settings = Folder(tmp_path / "data"), load(None, {})
    file = tmp_path / "programme.csv"

    def bring(day: int) -> None:
        rows = (f"{day}-{number};Séance {number}\n" for number in range(TALKS))
        file.write_text("Identifiant;Titre\n" + "".join(rows), encoding="utf-8")
        command.bring(folder, settings, file, "programme", False)

    bring(1)
    bring(2)
    with pytest.raises(ScheduleError, match=r"pas changé\u00a0: .* aurait trop"):
        bring(3)


def test_what_cannot_be_done_is_said(tmp_path: Path, file: Path) -> None:
    folder, settings = Folder(tmp_path / "data"), load(None, {})
    with pytest.raises(ScheduleError, match="introuvable"):
        command.bring(folder, settings, tmp_path / "absent", "programme", False)
    for nameless in ("", " ", "p" * 41):
        with pytest.raises(ScheduleError, match="--source"):
            command.bring(folder, settings, file, nameless, False)
    file.write_text("bonjour")
    with pytest.raises(ScheduleError, match="titre"):
        command.bring(folder, settings, file, "programme", False)
    with pytest.raises(ScheduleError, match="json ou ics"):
        command.take(folder, settings, None, "pdf")
