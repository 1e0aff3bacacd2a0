"""The data folder: what the server keeps between two runs, owned by one supervisor at a time."""

import fcntl
import hashlib
import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from streaming.link import Place, Remote
from tv import reasons

UNIX_PATH_LIMIT = 100  # bytes: sockaddr_un holds 108 on Linux, 104 on macOS


class FolderError(Exception):
    """The data folder cannot be used; the message says what to do, in French."""


@contextmanager
def private_files() -> Iterator[None]:
    """Make what this process creates in the block its owner's alone: files 0600, folders 0700."""
    before = os.umask(0o077)
    try:
        yield
    finally:
        os.umask(before)


@dataclass(frozen=True)
class Folder:
    """Where everything lies under `--data`; media may be on another machine, `origin`."""

    path: Path
    origin: Remote | None = None

    def make(self) -> None:
        """Create the folder. Raises FolderError when it cannot be written."""
        try:
            self.path.mkdir(parents=True, exist_ok=True, mode=0o700)
            for folder in (self.path, self.store, self.channels, self.cache):
                folder.mkdir(exist_ok=True, mode=0o700)
                with tempfile.TemporaryFile(dir=folder):
                    pass  # it can be written
        except OSError as error:
            raise FolderError(
                f"Impossible d’écrire dans le dossier de données « {self.path} » "
                f"({reasons.of_system(error)}) : choisissez-en un autre avec --data, ou corrigez "
                "ses droits."
            ) from error

    @property
    def known(self) -> bool:
        """Whether it is an installation's: it has a secret. Raises FolderError."""
        secret = self.path / "secret"
        try:
            return secret.is_file()
        except OSError as error:
            raise FolderError(
                f"Impossible de lire «\u00a0{secret}\u00a0» ({reasons.of_system(error)})\u00a0: "
                "lancez la commande au nom de l’utilisateur du service."
            ) from error

    def check_known(self) -> None:
        """Raises FolderError for a folder that no installation has used, such as a mistyped one."""
        if not self.known:
            raise FolderError(
                f"«\u00a0{self.path}\u00a0» n’est pas le dossier de données d’une installation de "
                "Fabrique TV\u00a0: donnez le sien par --data."
            )

    def _check_files(self) -> None:
        """Raises FolderError unless what earlier runs left can be written, whoever ran them."""
        kept = (self.clock, self.revoked, self.renewed, self.path / "address")
        for path in (*kept, *self.channels.glob("*.json")):
            try:
                os.close(os.open(path, os.O_RDWR | os.O_CLOEXEC))
            except FileNotFoundError:
                continue
            except OSError as error:
                raise FolderError(_unusable(path, error)) from error

    @property
    def store(self) -> Path:
        return self.path / "store"

    @property
    def channels(self) -> Path:
        return self.path / "channels"

    @property
    def keep(self) -> Path:
        """What studios sent, as files: see `tv/studios/keeping.py`."""
        return self.path / "keep"

    @property
    def recording(self) -> Path:
        """What was on air, as segments: see `streaming/recording/index.py`."""
        return self.path / "recording"

    @property
    def films(self) -> Path:
        """Films of talks: see `tv/recorded/films.py`."""
        return self.path / "films"

    @property
    def wall(self) -> Path:
        """Pictures of the wall: see `tv/wall/pictures.py`."""
        return self.path / "wall"

    @property
    def revoked(self) -> Path:
        """The passes that were taken back: see `tv/revoking.py`."""
        return self.path / "revoked"

    @property
    def renewed(self) -> Path:
        """The renewals of each stream key: see `tv/studios/stream_keys.py`."""
        return self.path / "renewed"

    @property
    def erased(self) -> Path:
        """Who was forgotten, as digests: see `tv/compaction.py`."""
        return self.path / "erased.jsonl"

    @property
    def thumbnails(self) -> Path:
        """The newest picture of each channel: see `tv/recorded/thumbnails.py`."""
        return self.cache / "thumbnails"

    @property
    def restreams(self) -> Path:
        """The names of those that the régie wants."""
        return self.path / "restreams.json"

    @property
    def cache(self) -> Path:
        return self.path / "cache"

    @property
    def clock(self) -> Path:
        return self.path / "clock"

    def address(self) -> str:
        """The address at which the last server on this folder was reached, or ""."""
        try:
            return (self.path / "address").read_text().strip()
        except OSError:
            return ""

    def note_address(self, address: str) -> None:
        (self.path / "address").write_text(f"{address}\n")

    @property
    def store_socket(self) -> Path:
        return self._socket("store.sock")

    @property
    def media_socket(self) -> Path:
        return self._socket("media.sock")

    @property
    def media(self) -> Place:
        """Where media listens."""
        return self.origin or self.media_socket

    def _socket(self, name: str) -> Path:
        path = self.path.resolve() / name
        if len(os.fsencode(path)) <= UNIX_PATH_LIMIT:
            return path
        digest = hashlib.sha256(os.fsencode(path.parent)).hexdigest()[:16]
        return _private(f"fabrique-tv-{os.getuid()}-{digest}") / name

    @property
    def in_use(self) -> bool:
        """Whether a server runs on it now."""
        try:
            file = os.open(self.path / "lock", os.O_RDWR | os.O_CLOEXEC)
        except OSError:
            return False
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return True
        finally:
            os.close(file)
        return False

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Own the folder while the body runs. Raises FolderError when another server does."""
        self.make()
        lock = self.path / "lock"
        try:
            file = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise FolderError(_unusable(lock, error)) from error
        try:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                owner = os.pread(file, 32, 0).decode(errors="replace").strip()
                raise FolderError(
                    f"Un serveur Fabrique TV (processus {owner or 'inconnu'}) utilise déjà le "
                    f"dossier « {self.path} » : arrêtez-le, ou choisissez un autre dossier avec "
                    "--data."
                ) from error
            self._check_files()
            os.ftruncate(file, 0)
            os.pwrite(file, b"%d\n" % os.getpid(), 0)
            yield
        finally:
            os.close(file)  # the lock goes with the file, however the process ends


def _private(name: str) -> Path:
    """A folder of ours alone among the temporary ones, which are everybody's.

    Every process finds it by its name, so anybody may have made something of that name first, such
    as a link to another folder of ours. Raises FolderError.
    """
    path = Path(tempfile.gettempdir()) / name
    try:
        with suppress(FileExistsError):
            path.mkdir(mode=0o700)
        found = path.lstat()
    except OSError as error:
        raise FolderError(_unusable(path, error)) from error
    ours = stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid()
    if not ours or stat.S_IMODE(found.st_mode) & 0o077:
        raise FolderError(
            f"«\u00a0{path}\u00a0» n’est pas un dossier réservé à cet utilisateur\u00a0: "
            "effacez-le, ou choisissez par --data un chemin plus court."
        )
    return path


def _unusable(path: Path, error: OSError) -> str:
    return (
        f"Impossible d’écrire « {path} » ({reasons.of_system(error)}) : corrigez ses droits, ou "
        "choisissez un autre dossier avec --data."
    )
