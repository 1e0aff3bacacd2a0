"""What every page is made of: templates, built assets by their hashed names, and safe headers."""

import asyncio
import json
from pathlib import Path
from typing import Any
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from tv.languages import NAMES, Language
from tv.pages.qr import QrCodes
from tv.pages.reading import CREW, TRANSLATED, reading
from tv.pages.rgaa import grid
from tv.settings import Settings

STATIC = Path(__file__).parent.parent / "static"

# Nothing inline, nobody else's: a page loads what we built and talks to us alone.
POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "font-src 'self'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "media-src 'self' blob:",
        "worker-src 'self'",
        "manifest-src 'self'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'self'",
        "require-trusted-types-for 'script'",
        "trusted-types lit-html fabrique",
    )
)
HEADERS = {
    "content-security-policy": POLICY,
    "cache-control": "no-cache",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=()",
}
FOR_EVER = "max-age=31536000, immutable"
KINDS = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".map": "application/json",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".woff2": "font/woff2",
}


class NotBuilt(Exception):
    """A part of the pages is not there; the message says how to build them."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"«\u00a0{name}\u00a0» n’est pas construit\u00a0: lancez `node build.mjs ../static` "
            "dans tv/web."
        )


class Assets:
    """Built files by the names that templates use."""

    def __init__(self, folder: Path = STATIC) -> None:
        self._folder = folder
        self._manifest: dict[str, dict[str, Any]] = {}
        self._read_at = 0

    def address(self, name: str) -> str:
        return f"/static/{self._entry(name)['file']}"

    def text(self, name: str) -> str:
        """What is in it. Raises NotBuilt."""
        file: str = self._entry(name)["file"]
        try:
            return (self._folder / file).read_text("utf-8")
        except OSError as error:
            raise NotBuilt(name) from error

    def icon(self) -> str:
        """The icon as an address that holds it: asking for a file would cost more than it has."""
        return f"data:image/svg+xml,{quote(self.text('icon.svg'), safe='/:=')}"

    def imports(self, name: str) -> list[str]:
        """What a script needs at once, to be asked for before it says so."""
        return [f"/static/{file}" for file in self._entry(name)["imports"]]

    def _entry(self, name: str) -> dict[str, Any]:
        path = self._folder / "manifest.json"
        try:
            changed = path.stat().st_mtime_ns
            if changed != self._read_at:  # built again while we run
                self._manifest = json.loads(path.read_bytes())
                self._read_at = changed
            return self._manifest[name]
        except (OSError, KeyError, ValueError) as error:
            raise NotBuilt(name) from error


class Pages:
    """Renders templates with what all of them need: one for all routes."""

    def __init__(self, settings: Settings, assets: Assets | None = None) -> None:
        self.assets = assets = assets or Assets()
        self.codes = QrCodes()
        self.channels = {
            slug: channel.name or slug.capitalize() for slug, channel in settings.channels.items()
        }
        signs = {channel.signs for channel in settings.channels.values()}  # shown beside another
        channels = [
            {"id": slug, "name": name} for slug, name in self.channels.items() if slug not in signs
        ]
        self._settings = settings
        self._event = settings.event
        self._templates = {code: _templates(Language(code)) for code in NAMES}
        for templates in self._templates.values():
            templates.globals.update(
                asset=assets.address,
                icon=assets.icon,
                imports=assets.imports,
                event=self._event.name,
                zone=self._event.time_zone,
                channels=channels,
                installable=settings.server.installable,
                has_labs=bool(settings.labs),
                accessibility=grid().state,
            )

    def for_channel(
        self,
        request: Request,
        template: str,
        script: str,
        reader: Request | None = None,
        **known: str | int,
    ) -> Response:
        """A page about the channel that the address names (`?canal=`), else about the first.

        `known` is what else its script finds written in the page; `reader` as for `page`.
        """
        wanted = request.query_params.get("canal") or next(iter(self.channels))
        if wanted not in self.channels:
            return self.page("missing.html", status=404, reader=reader, wanted=wanted[:40])
        name = self.channels[wanted]
        known |= {"channel": wanted, "name": name}
        return self.page(template, script, known, reader=reader, channel=wanted, name=name)

    def page(
        self,
        template: str,
        script: str = "",
        known: dict[str, Any] | None = None,
        status: int = 200,
        reader: Request | None = None,
        **values: object,
    ) -> Response:
        """Any other page. `known` is what its script finds written in it.

        A public page is given its `reader`, to be as they want to read it: tv/pages/reading.py.
        """
        how = CREW
        if reader is not None:
            how = reading(reader, origin(reader, self._settings), template in TRANSLATED)
        event = {"event": self._event.name, "zone": self._event.time_zone}
        data = json.dumps((known or {}) | event, separators=(",", ":")) if script else ""
        templates = self._templates[how.language]
        try:
            text = templates.get_template(template).render(
                values, reading=how, script=script, data=data
            )
        except NotBuilt as error:
            return not_built(error)
        response = Response(text, status, HEADERS, media_type="text/html; charset=utf-8")
        how.keep(response)
        return response


def _templates(language: Language) -> Environment:
    templates = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        auto_reload=False,  # they change with the program
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    templates.policies["ext.i18n.trimmed"] = True
    templates.install_gettext_callables(  # type: ignore[attr-defined]  # by its extension
        language.say, language.count, newstyle=True
    )
    templates.filters["said"] = language.say  # of what is not known before: as text
    templates.filters["hour"] = language.hour
    return templates


def not_built(error: NotBuilt) -> Response:
    """Where parts are missing nothing is true: what a browser has from before stands."""
    headers = {"cache-control": "no-store", "retry-after": "5"}
    return Response(f"{error}\n", 503, headers, media_type="text/plain; charset=utf-8")


def origin(request: Request, settings: Settings) -> str:
    """Where people find us, as what is printed and shown says it: without a path."""
    return (settings.server.public_url or str(request.base_url)).rstrip("/")


def static(folder: Path = STATIC) -> BaseRoute:
    """What the build made: names carry a hash, so it may be kept for ever; compressed once.

    Nobody asks again for what is kept for ever: there is no tag and no date to ask with.
    """

    async def serve(request: Request) -> Response:
        name = request.path_params["name"]
        path = folder / name
        kind = KINDS.get(path.suffix)
        if kind is None or name.startswith(".") or not _is_file(path):
            # In no cache: what a newer version names may not be here yet.
            headers = {"cache-control": "no-store"}
            return Response("Fichier inconnu.\n", 404, headers, "text/plain; charset=utf-8")
        headers = {
            "cache-control": FOR_EVER,
            "vary": "accept-encoding",
        }
        accepted = request.headers.get("accept-encoding", "")
        for encoding, suffix in (("br", ".br"), ("gzip", ".gz")):
            compressed = folder / f"{name}{suffix}"
            if encoding in accepted and compressed.is_file():
                path = compressed
                headers["content-encoding"] = encoding
                break
        return Response(await asyncio.to_thread(path.read_bytes), 200, headers, media_type=kind)

    return Route("/static/{name}", serve)


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # its name is longer than one can be
        return False
