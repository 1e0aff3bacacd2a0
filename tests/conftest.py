"""What every test may ask for."""

import fcntl
import os
import sys
from collections.abc import AsyncIterator, Iterator
from itertools import groupby
from pathlib import Path

import pytest
from hypothesis import settings
from playwright.async_api import Page
from playwright.sync_api import Browser
from redis.asyncio import Redis

from tests import servers, viewers
from tv import store
from tv.demo import film as demo_film

# The machine that tests run on may be busy: how long one example took says nothing.
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")


# Where a test keeps the machine busy with browsers and whole services; elsewhere most wait.
BUSY = ("tests/browser", "tests/faults", "tests/journeys")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Spread the busy files among the others: workers take file after file, in this order."""
    files = {name: list(of) for name, of in groupby(items, lambda item: item.nodeid.split("::")[0])}
    busy = [name for name in files if name.startswith(BUSY)]
    calm = [name for name in files if not name.startswith(BUSY)]
    place = {name: rank / len(kind) for kind in (busy, calm) for rank, name in enumerate(kind)}
    items[:] = [item for name in sorted(place, key=place.__getitem__) for item in files[name]]


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(autouse=True)
def _as_urgent_as_others() -> Iterator[None]:
    """SVT-AV1 makes the thread that opens it a real-time one, as root: all others would starve."""
    _be_ordinary()  # a film may have been made for several tests
    yield
    _be_ordinary()


def _be_ordinary() -> None:
    if sys.platform == "linux" and os.sched_getscheduler(0) != os.SCHED_OTHER:
        os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))


@pytest.fixture(scope="session")
def _shared_store_server() -> Iterator[servers.StoreServer]:
    with servers.store_server() as server:
        yield server


@pytest.fixture
async def redis(_shared_store_server: servers.StoreServer) -> AsyncIterator[Redis]:
    """A client of an empty store."""
    await _shared_store_server.wait()
    async with store.connected(_shared_store_server.url) as client:
        await client.flushall()
        yield client


@pytest.fixture
async def store_server() -> AsyncIterator[servers.StoreServer]:
    """A store server for this test alone, to kill and start again."""
    with servers.store_server() as server:
        await server.wait()
        yield server


@pytest.fixture(scope="session")
def served() -> Iterator[servers.Fabrique]:
    """The whole service, which hears what is said; shared by tests that break nothing."""
    with servers.fabrique(CAPTIONS__CHANNELS="plateau") as server:
        yield server


@pytest.fixture(scope="session")
def chromium() -> Iterator[str]:
    """Chromium for all, without its window; the value is where it takes orders."""
    with viewers.chromium_process(executable=viewers.SHELL) as address:
        yield address


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    """It, driven by the tests of one file: a loop runs as long in this thread."""
    with viewers.driving(chromium) as browser:
        yield browser


@pytest.fixture
async def tab(chromium: str) -> AsyncIterator[Page]:
    """A page of it, for tests that have a loop."""
    async with viewers.driving_beside(chromium) as browser:
        yield await browser.new_page()


@pytest.fixture(scope="session")
def film(pytestconfig: pytest.Config) -> Path:
    """The start of the demonstration talk: what a studio sends, with its frames numbered.

    Made once, and kept for the next run; of workers, one makes it while the others wait.
    """
    folder = pytestconfig.cache.mkdir("film")
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        demo_film.make(folder / "film.mp4", lambda share: None, seconds=16)
    return folder / "film.mp4"
