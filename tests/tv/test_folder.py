"""One server per data folder, and a clear word when it cannot be used."""

from pathlib import Path

import pytest

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
