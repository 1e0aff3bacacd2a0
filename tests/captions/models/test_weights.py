"""The model is found, joined once, and never used damaged."""

from pathlib import Path

import pytest

from captions.errors import ModelUnavailable
from captions.hearing.whisper import Whisper
from captions.models import packages, weights


def test_base_is_joined_from_the_packages_and_its_progress_told(tmp_path: Path) -> None:
    steps: list[tuple[int, int]] = []
    folder = weights.resolve("base", tmp_path, lambda done, total: steps.append((done, total)))
    assert (folder / "model.bin").stat().st_size == packages.SIZE
    assert steps[-1] == (packages.SIZE, packages.SIZE)
    assert [path.name for path in tmp_path.iterdir()] == [folder.name]
    steps.clear()
    assert (
        weights.resolve("base", tmp_path, lambda done, total: steps.append((done, total))) == folder
    )
    assert steps == []


def test_a_damaged_model_in_the_cache_is_made_again(tmp_path: Path) -> None:
    folder = weights.resolve("base", tmp_path)
    with (folder / "model.bin").open("r+b") as file:
        file.truncate(1_000_000)
    assert weights.resolve("base", tmp_path) == folder
    assert (folder / "model.bin").stat().st_size == packages.SIZE
    with (folder / "model.bin").open("r+b") as file:
        file.seek(50_000_000)
        file.write(b"damaged")
    weights.resolve("base", tmp_path)
    Whisper(folder)


def test_a_folder_that_is_no_model_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailable, match=r"il y manque model.bin, config.json"):
        weights.resolve(str(tmp_path), tmp_path)


def test_an_unknown_size_is_refused_with_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailable, match=r"inconnu « gigantic ».*base"):
        weights.resolve("gigantic", tmp_path)


def test_a_cache_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file is in the way")
    with pytest.raises(ModelUnavailable, match=r"Impossible d’écrire"):
        weights.resolve("base", tmp_path / "cache")


def test_truncated_weights_are_refused_with_what_to_do(tmp_path: Path) -> None:
    good = weights.resolve("base", tmp_path / "cache")
    bad = tmp_path / "bad"
    bad.mkdir()
    for file in good.iterdir():
        (bad / file.name).write_bytes(file.read_bytes()[:10_000_000])
    with pytest.raises(ModelUnavailable, match=r"incomplet.* Remplacez ce dossier"):
        weights.resolve(str(bad), tmp_path)
    with pytest.raises(ModelUnavailable, match=r"incomplet"):
        Whisper(bad)


def test_base_is_verified_by_its_checksum(tmp_path: Path) -> None:
    folder = weights.resolve("base", tmp_path)
    assert weights.verify(folder)
    with (folder / "model.bin").open("r+b") as file:
        file.seek(50_000_000)
        file.write(b"damaged")
    with pytest.raises(ModelUnavailable, match=r"ne sont plus ceux"):
        weights.verify(folder)
