"""A weights file is known without being loaded, and never believed when it is not whole."""

import struct
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from captions.models import checkpoint, packages, weights
from captions.models.checkpoint import Damaged
from tests.captions.model_folders import ENGLISH, nano
from tests.captions.speech import model_cache

ONE_FILE = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A file of a few hundred bytes in CTranslate2's layout."""
    return written([("encoder/conv1/weight", (4, 80, 3)), ("decoder/embeddings/weight", (9, 4))])


def written(variables: list[tuple[str, tuple[int, ...]]], kind: str = "WhisperSpec") -> bytes:
    def name(text: str) -> bytes:
        return struct.pack("<H", len(text) + 1) + text.encode() + b"\0"

    data = struct.pack("<I", 6) + name(kind) + struct.pack("<II", 3, len(variables))
    for variable, shape in variables:
        size = 2
        for dimension in shape:
            size *= dimension
        data += name(variable) + struct.pack(f"<B{len(shape)}I", len(shape), *shape)
        data += struct.pack("<BI", 4, size) + bytes(size)
    return data + struct.pack("<I", 1) + name("decoder/projection/weight") + name("another")


def test_base_tells_what_it_is() -> None:
    found = checkpoint.read(weights.resolve("base", model_cache()) / "model.bin")
    assert (found.parameters, found.size_bytes) == (72_603_145, packages.SIZE)
    assert found.whisper
    assert found.multilingual
    assert found.mels == 80


def test_what_ctranslate2_writes_is_read(tmp_path: Path) -> None:
    found = checkpoint.read(nano(tmp_path, vocabulary=ENGLISH, bands=128) / "model.bin")
    assert found.whisper
    assert not found.multilingual
    assert found.mels == 128


@ONE_FILE
@given(share=st.floats(0, 1, exclude_max=True))
def test_a_file_that_breaks_off_is_damaged(share: float, small: bytes, tmp_path: Path) -> None:
    file = tmp_path / "model.bin"
    file.write_bytes(small[: int(share * len(small))])
    with pytest.raises(Damaged):
        checkpoint.read(file)


def test_what_is_missing_is_counted(small: bytes, tmp_path: Path) -> None:
    file = tmp_path / "model.bin"
    file.write_bytes(small[:-100])
    with pytest.raises(Damaged, match=r"il y manque au moins \d+ octets"):
        checkpoint.read(file)


@ONE_FILE
@given(noise=st.binary(max_size=200), header=st.booleans())
def test_noise_is_damaged(noise: bytes, header: bool, small: bytes, tmp_path: Path) -> None:
    file = tmp_path / "model.bin"
    file.write_bytes((small[:30] if header else b"") + noise)
    with pytest.raises(Damaged):
        checkpoint.read(file)


def test_more_than_was_announced_is_damaged(small: bytes, tmp_path: Path) -> None:
    file = tmp_path / "model.bin"
    file.write_bytes(small)
    assert checkpoint.read(file).parameters == 4 * 80 * 3 + 9 * 4
    file.write_bytes(small + b"?")
    with pytest.raises(Damaged, match="incohérent"):
        checkpoint.read(file)


def test_another_architecture_is_told(tmp_path: Path) -> None:
    file = tmp_path / "model.bin"
    file.write_bytes(written([], "TransformerSpec"))
    assert not checkpoint.read(file).whisper
