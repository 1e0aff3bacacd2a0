"""A backup brings everything back; half of one touches nothing; who was erased stays so."""

import asyncio
import io
import stat
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from engagement.questions import QuestionApproved
from tests.servers import Fabrique, StoreServer
from tests.tv.test_snapshots import asked
from tv import commanding, erasing
from tv.backup import BackupError, backup
from tv.folder import Folder, FolderError
from tv.restoring import _exchange, restore
from tv.settings import Settings, load
from tv.supervisor import StoreSilent

SETTINGS = load(None, {})


async def written(folder: Folder, count: int = 3) -> None:
    """Some of an event, and files as a server leaves them."""
    async with commanding.opened(folder, SETTINGS) as desk:
        for number in range(count):
            await desk.follower.write(asked(number))
        await desk.follower.write(QuestionApproved(id="a", at=400.0, by="crew", question="q0"))
    day = folder.recording / "plateau" / "2026-11-26"
    day.mkdir(parents=True)
    (day / "index.jsonl").write_text("{}\n")
    (day / "s1.m4s").write_bytes(bytes(1000))
    folder.wall.mkdir(exist_ok=True)
    (folder.wall / "photo.webp").write_bytes(b"picture")
    (folder.cache / "weights").write_bytes(b"large")
    (folder.path / "secret").write_bytes(b"s" * 32)


async def questions(folder: Folder, settings: Settings = SETTINGS) -> dict[str, str]:
    async with commanding.opened(folder, settings) as desk:
        return {each.id: each.body for each in desk.follower.audience.questions.by_id.values()}


async def test_all_comes_back_and_what_was_there_is_moved_aside(tmp_path: Path) -> None:
    folder, file = Folder(tmp_path / "data"), tmp_path / "thursday.tar"
    async with asyncio.timeout(120):
        await written(folder)
        assert await backup(folder, SETTINGS, file) == file.stat().st_size
        async with commanding.opened(folder, SETTINGS) as desk:
            await desk.follower.write(asked(7))  # after the backup
        assert file.stat().st_mode & 0o777 == 0o600  # the secret is in it
        there = folder.path.stat().st_ino  # it may be a mount
        count, aside = await restore(folder, SETTINGS, file)
        assert (count, folder.path.stat().st_ino) == (4, there)
        assert await questions(folder) == {f"q{n}": f"Question {n} ?" for n in range(3)}
        assert aside is not None
        assert set(await questions(Folder(aside))) == {"q0", "q1", "q2", "q7"}
    kept = folder.recording / "plateau" / "2026-11-26" / "s1.m4s"
    assert kept.read_bytes() == bytes(1000)
    assert (folder.wall / "photo.webp").read_bytes() == b"picture"
    assert (folder.path / "secret").read_bytes() == b"s" * 32
    assert (folder.cache / "weights").is_file()  # not in the backup, and not fetched again
    assert {each.parent for each in folder.path.glob("avant-*/secret")} == {aside}
    assert not (folder.path / ".restoring").exists()


async def test_a_backup_is_brought_to_a_new_machine(tmp_path: Path) -> None:
    folder, file, other = Folder(tmp_path / "a"), tmp_path / "b.tar", Folder(tmp_path / "b")
    async with asyncio.timeout(60):
        await written(folder)
        await erasing.erase(folder, SETTINGS, "p_1")
        await backup(folder, SETTINGS, file)
        assert await restore(other, SETTINGS, file) == (5, None)
        assert await questions(other) == await questions(folder)
    assert other.erased.read_bytes().split() == folder.erased.read_bytes().split()


async def test_a_store_elsewhere_is_filled_when_it_is_empty_of_the_event_and_answers(
    store_server: StoreServer, tmp_path: Path
) -> None:
    folder, file = Folder(tmp_path / "data"), tmp_path / "b.tar"
    elsewhere = load(None, {"FABRIQUE_STORE__URL": store_server.url})
    async with asyncio.timeout(60):
        await written(folder)
        await erasing.erase(folder, SETTINGS, "p_1")
        await backup(folder, SETTINGS, file)
        before = sorted(folder.path.rglob("*"))
        (folder.path / "avant-19700101-000000").mkdir()
        with pytest.raises(BackupError, match="rien n’a été changé"):
            await restore(folder, elsewhere, file, now=lambda: -time.localtime(0).tm_gmtoff)
        (folder.path / "avant-19700101-000000").rmdir()
        assert sorted(folder.path.rglob("*")) == before
        count, aside = await restore(folder, elsewhere, file)  # the store was left empty
        assert (count, aside is None) == (5, False)
        assert (await questions(folder, elsewhere))["q1"] == ""
        before = sorted(folder.path.rglob("*"))
        with pytest.raises(BackupError, match="déjà un journal"):
            await restore(folder, elsewhere, file)
        store_server.kill()
        with pytest.raises(StoreSilent):
            await restore(folder, elsewhere, file)
    assert sorted(folder.path.rglob("*")) == before


async def test_only_what_a_backup_holds_is_unpacked(tmp_path: Path) -> None:
    folder, file = Folder(tmp_path / "data"), tmp_path / "b.tar"
    async with asyncio.timeout(60):
        await written(folder)
        await backup(folder, SETTINGS, file)
        with tarfile.open(file, "a") as tar:
            for name in ("wall/../../outside", "wall/../store/x", "/outside", "cache/x"):
                member = tarfile.TarInfo(name)
                member.size = 5
                tar.addfile(member, io.BytesIO(b"other"))
        await restore(folder, SETTINGS, file)
    assert b"other" not in contents(tmp_path)


