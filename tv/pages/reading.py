"""How somebody wants to read public pages: in which language, and in the light or in the dark.

`?lang=en` and `?apparence=claire` on any of them choose, and a cookie keeps it; nothing is guessed
from the browser's headers. What the crew and the screens see is French, and dark.
"""

from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from tv.languages import FRENCH, NAMES

Look = Literal["", "claire", "sombre"]

LANGUAGE, LOOK = "lang", "apparence"  # in an address
COOKIES = {LANGUAGE: "fabrique_lang", LOOK: "fabrique_apparence"}
LOOKS: tuple[Look, ...] = ("", "claire", "sombre")
KEPT = 365 * 24 * 3600  # seconds
PARAMETERS = 16  # of an address that links keep; pages of ours read fewer

# The pages that are in every language of tv/languages; the others are in French.
TRANSLATED = frozenset(
    {"watch.html", "on_site.html", "replay.html", "replays.html", "no_replay.html", "missing.html"}
    | {"join.html", "programme.html", "ideas.html", "wall_writing.html", "plan.html", "error.html"}
    | {"charter.html", "privacy.html", "accessibility.html"}
    | {"embed.html", "embedding.html", "offline.html"}
)


@dataclass(frozen=True)
class Reading:
    """`look` is "" for whatever the device prefers."""

    language: str = FRENCH
    look: str = "sombre"
    public: bool = False
    origin: str = ""  # where the world finds us
    address: str = ""  # of the page there, without how one wants to read it
    languages: tuple[tuple[str, str, str], ...] = ()  # others: code, name, address
    looks: tuple[tuple[str, str], ...] = ()  # all: name, address
    chosen: tuple[tuple[str, str], ...] = ()  # just now: cookies to give

    def keep(self, response: Response) -> None:
        """Have the browser remember what was chosen."""
        if self.public:
            response.headers["vary"] = "cookie"
        for name, value in self.chosen:
            response.set_cookie(name, value, max_age=KEPT if value else 0, samesite="lax")


CREW = Reading()


def reading(request: Request, origin: str, translated: bool) -> Reading:
    """How this request wants a public page, which is at `origin` for the world."""
    asked = request.query_params
    cookies = request.cookies
    language = asked.get(LANGUAGE) or cookies.get(COOKIES[LANGUAGE], "")
    look = asked.get(LOOK, cookies.get(COOKIES[LOOK], ""))
    language = language if language in NAMES else FRENCH
    look = look if look in LOOKS else ""
    rest = [(name, value) for name, value in asked.multi_items() if name not in COOKIES]
    query = urlencode(rest[:PARAMETERS])

    def again(name: str, value: str) -> str:
        return f"?{query}{'&' if query else ''}{urlencode({name: value})}"  # wherever it is

    chosen = {LANGUAGE: language, LOOK: look}
    return Reading(
        language if translated else FRENCH,
        look,
        public=True,
        origin=origin,
        address=f"{origin}{request.url.path}{'?' if query else ''}{query}",
        languages=tuple(
            (code, name, again(LANGUAGE, code))
            for code, name in NAMES.items()
            if translated and code != language
        ),
        looks=tuple((name, again(LOOK, name)) for name in LOOKS),
        chosen=tuple((COOKIES[name], chosen[name]) for name in COOKIES if name in asked),
    )
