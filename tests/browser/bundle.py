"""The pages' pure functions, for tests that call them in the browser they are for."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page

WEB = Path(__file__).parents[2] / "tv" / "web"


def bundled(source: str) -> str:
    """A script that keeps what `source`, TypeScript in tv/web, exports as `player`."""
    # The binary itself, so that tests need no Node.
    (esbuild,) = WEB.glob("node_modules/@esbuild/*/bin/esbuild*")
    options = ["--bundle", "--format=iife", "--global-name=player", "--loader=ts"]
    return subprocess.run(
        [esbuild, *options], input=source, cwd=WEB, capture_output=True, text=True, check=True
    ).stdout


@contextmanager
def page_with(browser: Browser, source: str) -> Iterator[Page]:
    """An empty page that has them."""
    with browser.new_page() as page:
        page.add_script_tag(content=bundled(source))
        yield page
