"""What a command works with: the running server's store, or the embedded one while none runs."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass

from redis.asyncio import Redis
from redis.exceptions import RedisError

from tv import journal, store, supervisor
from tv.clerk import Clerk
from tv.compaction import Compaction
from tv.folder import Folder, FolderError
from tv.follower import Follower
from tv.journal import Journal, StoreUnavailable
from tv.lease import Lease
from tv.process import tie_to_parent
from tv.settings import Settings
from tv.tasks import running

CAUGHT_UP = 300.0  # seconds to read the journal
LOADED = 60.0  # seconds for a store that we start to read its log
AWAY = "Le serveur Valkey ou Redis ne répond pas\u00a0: réessayez dans un instant."


@dataclass
class Desk:
    """`follower` is caught up. `alone`: no server runs, and so no clerk."""

    store: Redis
    journal: Journal
    follower: Follower
    compaction: Compaction
    alone: bool


@asynccontextmanager
async def opened(folder: Folder, settings: Settings) -> AsyncIterator[Desk]:
    """Work on the journal, whether the server runs or not.

    Raises FolderError, StoreMissing, StoreSilent.
    """
    with _silence_told():
        async with _opened(folder, settings) as desk:
            yield desk


@asynccontextmanager
async def connected(folder: Folder, settings: Settings) -> AsyncIterator[tuple[Redis, bool]]:
    """The store, and whether it runs for us alone. Raises as `opened` does."""
    url = store.address(folder, settings.store.url)
    with _silence_told():
        async with store.connected(url) as client:
            if settings.store.url:
                await supervisor.find_store(url)
            elif not await store.answers(client):
                async with _embedded(folder, client):
                    yield client, True
                return
            yield client, False


@contextmanager
def _silence_told() -> Iterator[None]:
    """Say StoreSilent for what a store that goes away meanwhile raises."""
    try:
        yield
    except (ExceptionGroup, StoreUnavailable, RedisError) as raised:
        error: Exception = raised
        while isinstance(error, ExceptionGroup) and len(error.exceptions) == 1:
            error = error.exceptions[0]  # of the tasks around: what matters is the one within
        if isinstance(error, StoreUnavailable | RedisError):
            raise supervisor.StoreSilent(AWAY) from error
        raise error from None


@asynccontextmanager
async def _opened(folder: Folder, settings: Settings) -> AsyncIterator[Desk]:
    event, replicas = settings.event.slug, settings.store.replicas
    async with AsyncExitStack() as stack:
        client, alone = await stack.enter_async_context(connected(folder, settings))
        book = await stack.enter_async_context(journal.opened(client, event, replicas))
        follower = Follower(book)
        lease = Lease(client, f"fabrique:{{{event}}}:clerk")
        compaction = Compaction(client, event, (lease.key, lease.token), folder.erased)
        await stack.enter_async_context(running(follower.run()))
        try:
            async with asyncio.timeout(CAUGHT_UP):
                await follower.ready.wait()
        except TimeoutError as error:
            raise StoreUnavailable("the journal cannot be read in time") from error
        yield Desk(client, book, follower, compaction, alone)
        if alone:  # what the clerk would do soon is done now
            await lease.once(Clerk(follower, book, compaction, time.time).compact)


@asynccontextmanager
async def _embedded(folder: Folder, client: Redis) -> AsyncIterator[None]:
    """The embedded store, for as long as the body runs; the folder is ours meanwhile."""
    with folder.locked():
        process = await asyncio.create_subprocess_exec(
            *store.server_command(folder),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            preexec_fn=tie_to_parent,  # safe: a command has no threads
        )
        try:
            await _loaded(folder, client)
            yield
        finally:
            process.terminate()
            await process.wait()


async def _loaded(folder: Folder, client: Redis) -> None:
    try:
        async with asyncio.timeout(LOADED):
            while not await store.answers(client):  # noqa: ASYNC110  # another process: ask
                await asyncio.sleep(0.05)
    except TimeoutError as error:
        raise FolderError(
            f"Le serveur intégré ne démarre pas\u00a0: voyez « {folder.store / 'log'} »."
        ) from error
