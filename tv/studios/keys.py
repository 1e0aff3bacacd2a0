"""The secret of an installation, and the stream keys that follow from it."""

import hmac
import os
import secrets
from base64 import b32encode
from contextlib import suppress
from pathlib import Path

from tv.folder import FolderError

SECRET_BYTES = 32
KEY_LENGTH = 20  # characters of base32: 100 bits
SLOTS = ("primary", "backup")


def stream_key(
    secret: bytes, channel: str, slot: str, generation: int = 0, *, srt: bool = False
) -> str:
    """The key by which a studio publishes to a channel's slot: `plateau-p-` and 20 characters.

    Each `generation` has another key. `srt`: the key that opens SRT alone, `plateau-srt-p-…`.
    """
    purpose, mark = (b"srt stream key", "-srt") if srt else (b"stream key", "")
    what = f"{channel}:{slot}" + (f":{generation}" if generation else "")
    digest = hmac.digest(hmac.digest(secret, purpose, "sha256"), what.encode(), "sha256")
    return f"{channel}{mark}-{slot[0]}-{b32encode(digest).decode().lower()[:KEY_LENGTH]}"


def load_secret(data_dir: Path) -> bytes:
    """The secret of this installation, made by whoever comes first. Raises FolderError."""
    path = data_dir / "secret"
    try:
        if not path.exists():
            _make_secret(path)
        secret = path.read_bytes()
    except OSError as error:
        raise FolderError(
            f"Le fichier « {path} » ne peut pas être lu ({error.strerror})\u00a0: "
            "corrigez ses droits."
        ) from error
    if len(secret) < SECRET_BYTES:
        raise FolderError(
            f"Le fichier « {path} » est tronqué\u00a0: effacez-le pour qu’un nouveau secret soit "
            "créé (les liens et clés déjà donnés ne vaudront plus)."
        )
    return secret


def _make_secret(path: Path) -> None:
    draft = path.with_name(f"secret.{os.getpid()}.{secrets.token_hex(4)}")
    file = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        os.write(file, secrets.token_bytes(SECRET_BYTES))
        os.fsync(file)
        with suppress(FileExistsError):  # another process was first: its secret is ours
            os.link(draft, path)
    finally:
        os.close(file)
        os.unlink(draft)
