"""Where a restream goes: what platforms give their users as an address and a key."""

from dataclasses import dataclass, field
from urllib.parse import urlsplit

from streaming.errors import StreamingError

PORTS = {"rtmp": 1935, "rtmps": 443}


class BadAddress(StreamingError):
    """An address that cannot be used; the message says why, in French, without repeating it."""


@dataclass(frozen=True)
class Address:
    """`app` and `key` are as RTMP's connect and publish say them; both may be secret."""

    scheme: str
    host: str
    port: int
    app: str = field(repr=False)
    key: str = field(repr=False)

    @property
    def secure(self) -> bool:
        return self.scheme == "rtmps"

    @property
    def url(self) -> str:
        """What RTMP calls tcUrl; a usual port is left out, as encoders do."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = "" if self.port == PORTS[self.scheme] else f":{self.port}"
        return f"{self.scheme}://{host}{port}/{self.app}"


def parse(url: str, key: str) -> Address:
    """Read what a platform gave. Raises BadAddress."""
    try:
        parts = urlsplit(url.strip())
        port, host = parts.port, parts.hostname
        (host or "").encode("idna")
    except ValueError as error:  # a port that is no number, a bracket not closed, an empty label
        raise BadAddress("elle est mal formée (hôte ou port)") from error
    if parts.scheme not in PORTS or not host or port == 0:
        raise BadAddress("il faut rtmp://HÔTE/APPLICATION ou rtmps://HÔTE/APPLICATION")
    if parts.username is not None or parts.password is not None:
        raise BadAddress("elle ne peut pas porter de nom ni de mot de passe")
    app = parts.path.strip("/") + (f"?{parts.query}" if parts.query else "")
    if not app:
        raise BadAddress("il y manque l’application, comme dans rtmp://HÔTE/live2")
    if not (key := key.strip()):
        raise BadAddress("il manque la clé («\u00a0key\u00a0») que donne la plateforme")
    if any(not character.isprintable() for character in app + key):
        raise BadAddress("un caractère invisible s’y trouve, ou dans la clé")
    if len(app) > 1024 or len(key) > 1024:
        raise BadAddress("elle est trop longue, ou sa clé")
    return Address(parts.scheme, host, port or PORTS[parts.scheme], app, key)
