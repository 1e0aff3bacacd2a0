"""Where the store is: one server, the master that Sentinels name, or a Cluster.

    redis://HOST:PORT/DB   rediss://… (TLS)   unix:///PATH
    redis+sentinel://HOST:PORT,HOST:PORT/SERVICE[/DB]    the hosts are Sentinels
    redis+cluster://HOST:PORT,HOST:PORT                  some of the nodes

`rediss+sentinel` and `rediss+cluster` speak TLS. `USER:PASSWORD@` may come before the first host:
they are the server's, Sentinels are asked without.
"""

from typing import Literal
from urllib.parse import unquote, urlsplit

import msgspec

PORTS = {"one": 6379, "sentinel": 26379, "cluster": 6379}


class BadStoreUrl(ValueError):
    """Not the address of a store."""


class StoreUrl(msgspec.Struct, frozen=True):
    """A store's address, taken apart. `service` is what the Sentinels call the master."""

    kind: Literal["one", "sentinel", "cluster"]
    hosts: tuple[tuple[str, int], ...] = ()
    path: str = ""  # of a unix socket, then there are no hosts
    tls: bool = False
    user: str = ""
    password: str = ""
    service: str = ""
    database: int = 0

    @property
    def shown(self) -> str:
        """The place without what is secret."""
        named = ",".join(f"{host}:{port}" for host, port in self.hosts) or self.path
        return f"{named}/{self.service}" if self.service else named


def parse(url: str) -> StoreUrl:
    """Take a store's address apart. Raises BadStoreUrl."""
    scheme, _, rest = url.partition("://")
    if scheme == "unix":
        path = rest.partition("?")[0].partition("/")[2]
        if not path:
            raise BadStoreUrl("no path")
        return StoreUrl("one", path=f"/{path}")
    client, _, way = scheme.partition("+")
    if client not in ("redis", "rediss") or way not in ("", "sentinel", "cluster"):
        raise BadStoreUrl("unknown scheme")
    place, _, tail = rest.partition("?")[0].partition("/")
    credentials, _, listed = place.rpartition("@")
    user, _, password = credentials.partition(":")
    kind: Literal["one", "sentinel", "cluster"] = "one"
    if way == "sentinel":
        kind = "sentinel"
    elif way == "cluster":
        kind = "cluster"
    hosts = tuple(_host(each, PORTS[kind]) for each in listed.split(","))
    service = ""
    if kind == "sentinel":
        service, _, tail = tail.partition("/")
        if not service:
            raise BadStoreUrl("which master?")
    number = tail.strip("/")
    if (number and not (number.isdecimal() and len(number) < 6)) or (
        kind == "cluster" and number not in ("", "0")
    ):
        raise BadStoreUrl("a database is a number")
    if kind == "one" and len(hosts) > 1:
        raise BadStoreUrl("one host")
    return StoreUrl(
        kind,
        hosts,
        "",
        client == "rediss",
        unquote(user),
        unquote(password),
        unquote(service),
        int(number or 0),
    )


def _host(text: str, port: int) -> tuple[str, int]:
    try:
        parts = urlsplit(f"//{text}")
        host, named = parts.hostname, parts.port
    except ValueError as error:  # a port that is no number, a bracket that is not closed
        raise BadStoreUrl("no host and port") from error
    if not host or named == 0:
        raise BadStoreUrl("no host and port")
    return host, named or port
