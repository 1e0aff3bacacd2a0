"""One server per data folder, and a clear word when it cannot be used."""

import stat
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tv.cli import app
from tv.folder import Folder, FolderError


def test_second_owner_is_refused_and_told_who_has_it(tmp_path: Path) -> None:
    with (
        Folder(tmp_path).locked(),
        pytest.raises(FolderError, match="utilise déjà"),
        Folder(tmp_path).locked(),
    ):
        pass
    with Folder(tmp_path).locked():
        pass


def test_folder_that_is_a_file_is_said(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("")
    with pytest.raises(FolderError, match="Impossible d’écrire"):
        Folder(tmp_path / "data").make()


def test_long_path_still_has_a_usable_socket(tmp_path: Path) -> None:
    folder = Folder(tmp_path / ("x" * 60) / ("y" * 60))
    folder.make()
    assert len(str(folder.media_socket)) <= 100
    assert folder.media_socket != folder.store_socket


def test_sockets_go_into_no_folder_that_others_can_reach(tmp_path: Path) -> None:
    """Temporary folders are everybody's: somebody may have been there before us."""
    folder = Folder(tmp_path / ("x" * 60) / ("y" * 60))
    short = folder.media_socket.parent
    assert short.lstat().st_mode == stat.S_IFDIR | 0o700
    short.rmdir()
    try:
        short.symlink_to(tmp_path)
        with pytest.raises(FolderError, match="réservé"):
            _ = folder.media_socket
        short.unlink()
        short.symlink_to(tmp_path / "nowhere")
        with pytest.raises(FolderError, match="réservé"):
            _ = folder.media_socket
        short.unlink()
        short.mkdir()
        short.chmod(0o770)
        with pytest.raises(FolderError, match="réservé"):
            _ = folder.media_socket
    finally:
        short.unlink() if short.is_symlink() else short.rmdir()


def test_folder_that_no_installation_has_used_is_told_from_its_own(tmp_path: Path) -> None:
    Folder(tmp_path / "typed").make()
    for mistyped in (tmp_path / "typed", tmp_path / "nowhere"):
        with pytest.raises(FolderError, match="--data"):
            Folder(mistyped).check_known()
    assert not (tmp_path / "nowhere").exists()
    (tmp_path / "typed/secret").write_bytes(b"s")
    Folder(tmp_path / "typed").check_known()


@pytest.mark.parametrize("command", [["backup", "b.tar"], ["export", "files"], ["erase", "p_1"]])
def test_commands_say_that_there_is_nothing_in_a_mistyped_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: list[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    ran = CliRunner().invoke(app, [*command, "--data", "dta"])
    assert isinstance(ran.exception, FolderError)
    assert list(tmp_path.iterdir()) == []
