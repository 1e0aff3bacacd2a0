"""Commands that work on the journal, while no server runs."""

import asyncio
from pathlib import Path

import msgspec
import pytest

from tests.tv.test_snapshots import asked
from tv import commanding, erasing, exporting
from tv.folder import Folder
from tv.settings import load


async def test_participant_is_erased_and_the_rest_exported(tmp_path: Path) -> None:
    folder, settings, files = Folder(tmp_path / "data"), load(None, {}), tmp_path / "files"
    files.mkdir()
    async with asyncio.timeout(60):
        async with commanding.opened(folder, settings) as desk:
            assert desk.alone
            for number in range(3):
                await desk.follower.write(asked(number))
        with pytest.raises(erasing.Unknown, match="p_9"):
            await erasing.erase(folder, settings, "p_9")
        assert await erasing.erase(folder, settings, "p_1") == (1, True)
        await exporting.export(folder, settings, files)
    text = (files / "journal.jsonl").read_text()
    assert "Question 1" not in text
    assert "p_1" not in text
    events = [msgspec.json.decode(line)["event"] for line in text.splitlines()]
    assert [event.get("body") for event in events] == ["Question 0 ?", "", "Question 2 ?", None]
    with folder.locked():
        pass  # nothing of it runs any more
