"""A model fetched from a hub that speaks Hugging Face's HTTP API, each file checked.

`GET /api/models/{repository}/tree/{revision}` lists the files, large ones with their sha256;
`GET /{repository}/resolve/{revision}/{file}` brings one (https://huggingface.co/docs/hub/api).
"""

import hashlib
import os
import urllib.request
from collections.abc import Callable
from functools import partial
from http.client import HTTPException
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError

import msgspec

from captions.errors import ModelUnavailable

Progress = Callable[[int, int], None]  # bytes done, bytes in all

HUB = os.environ.get("HF_ENDPOINT") or "https://huggingface.co"  # the variable names a mirror
REVISION = "main"
SUM = ".sha256"  # behind a large file's name: a file with its checksum
PATIENCE = 30.0  # seconds without a byte
BLOCK = 1 << 20  # bytes
LARGEST = 8_000_000_000  # bytes of a file
LISTING = 1_000_000  # bytes
TRIES = 5  # in a row, without a byte more


class _Large(msgspec.Struct, frozen=True):
    oid: str  # sha256


class _Entry(msgspec.Struct, frozen=True):
    path: str
    size: int = 0
    lfs: _Large | None = None


def download(
    repository: str, wanted: tuple[str, ...], folder: Path, progress: Progress, hub: str = ""
) -> None:
    """Bring those of the files `wanted` that `repository` has into `folder`.

    What an earlier attempt left there is gone on with. Raises ModelUnavailable, OSError when the
    disk refuses.
    """
    hub = (hub or HUB).rstrip("/")
    files = [entry for entry in _listing(hub, repository) if entry.path in wanted]
    total, before = sum(entry.size for entry in files), 0
    folder.mkdir(parents=True, exist_ok=True)
    for entry in files:
        if not (folder / entry.path).exists():
            address = f"{hub}/{repository}/resolve/{REVISION}/{entry.path}"
            _fetch(address, entry, folder, partial(_tell, progress, before, total))
        before += entry.size
        progress(before, total)


def sha256(path: Path) -> str:
    """The file's checksum, in hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _tell(progress: Progress, before: int, total: int, done: int) -> None:
    progress(before + done, total)


def _listing(hub: str, repository: str) -> list[_Entry]:
    try:
        with _open(f"{hub}/api/models/{repository}/tree/{REVISION}") as reply:
            listing = msgspec.json.decode(reply.read(LISTING), type=list[_Entry])
    except (OSError, HTTPException, ValueError) as error:
        raise _unreachable(hub, error) from error
    if any(entry.size > LARGEST for entry in listing):
        raise ModelUnavailable(f"Le modèle « {repository} » est trop grand pour être téléchargé.")
    return listing


def _fetch(address: str, entry: _Entry, folder: Path, progress: Callable[[int], None]) -> None:
    """Bring one file, in several goes when the line breaks; it appears whole or not at all."""
    part = folder / f"{entry.path}.part"
    tries = 0
    while (have := part.stat().st_size if part.exists() else 0) < entry.size:
        try:
            _append(address, part, have, entry.size, progress)
        except _Broken as error:
            tries = 0 if part.exists() and part.stat().st_size > have else tries + 1
            if tries == TRIES:
                raise _unreachable(address, error.__cause__ or error) from error
    part.touch()  # an empty file has come, too
    if have > entry.size or (entry.lfs and sha256(part) != entry.lfs.oid):
        part.unlink()
        raise ModelUnavailable(
            f"« {entry.path} » est arrivé abîmé de {address}\u00a0: recommencez."
        )
    if entry.lfs:  # for whoever doubts it later, as sha256sum writes it
        (folder / f"{entry.path}{SUM}").write_text(f"{entry.lfs.oid}  {entry.path}\n")
    part.rename(folder / entry.path)


class _Broken(Exception):
    """The line broke, or the hub refused."""


def _append(
    address: str, part: Path, have: int, size: int, progress: Callable[[int], None]
) -> None:
    """Add to `part` what follows its first `have` bytes. Raises _Broken; OSError is the disk's."""
    with part.open("ab") as file:
        try:
            reply = _open(address, {"Range": f"bytes={have}-"} if have else {})
        except (OSError, HTTPException) as error:
            raise _Broken from error
        with reply:
            if have and reply.status != 206:  # it begins at the beginning again
                file.truncate(0)
                have = 0
            while have < size:
                try:
                    block = reply.read(min(BLOCK, size - have))
                except (OSError, HTTPException) as error:
                    raise _Broken from error
                if not block:
                    raise _Broken
                file.write(block)
                have += len(block)
                progress(have)
        file.flush()
        os.fsync(file.fileno())


def _open(address: str, headers: dict[str, str] | None = None) -> Any:
    request = urllib.request.Request(
        address, headers={"User-Agent": "fabrique-tv"} | (headers or {})
    )
    return urllib.request.urlopen(request, timeout=PATIENCE)


def _unreachable(address: str, error: BaseException) -> ModelUnavailable:
    match error:
        case HTTPError():
            why = f"réponse {error.code}"
        case URLError() | ConnectionRefusedError():
            why = "connexion impossible"
        case TimeoutError():
            why = "pas de réponse"
        case ValueError():
            why = "réponse incompréhensible"
        case _:
            why = "connexion coupée"
    return ModelUnavailable(
        f"Le modèle n’a pas pu être téléchargé de {address} ({why})\u00a0: vérifiez le réseau, ou "
        "donnez le chemin d’un dossier qui le contient."
    )
