"""What several of these tests begin with."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext

PHONE = {"width": 390, "height": 844}


@pytest.fixture
def device(browser: Browser) -> Iterator[BrowserContext]:
    """A phone, whose pages know each other."""
    context = browser.new_context(viewport=PHONE, locale="fr-FR")  # type: ignore[arg-type]
    yield context
    context.close()
