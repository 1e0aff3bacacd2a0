"""A model is loaded as the machine allows, and whatever keeps it from that is said."""

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from captions.errors import ModelUnavailable
from captions.models import loading, weights
from captions.models.machine import Gpu, Machine
from tests.captions.model_folders import ENGLISH, nano
from tests.captions.models.test_checkpoint import written
from tests.captions.speech import model_cache, whisper

GB = 10**9
CARD = Gpu(16 * GB, frozenset({"float16"}))
HERE = Machine(2, 8 * GB)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return nano(tmp_path_factory.mktemp("model"))


@pytest.fixture
def cache(tmp_path: Path, model: Path) -> Path:
    """A cache in which `small` was fetched; what is in its place is made quickly."""
    shutil.copytree(model, tmp_path / "cache" / "whisper-small")
    return tmp_path / "cache"


def test_auto_takes_the_best_that_is_there(cache: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    loading.load("auto", cache, here=Machine(8, 8 * GB))
    assert "whisper-small on cpu (int8, threads: 4," in caplog.text
    assert "models fetch" not in caplog.text


def test_auto_never_waits_for_a_download_but_tells_of_it(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    whisper()  # base is there
    loading.load("auto", model_cache(), here=Machine(8, 8 * GB))
    assert "not there yet: fabrique-tv models fetch small" in caplog.text
    assert "whisper-base-d01c3014881c on cpu (int8, threads: 1," in caplog.text


def test_the_processor_stands_in_for_a_card_that_fails(
    model: Path, cache: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """This machine has none: the driver that CTranslate2 asks for is missing."""
    caplog.set_level("INFO")
    for name in (str(model), "small"):
        caplog.clear()
        loading.load(name, cache, here=Machine(8, 8 * GB, CARD))
        assert "la carte graphique ne s’y prête pas" in caplog.text
        assert "on cpu" in caplog.text


def test_a_model_for_which_there_is_no_memory_is_refused_until_there_is(
    model: Path, cache: Path
) -> None:
    little = Machine(2, 200_000_000)
    for name in ("auto", "small", str(model)):
        with pytest.raises(ModelUnavailable, match=r"Pas assez de mémoire .* 0,2 Go de libre"):
            loading.load(name, cache, here=little)
    loading.load(str(model), cache, here=HERE)


def test_memory_that_ends_while_loading_is_said_as_such() -> None:
    """Base in a process that may take 60 MB more than it has, whatever the machine has free."""
    whisper()  # joins the weights
    code = f"""
import resource
from pathlib import Path
from captions.models import loading
from captions.errors import ModelUnavailable
from captions.models.machine import Machine

size = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (size + 60_000_000,) * 2)
try:
    loading.load("base", Path({str(model_cache())!r}), here=Machine(2, 8 * 10**9))
except ModelUnavailable as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert "la mémoire n’y suffit pas" in done.stdout, done


def english(folder: Path) -> None:
    nano(folder, vocabulary=ENGLISH)


def without_bands(folder: Path) -> None:
    nano(folder, bands=128)


def without_tokens(folder: Path) -> None:
    nano(folder)
    (folder / "tokenizer.json").unlink()


def with_broken_tokens(folder: Path) -> None:
    nano(folder)
    (folder / "tokenizer.json").write_text("{")


def broken_off(folder: Path) -> None:
    nano(folder)
    data = (folder / "model.bin").read_bytes()
    (folder / "model.bin").write_bytes(data[: len(data) // 2])


def of_noise(folder: Path) -> None:
    nano(folder)
    (folder / "model.bin").write_bytes(b"noise" * 1000)


def of_another_kind(folder: Path) -> None:
    nano(folder)
    (folder / "model.bin").write_bytes(written([], "TransformerSpec"))


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (english, "ne comprend que l’anglais"),
        (without_bands, "il y manque preprocessor_config.json"),
        (without_tokens, "il y manque tokenizer.json"),
        (with_broken_tokens, "« tokenizer.json » est abîmé"),
        (broken_off, "incomplet"),
        (of_another_kind, "ce n’est pas Whisper (TransformerSpec)"),
        (of_noise, "ce n’est pas un fichier de poids CTranslate2"),
    ],
)
def test_a_model_that_will_not_do_is_refused_with_the_reason(
    make: Callable[[Path], None], said: str, tmp_path: Path
) -> None:
    make(tmp_path / "model")
    with pytest.raises(ModelUnavailable) as refused:
        loading.load(str(tmp_path / "model"), tmp_path, here=HERE)
    assert said in str(refused.value)


def test_a_model_with_more_bands_is_loaded_with_its_settings(tmp_path: Path) -> None:
    folder = nano(tmp_path / "model", bands=128)
    (folder / "preprocessor_config.json").write_text('{"feature_size": 128}')
    loading.load(str(folder), tmp_path, here=HERE)


def test_nobody_has_to_load_a_model_to_have_it() -> None:
    assert loading.find("base", model_cache()) == weights.resolve("base", model_cache())
