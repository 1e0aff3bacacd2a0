"""What several of these tests begin with: somebody's device, and the hands of the crew."""

from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext

from tests.browser.people import DESK, PHONE, TABLET, device
from tests.servers import Fabrique


@pytest.fixture
def phone(browser: Browser) -> Iterator[BrowserContext]:
    with device(browser, PHONE) as own:
        yield own


@pytest.fixture
def tablet(browser: Browser) -> Iterator[BrowserContext]:
    with device(browser, TABLET) as own:
        yield own


@pytest.fixture
def desk(browser: Browser) -> Iterator[BrowserContext]:
    with device(browser, DESK) as own:
        yield own


@pytest.fixture
def crew(served: Fabrique) -> Iterator[httpx.Client]:
    """The control room's hands."""
    with served.crew() as client:
        yield client
