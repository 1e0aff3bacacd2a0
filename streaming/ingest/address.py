"""An address or a file as libav opens it, and what goes wrong with it, in French."""

import errno
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import av
import av.error

from streaming.errors import SourceLost, UnsupportedMedia

OPEN_WITHIN = 8.0  # seconds that libav may wait for the network


def name_of(url: str) -> str:
    """What may be shown of an address: without its credentials, keys and folders."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.hostname or ''}/…" if parts.netloc else Path(url).name


@contextmanager
def opened(
    url: str, patience: float, *, format: str | None = None, options: dict[str, str]
) -> Iterator[Any]:
    with _telling(url):
        container = av.open(
            url, timeout=(OPEN_WITHIN, patience), format=format, options=dict(options)
        )
        with container:
            yield container


@contextmanager
def _telling(url: str) -> Iterator[None]:
    """Turn libav's errors into ours."""
    try:
        yield
    except av.error.InvalidDataError as error:
        raise UnsupportedMedia(
            f"«\u00a0{name_of(url)}\u00a0» n’est pas un média lisible."
        ) from error
    except (av.error.FFmpegError, OSError) as error:
        raise SourceLost(f"«\u00a0{name_of(url)}\u00a0» ne répond pas ({_why(error)}).") from error


def _why(error: Exception) -> str:
    """In French, as the régie reads it; libav's own words hold the whole address."""
    for kind, words in HTTP.items():
        if isinstance(error, kind):
            return words
    number = getattr(error, "errno", None) or 0
    return SYSTEM.get(number) or getattr(error, "strerror", None) or type(error).__name__


HTTP: dict[type[Exception], str] = {
    av.error.HTTPUnauthorizedError: "identifiants refusés",
    av.error.HTTPForbiddenError: "accès refusé",
    av.error.HTTPNotFoundError: "adresse introuvable",
    av.error.HTTPServerError: "erreur du serveur distant",
    av.error.ExitError: "pas de réponse",  # libav was interrupted: its time was over
    av.error.EOFError: "fin inattendue",
    av.error.ProtocolNotFoundError: "protocole inconnu",
}
SYSTEM = {
    errno.ENOENT: "fichier introuvable",
    errno.EACCES: "accès refusé",
    errno.EISDIR: "c’est un dossier",
    errno.ECONNREFUSED: "connexion refusée",
    errno.ECONNRESET: "connexion coupée",
    errno.EPIPE: "connexion coupée",
    errno.EIO: "connexion impossible ou coupée",  # a name that is not known, too
    errno.ETIMEDOUT: "pas de réponse",
    errno.EHOSTUNREACH: "machine injoignable",
    errno.ENETUNREACH: "réseau injoignable",
}
AS_BYTES = {"probesize": "32"}  # there is nothing to be known


class Bytes:
    """The bytes behind an address, as libav's own protocols fetch them.

    When they come for `patience` seconds after a frame was asked for, they hold none: it is lost.
    """

    def __init__(self, container: Any, url: str, stop: threading.Event, patience: float) -> None:
        self._packets = container.demux()
        self._url = url
        self._stop = stop
        self._patience = patience
        self._peeked = b""
        self._asked_at = time.monotonic()

    def asked(self) -> None:
        """Note that the next frame is wanted now."""
        self._asked_at = time.monotonic()

    def peek(self, size: int) -> bytes:
        while len(self._peeked) < size and (more := self._more()):
            self._peeked += more
        return self._peeked

    def read(self, size: int) -> bytes:
        data, self._peeked = self._peeked or self._more(), b""
        if time.monotonic() - self._asked_at > self._patience:
            raise SourceLost(f"«\u00a0{name_of(self._url)}\u00a0» ne donne ni image ni son.")
        return b"" if self._stop.is_set() else data

    def _more(self) -> bytes:
        with _telling(self._url):
            return bytes(next(self._packets, b""))
