"""Commands that work on the journal, while no server runs."""

import asyncio
import stat
from pathlib import Path

import msgspec
import pytest

from engagement.questions import QuestionApproved
from tests.servers import StoreServer
from tests.tv.test_snapshots import asked
from tv import commanding, erasing, exporting
from tv.folder import Folder
from tv.settings import load
from tv.supervisor import StoreSilent

FOR_EVER = -1  # the time to live of what has no end


async def test_participant_is_erased_and_the_rest_exported(tmp_path: Path) -> None:
    folder, settings, files = Folder(tmp_path / "data"), load(None, {}), tmp_path / "files"
    files.mkdir()
    async with asyncio.timeout(60):
        async with commanding.opened(folder, settings) as desk:
            assert desk.alone
            # Killed now, it must not keep the next server's clerk waiting.
            assert await desk.store.pttl("fabrique:{fabrique}:clerk") != FOR_EVER
            for number in range(3):
                await desk.follower.write(asked(number))
            await desk.follower.write(QuestionApproved(id="a", at=400.0, by="crew", question="q0"))
        for nobody in ("p_9", "crew"):
            with pytest.raises(erasing.Unknown, match=nobody):
                await erasing.erase(folder, settings, nobody)
        assert await erasing.erase(folder, settings, "p_1") == (1, True)
        await exporting.export(folder, settings, files)
    for each in files.rglob("*"):
        assert stat.S_IMODE(each.stat().st_mode) == (0o700 if each.is_dir() else 0o600), each
    text = (files / "journal.jsonl").read_text()
    assert "Question 1" not in text
    assert "p_1" not in text
    events = [msgspec.json.decode(line)["event"] for line in text.splitlines()]
    assert [event.get("body") for event in events] == [
        "Question 0 ?",
        "",
        "Question 2 ?",
        None,
        None,
    ]
    with folder.locked():
        pass  # nothing of it runs any more


async def test_store_that_goes_away_meanwhile_is_told_as_such(
    store_server: StoreServer, tmp_path: Path
) -> None:
    settings = load(None, {"FABRIQUE_STORE__URL": store_server.url})

    async def export() -> None:
        async with asyncio.timeout(30), commanding.opened(Folder(tmp_path), settings) as desk:
            store_server.kill()
            await exporting.journal_lines(desk, settings, tmp_path)

    with pytest.raises(StoreSilent, match="ne répond pas"):
        await export()
