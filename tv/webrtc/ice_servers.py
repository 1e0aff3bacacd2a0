"""STUN and TURN servers: what the settings say of them, and the Link headers that name them.

Viewers and studios that find no way to us by themselves ask these servers for one (RFC 9725, 4.6;
draft-ietf-wish-whep-04, 4.8).
"""

import base64
import hashlib
import hmac
import re
from collections.abc import Iterable

import msgspec

MOST = 8  # servers
MOST_URLS = 4  # of each
LIFETIME = 86_400.0  # seconds: a viewer who stays all day renews its place with the first name

# RFC 7064, 3.1 and RFC 7065, 3.1; an IPv6 address in brackets.
_HOST = r"(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\])"
_URL = re.compile(rf"(?:stuns?|(turns?)):{_HOST}(?::\d{{1,5}})?(?(1)(?:\?transport=(?:udp|tcp))?)")
_QUOTABLE = re.compile(r"[\x20-\x7e]{0,200}")  # in a header field, between quotes


class IceServer(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A STUN server; or a TURN server, with a name that it knows or the secret that we share."""

    urls: tuple[str, ...]  # stun:, stuns:, turn:, turns:
    username: str = ""
    credential: str = ""  # secret
    secret: str = ""  # secret, coturn's `static-auth-secret`: names that last a day are made by it


def trouble(servers: dict[str, IceServer]) -> str:
    """What is wrong with the settings, in French; "" for nothing. Secrets are not repeated."""
    if len(servers) > MOST:
        return f"il y en a plus de {MOST}"
    for name, server in servers.items():
        if not 1 <= len(server.urls) <= MOST_URLS:
            return f"{name}\u00a0: urls\u00a0: attendu de 1 à {MOST_URLS} adresses"
        for url in server.urls:
            if not _URL.fullmatch(url):
                return (
                    f"{name}\u00a0: «\u00a0{url[:80]}\u00a0» n’est pas une adresse comme "
                    "stun:HÔTE:3478 ou turn:HÔTE:3478?transport=udp"
                )
        if not all(map(_QUOTABLE.fullmatch, (server.username, server.credential))):
            return f"{name}\u00a0: username et credential\u00a0: des caractères ASCII, 200 au plus"
        named = bool(server.username and server.credential)
        if any(url.startswith("turn") for url in server.urls) and named == bool(server.secret):
            return f"{name}\u00a0: un serveur TURN a soit username et credential, soit secret"
    return ""


def shown(servers: dict[str, IceServer]) -> dict[str, IceServer]:
    """The same without their secrets."""
    return {
        name: msgspec.structs.replace(
            server,
            credential="…" if server.credential else "",
            secret="…" if server.secret else "",
        )
        for name, server in servers.items()
    }


def hosts(servers: Iterable[IceServer]) -> list[str]:
    """Whom viewers ask, each once."""
    urls = (url for server in servers for url in server.urls)
    return sorted({re.sub(r"^\w+:|(:\d+)?(\?.*)?$", "", url) for url in urls})


def links(servers: Iterable[IceServer], now: float) -> list[str]:
    """The values of Link headers that name the servers; `now` is in UTC seconds.

    Where a secret is shared, the name says until when it is good, and the secret's HMAC of the name
    is the password: what coturn calls `use-auth-secret` (draft-uberti-behave-turn-rest-00, 2.2).
    """
    values = []
    for server in servers:
        username, credential = server.username, server.credential
        if server.secret:
            username = f"{int(now + LIFETIME)}:fabrique"
            digest = hmac.digest(server.secret.encode(), username.encode(), hashlib.sha1)
            credential = base64.b64encode(digest).decode()
        for url in server.urls:
            value = f'<{url}>; rel="ice-server"'
            if url.startswith("turn"):
                value += (
                    f"; username={_quoted(username)}; credential={_quoted(credential)}"
                    '; credential-type="password"'
                )
            values.append(value)
    return values


def _quoted(text: str) -> str:
    """A quoted string (RFC 9110, 5.6.4)."""
    return '"' + re.sub(r'(["\\])', r"\\\1", text) + '"'
