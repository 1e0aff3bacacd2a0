"""Other machines: how media lets them in, and how a part of the service over there finds media.

The link is for a network of the crew's own. Who shows a pass of the role "node" is let in; with a
certificate it is encrypted, too, and the other side checks that certificate.
"""

import asyncio
import logging
import os
import re
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec

from streaming import link
from streaming.link.connection import Serve
from tv import reasons
from tv.checks import SettingsError
from tv.passes import Pass, Passes, PassExpired, PassForged, Role
from tv.revoking import LOOK
from tv.settings import Link

logger = logging.getLogger(__name__)

PORT = 8191
ORIGIN = "FABRIQUE_ORIGIN"  # for our children: an `Origin` as JSON


class Origin(msgspec.Struct, frozen=True):
    """Media on another machine, the pass that it takes, and a file with who signs for it."""

    host: str
    port: int
    token: str
    authority: str = ""

    @property
    def remote(self) -> link.Remote:
        """Raises SettingsError when the file cannot be used."""
        tls = _trusting(self.authority) if self.authority else None
        return link.Remote(self.host, self.port, self.token, tls)


def origin(address: str, token: str, authority: Path | None) -> Origin:
    """As it is typed: HOST, HOST:PORT, [IPv6]:PORT. Raises SettingsError."""
    host, mark, port = address.rpartition(":")
    if not mark or address.endswith("]"):
        host, port = address, str(PORT)
    host = host.removeprefix("[").removesuffix("]")
    if not host or not re.fullmatch("[0-9]{1,5}", port) or not 0 < int(port) < 65_536:
        raise SettingsError(
            f"--origin\u00a0: «\u00a0{address}\u00a0» n’est pas une adresse\u00a0: donnez HÔTE ou "
            "HÔTE:PORT, comme [link] les dit sur la machine de la diffusion."
        )
    made = Origin(host, int(port), token, str(authority) if authority else "")
    _ = made.remote  # a file that cannot be used is said now
    return made


def inherited() -> link.Remote | None:
    """What whoever started this process says of media; None: it is on this machine."""
    text = os.environ.get(ORIGIN)
    return msgspec.json.decode(text, type=Origin).remote if text else None


@asynccontextmanager
async def listening(
    settings: Link, passes: Passes, serve: Serve, there: dict[link.Link, Pass]
) -> AsyncIterator[None]:
    """Let machines in while the body runs; `there` has those that are connected.

    One whose pass is taken back is cut off. One whose pass ends stays: it may not come again.
    """

    def admits(token: str) -> bool:
        try:
            return passes.read(token).role is Role.NODE
        except (PassForged, PassExpired):
            return False

    async def serve_admitted(peer: link.Link) -> None:
        there[peer] = passes.read(peer.token)
        cutting = asyncio.create_task(_cut_once_revoked(peer, there[peer], passes))
        try:
            await serve(peer)
        finally:
            cutting.cancel()
            del there[peer]

    tls = _showing(settings) if settings.certificate else None
    async with link.listening_to_machines(
        settings.host, settings.port, serve_admitted, admits, tls
    ):
        yield


async def _cut_once_revoked(peer: link.Link, held: Pass, passes: Passes) -> None:
    while held.id not in passes.revoked():  # noqa: ASYNC110  # a file: one has to look
        await asyncio.sleep(LOOK)
    logger.warning("link: a machine's pass was taken back, it is cut off")
    peer.cut()


def check(settings: Link) -> None:
    """Raises SettingsError for a certificate that cannot be used."""
    if bool(settings.certificate) != bool(settings.key):
        raise SettingsError("Réglages : [link] certificate et key vont ensemble.")
    if settings.certificate:
        _showing(settings)


def _showing(settings: Link) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        context.load_cert_chain(settings.certificate, settings.key)
    except (OSError, ssl.SSLError) as error:
        why = "ce n’est pas un certificat avec sa clé"
        if not isinstance(error, ssl.SSLError):
            why = reasons.of_system(error)
        raise SettingsError(
            f"Réglages : [link] certificate «\u00a0{settings.certificate}\u00a0» inutilisable "
            f"({why})."
        ) from error
    return context


def _trusting(authority: str) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=authority)
    except (OSError, ssl.SSLError) as error:
        raise SettingsError(
            f"--authority\u00a0: «\u00a0{authority}\u00a0» n’est pas un certificat lisible (PEM)."
        ) from error
