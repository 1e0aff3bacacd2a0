"""What is settled is read at once, and a model that is not as expected stays as it is."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from captions.models import checkpoint, numbers
from captions.models.numbers import Numbers, renumber
from captions.models.numbers import renumbered as renumbered_in
from tests.captions.model_folders import WIDTH, nano

START, FRENCH, LAST, TIMES = 50_258, 50_265, 50_363, 50_364
RARE, QUOTE = 40_000, 1  # a word without a second number; the token whose number the start takes


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return nano(tmp_path_factory.mktemp("model"))


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    (tmp_path / "copy").mkdir()
    return tmp_path / "copy"


@pytest.fixture
def renumbered(model: Path, copy: Path) -> Numbers:
    found = renumber(model, copy)
    assert found is not None
    return found


def second(token: int) -> int:
    return TIMES + (numbers.COMMONEST if token == LAST else token)


@pytest.mark.parametrize(
    ("text", "at_once", "read", "again"),
    [
        ([FRENCH, LAST], 2, [FRENCH, LAST], 0),
        ([FRENCH, LAST, 300, RARE, 301], 5, [FRENCH, LAST, 300, RARE, second(301)], 1),
        ([FRENCH, LAST, 300, 301, RARE], 5, [FRENCH, LAST, 300, second(301), RARE], 2),
        ([FRENCH, LAST, RARE], 3, [FRENCH, second(LAST), RARE], 2),
        ([FRENCH, LAST, 300, 301], 2, [FRENCH, second(LAST), 300, 301], 3),
        # These two break it off: what stands behind is decoded again, and right all the same.
        ([FRENCH, LAST, QUOTE, 301], 4, [FRENCH, LAST, second(QUOTE), second(301)], 2),
        ([FRENCH, LAST, 0, 301], 4, [FRENCH, LAST, 0, second(301)], 2),
    ],
)
def test_a_prompt_is_read_at_once_up_to_its_last_common_token(
    renumbered: Numbers, text: list[int], at_once: int, read: list[int], again: int
) -> None:
    prompt, decoded_again = renumbered.prompt([300, QUOTE], text, at_once)
    assert prompt == [300, second(QUOTE), renumbered.start, *read]
    assert decoded_again == again


def test_without_second_numbers_words_are_decoded_again() -> None:
    plain = Numbers(START, LAST)
    assert plain.prompt([300, QUOTE], [FRENCH, LAST, 300, 301], 4) == (
        [300, QUOTE, START, FRENCH, LAST, 300, 301],
        2,
    )


def test_a_token_reads_alike_by_both_of_its_numbers_and_is_written_by_the_first(
    model: Path, copy: Path, renumbered: Numbers
) -> None:
    before, after = (embeddings(folder / "model.bin") for folder in (model, copy))
    written = embeddings(copy / "model.bin", numbers.PROJECTION)
    expected = before.copy()
    expected[renumbered.start] = before[START]
    for token, other in renumbered.second.items():
        expected[other] = before[token]
    assert np.array_equal(after, expected)
    assert np.array_equal(written, before)
    names = (copy / "vocabulary.json").read_text(encoding="utf-8")
    assert names.index('"<|startoftranscript|>"') < 10  # the second one


def embeddings(file: Path, name: str = numbers.EMBEDDINGS) -> np.ndarray:
    found = checkpoint.layout(file).variables[name]
    values = file.read_bytes()[found.values : found.end]
    return np.frombuffer(values, np.float16).reshape(-1, WIDTH)


def test_a_model_too_large_to_copy_stays_as_it_is(model: Path, copy: Path) -> None:
    size = (model / "model.bin").stat().st_size
    assert renumber(model, copy, largest=size - 1) is None
    assert list(copy.iterdir()) == []
    assert renumber(model, copy, largest=size) is not None


def test_a_model_of_other_tokens_stays_as_it_is(model: Path, copy: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    shutil.copytree(model, other)
    names = (other / "vocabulary.json").read_text(encoding="utf-8")
    (other / "vocabulary.json").write_text(names.replace("<|notimestamps|>", "<|other|>"))
    assert renumber(other, copy) is None


def test_damaged_weights_are_for_who_loads_them(model: Path, copy: Path, tmp_path: Path) -> None:
    damaged = tmp_path / "damaged"
    shutil.copytree(model, damaged)
    with (damaged / "model.bin").open("r+b") as file:
        file.truncate(1000)
    assert renumber(damaged, copy) is None


def test_where_there_is_no_room_for_a_copy_the_model_stays_as_it_is(
    model: Path, copy: Path, caplog: pytest.LogCaptureFixture
) -> None:
    assert renumber(model, copy / "away") is None
    assert "no room to change the model" in caplog.text
    caplog.clear()
    with renumbered_in(model, copy / "away") as found:
        assert found == (model, None)
    assert "no room to change the model" in caplog.text


def test_a_copy_goes_once_it_is_loaded(model: Path, copy: Path) -> None:
    with renumbered_in(model, copy) as (place, numbers):
        assert place.parent == copy
        assert numbers is not None
    assert list(copy.iterdir()) == []
