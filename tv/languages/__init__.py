"""What public pages say, in other languages: catalogues from French, which is written in the pages.

Beside this file, a folder for each language: `pages.json` for templates, `scripts.json` for what
runs in a browser, `problems.json` for what the API refuses (the last two go into the bundle). What
a catalogue lacks stays French. `python -m tests.catalogues` brings them up to date.
"""

import json
from functools import cache
from pathlib import Path

FRENCH = "fr"
NAMES = {FRENCH: "Français", "en": "English"}  # each by its own name


class Language:
    """Words for templates, as jinja2's extension for languages asks for them."""

    def __init__(self, code: str) -> None:
        self.code = code
        parts = () if code == FRENCH else ("problems", "pages")
        self._catalogue = {
            text: other for part in parts for text, other in catalogue(code, part).items()
        }

    def say(self, text: str) -> str:
        return self._catalogue.get(text) or text

    def hour(self, text: str) -> str:
        """« 9 h 30 », as it is written there."""
        return text if self.code == FRENCH else text.replace("\u00a0h\u00a0", ":")

    def count(self, one: str, many: str, n: int) -> str:
        single = n < 2 if self.code == FRENCH else n == 1
        return self.say(one if single else many)


@cache
def catalogue(code: str, part: str = "pages") -> dict[str, str]:
    """French → this language. Raises KeyError for a language that there is not."""
    if code not in NAMES:
        raise KeyError(code)
    path = Path(__file__).parent / code / f"{part}.json"
    found: dict[str, str] = json.loads(path.read_text(encoding="utf-8"))
    return found
