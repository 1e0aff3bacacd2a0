"""Where the speech model comes from: a folder, two packages of the index, or a hub by its name."""

import fcntl
import logging
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from captions.errors import ModelUnavailable
from captions.models import checkpoint, hub, packages, sizes
from captions.models.checkpoint import Checkpoint, Damaged
from captions.models.hub import Progress
from captions.models.sizes import Size

logger = logging.getLogger(__name__)

WEIGHTS = "model.bin"
NEEDED = (WEIGHTS, "config.json", "tokenizer.json")
VOCABULARIES = ("vocabulary.json", "vocabulary.txt")
PREPROCESSING = "preprocessor_config.json"  # needed where the spectrogram is not of 80 bands


def resolve(model: str, cache: Path, progress: Progress | None = None, address: str = "") -> Path:
    """Return a folder with CTranslate2 weights. Raises ModelUnavailable.

    `model` is a folder or a size name such as `base`. Base comes from the installed packages when
    they are there, joined once into `cache`; what else has a name is fetched into it once, from
    the hub at `address` or the usual one.
    """
    if is_path(model):
        folder = Path(model).expanduser()
        _read(folder)
        return folder
    size = sizes.named(model)
    if size is None:
        raise ModelUnavailable(unknown(model))
    told = progress or (lambda done, total: None)
    try:
        if size.name == "base" and packages.installed():
            return packages.join(cache, told)
        return _fetched(size, cache, told, address)
    except OSError as error:
        raise ModelUnavailable(
            f"Impossible d’écrire le modèle de sous-titrage dans « {cache} » : {error.strerror}. "
            f"Il faut environ {2 * size.parameters / 1e6:.0f} Mo de place libre."
        ) from error


def is_path(model: str) -> bool:
    # Path.is_dir raises OSError for a name that is too long for the system.
    return os.sep in model or os.path.isdir(model)


def unknown(model: str) -> str:
    names = (sizes.AUTO, *(size.name for size in sizes.SIZES))
    return (
        f"Modèle de sous-titrage inconnu « {model[:60]} »\u00a0: donnez un dossier, ou l’un de ces "
        f"noms\u00a0: {', '.join(names)}."
    )


def at_hand(name: str, cache: Path) -> bool:
    """Whether the size `name` can be had without fetching anything."""
    if name == "base" and packages.installed():
        return True
    folder = _place(name, cache)
    try:
        _read(folder)
    except ModelUnavailable:
        return False
    return True


def check(folder: Path) -> Checkpoint:
    """Read what the model in `folder` is, without loading it. Raises ModelUnavailable when it is
    not a whole Whisper model that knows French."""
    found = _read(folder)
    refused = f"Le modèle « {folder} » ne convient pas\u00a0: "
    if not found.whisper:
        raise ModelUnavailable(f"{refused}ce n’est pas Whisper ({found.architecture}).")
    if not found.multilingual:
        raise ModelUnavailable(f"{refused}il ne comprend que l’anglais.")
    return found


def verify(folder: Path) -> bool:
    """Compare the weights in `folder` with the checksum that came with them: true when they are the
    same, false when none came. Raises ModelUnavailable when they differ."""
    wanted = packages.SHA256 if folder.name == packages.FOLDER else _noted(folder)
    if not wanted:
        return False
    if hub.sha256(folder / WEIGHTS) != wanted:
        raise _damaged(folder, "ses poids ne sont plus ceux qui ont été livrés")
    return True


def _read(folder: Path) -> Checkpoint:
    """Raises ModelUnavailable when a file is missing or not whole."""
    missing = [name for name in NEEDED if not (folder / name).is_file()]
    if not any((folder / name).is_file() for name in VOCABULARIES):
        missing.append(VOCABULARIES[0])
    if missing:
        raise ModelUnavailable(
            f"« {folder} » n’est pas un modèle de sous-titrage : il y manque {', '.join(missing)}. "
            "Donnez un dossier au format CTranslate2, ou un nom de taille comme « base »."
        )
    try:
        found = checkpoint.read(folder / WEIGHTS)
    except Damaged as error:
        raise _damaged(folder, f"« {WEIGHTS} »\u00a0: {error}") from error
    if found.whisper and found.mels != 80 and not (folder / PREPROCESSING).is_file():
        raise _damaged(folder, f"il y manque {PREPROCESSING}")
    return found


def _damaged(folder: Path, why: str) -> ModelUnavailable:
    return ModelUnavailable(
        f"Le modèle de sous-titrage « {folder} » ne se charge pas\u00a0: {why}. Remplacez ce "
        "dossier par une copie complète."
    )


def _noted(folder: Path) -> str:
    try:
        return (folder / f"{WEIGHTS}{hub.SUM}").read_text().split()[0]
    except (OSError, IndexError):
        return ""


def _place(name: str, cache: Path) -> Path:
    return cache / f"whisper-{name}"


def _fetched(size: Size, cache: Path, progress: Progress, address: str) -> Path:
    """The model of that size, fetched unless it is there whole. Raises OSError, too."""
    target, part = _place(size.name, cache), cache / f".whisper-{size.name}"
    cache.mkdir(parents=True, exist_ok=True)
    with _alone(cache / f".whisper-{size.name}.lock"):
        if target.is_dir():
            try:
                _read(target)
            except ModelUnavailable:
                logger.warning("captions: the model in the cache is damaged, it is fetched again")
                shutil.rmtree(target)
            else:
                return target
        wanted = (*NEEDED, *VOCABULARIES, PREPROCESSING)
        hub.download(size.repository, wanted, part, progress, address)
        try:
            _read(part)
        except ModelUnavailable:
            shutil.rmtree(part)  # or what came wrong would be kept for good
            raise
        part.rename(target)
    return target


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Have the others who fetch the same model wait for this one."""
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