def test_what_cannot_be_exchanged_stays_as_it_was(tmp_path: Path) -> None:
    """The other half is on another disk here: the first renaming works, a later one fails."""
    for name in ("secret", "store/log", "erased.jsonl"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("ours")
    with tempfile.TemporaryDirectory(dir="/dev/shm") as staged:
        (Path(staged) / "secret").write_text("theirs")
        before = sorted(tmp_path.rglob("*"))
        with pytest.raises(OSError, match="cross-device"):
            _exchange(tmp_path, Path(staged), now=0.0)
    assert sorted(tmp_path.rglob("*")) == before
    assert contents(tmp_path) == [b"ours"] * 3


def contents(path: Path) -> list[bytes]:
    return [each.read_bytes() for each in path.rglob("*") if each.is_file()]


async def test_who_was_erased_since_is_erased_again(tmp_path: Path) -> None:
    folder, file = Folder(tmp_path / "data"), tmp_path / "before.tar"
    async with asyncio.timeout(120):
        await written(folder)
        await backup(folder, SETTINGS, file)
        await erasing.erase(folder, SETTINGS, "p_1")
        await restore(folder, SETTINGS, file)
        assert (await questions(folder))["q1"] == ""
        async with commanding.opened(folder, SETTINGS) as desk:
            store: Any = desk.store
            entries = await store.xrange(desk.journal.key)
        assert b"Question 1" not in b"".join(fields[b"e"] for _, fields in entries)


async def test_a_pass_or_a_key_that_was_ended_since_opens_nothing(tmp_path: Path) -> None:
    folder, file = Folder(tmp_path / "data"), tmp_path / "before.tar"
    async with asyncio.timeout(60):
        await written(folder)
        folder.revoked.write_text("pass_000000000001\n")
        folder.renewed.write_text("plateau primary 1\n")
        await backup(folder, SETTINGS, file)
        folder.renewed.write_text("plateau primary 1\nplateau primary 2\n")
        folder.revoked.write_text("pass_000000000001\npass_000000000002\n")
        await restore(folder, SETTINGS, file)
        assert folder.revoked.read_text().split() == ["pass_000000000001", "pass_000000000002"]
        assert stat.S_IMODE(folder.revoked.stat().st_mode) == 0o600
        assert folder.renewed.read_text().splitlines() == ["plateau primary 1", "plateau primary 2"]


async def test_recordings_may_be_left_out(tmp_path: Path) -> None:
    folder, file = Folder(tmp_path / "data"), tmp_path / "small.tar"
    async with asyncio.timeout(60):
        await written(folder)
        await backup(folder, SETTINGS, file, recordings=False)
    with tarfile.open(file) as tar:
        names = tar.getnames()
    assert names[0] == "journal.msgpack"
    assert "wall/photo.webp" in names
    assert not [name for name in names if name.startswith("recording")]


def folders(path: Path) -> list[str]:
    return [each.name for each in path.iterdir() if each.is_dir()]


def cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-12_000])


def other(file: Path) -> None:
    with tarfile.open(file, "w") as tar:
        tar.add(__file__, "holidays.jpg")


@pytest.mark.parametrize(
    "spoil", [cut, other, lambda file: file.write_bytes(b"x" * 9000), lambda file: file.unlink()]
)
async def test_half_a_backup_touches_nothing(
    tmp_path: Path, spoil: Callable[[Path], object]
) -> None:
    folder, file = Folder(tmp_path / "data"), tmp_path / "b.tar"
    async with asyncio.timeout(60):
        await written(folder)
        await backup(folder, SETTINGS, file)
        spoil(file)
        with pytest.raises(BackupError, match=r"sauvegarde|illisible"):
            await restore(folder, SETTINGS, file)
        assert len(await questions(folder)) == 3
    assert folders(tmp_path) == ["data"]


async def test_a_folder_that_a_server_has_is_left_alone(tmp_path: Path) -> None:
    folder, file = Folder(tmp_path / "data"), tmp_path / "b.tar"
    async with asyncio.timeout(60):
        await written(folder)
        await backup(folder, SETTINGS, file)
        with folder.locked(), pytest.raises(FolderError, match="arrêtez-le"):
            await restore(folder, SETTINGS, file)


async def test_another_events_backup_is_refused(tmp_path: Path) -> None:
    folder, file = Folder(tmp_path / "data"), tmp_path / "b.tar"
    async with asyncio.timeout(60):
        await written(folder)
        await backup(folder, SETTINGS, file)
        with pytest.raises(BackupError, match="«\u00a0fabrique\u00a0»"):
            await restore(folder, load(None, {"FABRIQUE_EVENT__SLUG": "other"}), file)


@pytest.mark.slow
def test_a_server_that_runs_is_saved_and_not_restored_over(
    served: Fabrique, tmp_path: Path
) -> None:
    with httpx.Client(base_url=served.url, timeout=15) as viewer:
        token = viewer.post("/api/v1/participants", json={}).json()["token"]
        asked = {"body": "Est-ce gardé ?"}
        viewer.headers["authorization"] = f"Bearer {token}"
        assert viewer.post("/api/v1/talks/direct/questions", json=asked).status_code == 201

    def run(command: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, "-m", "tv", command, str(tmp_path / "live.tar"), "--data",
             str(served.folder.path)],
            capture_output=True, text=True, timeout=100, env=served.environment,
        )  # fmt: skip

    saved = run("backup")
    assert saved.returncode == 0, saved.stderr
    assert "Mo" in saved.stdout
    with tarfile.open(tmp_path / "live.tar") as tar:
        journal = tar.extractfile("journal.msgpack")
        assert journal is not None
        assert "Est-ce gardé ?".encode() in journal.read()
    refused = run("restore")
    assert refused.returncode == 2
    assert "arrêtez-le" in refused.stderr
