"""What makes us an application on a device: manifest, service worker, icons, a page for no network.

- `GET /manifest.webmanifest`, `GET /icones/{name}.png` (192, 512, 180; `masque-512`; `carte`).
- `GET /sw.js`: the service worker, with the files that it keeps; its text changes with any of them,
  so that browsers take the new one. Where `[server] installable` is off, it takes itself away.
- `GET /hors-ligne`: what it shows for a page that it never saw.
"""

import hashlib
import json
from asyncio import to_thread
from functools import cache

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from tv.pages import icon
from tv.pages.html import Assets, NotBuilt, Pages, not_built
from tv.problems import Problem
from tv.settings import Settings

FACES = ("bricolage-grotesque", "atkinson-hyperlegible-next")
OFFLINE = "/hors-ligne"
GROUND = "#110e0c"
NEW = {"cache-control": "no-cache"}
DAY = {"cache-control": "public, max-age=86400"}

# One that was installed before is replaced by this, which leaves nothing behind.
LEAVING = """self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil((async () => {
  for (const name of await caches.keys()) await caches.delete(name);
  await self.registration.unregister();
})()));
"""


def routes(pages: Pages, settings: Settings) -> list[BaseRoute]:
    assets, event = pages.assets, settings.event.name

    async def manifest(request: Request) -> Response:
        body = msgspec.json.encode(_manifest(event))
        return Response(body, headers=NEW, media_type="application/manifest+json")

    async def worker(request: Request) -> Response:
        try:
            text = _worker(assets, event) if settings.server.installable else LEAVING
        except NotBuilt as error:  # not one that leaves: those that have it keep it
            return not_built(error)
        return Response(text, headers=NEW, media_type="text/javascript")

    async def offline(request: Request) -> Response:
        return pages.page("offline.html", reader=request)

    @cache
    def picture(name: str) -> bytes:
        svg = assets.text("icon.svg")
        match name.split("-"):
            case ["carte"]:
                return icon.card(svg, event)
            case ["180" | "192" | "512" as size]:
                return icon.draw(svg, int(size))
            case ["masque", "512"]:
                return icon.draw(svg, 512, masked=True)
        raise Problem(404, "unknown-picture", "Introuvable", "Il n’y a pas d’image de ce nom.")

    async def drawn(request: Request) -> Response:
        try:
            found = await to_thread(picture, request.path_params["name"])
        except NotBuilt as error:
            return not_built(error)
        return Response(found, headers=DAY, media_type="image/png")

    return [
        Route("/manifest.webmanifest", manifest, methods=["GET"]),
        Route("/sw.js", worker, methods=["GET"]),
        Route(OFFLINE, offline, methods=["GET"]),
        Route("/icones/{name}.png", drawn, methods=["GET"]),
    ]


def _manifest(event: str) -> dict[str, object]:
    """W3C Web Application Manifest."""
    sizes = [("192", "any"), ("512", "any"), ("masque-512", "maskable")]
    pages = [("Le direct", "/"), ("Programme", "/programme"), ("Revoir", "/revoir")]
    return {
        "id": "/",
        "name": f"Fabrique TV – {event}",
        "short_name": "Fabrique TV",
        "description": f"{event}\u00a0: le direct et ses sous-titres, vos questions, vos idées.",
        "lang": "fr",
        "dir": "ltr",
        "start_url": "/",
        "scope": "/",
        "display": "standalone",
        "background_color": GROUND,
        "theme_color": GROUND,
        "categories": ["news", "social"],
        "icons": [
            {
                "src": f"/icones/{name}.png",
                "sizes": f"{name[-3:]}x{name[-3:]}",
                "type": "image/png",
                "purpose": purpose,
            }
            for name, purpose in sizes
        ],
        "shortcuts": [{"name": name, "url": url} for name, url in pages],
    }


def _worker(assets: Assets, event: str) -> str:
    """The service worker after what it keeps from the start: all that the page for no network
    needs, which other pages have loaded already. Raises NotBuilt."""
    names = ["style.css", "light.css", "shell.ts"]
    names += [f"{face}-latin-wght-normal.woff2" for face in FACES]
    files = [assets.address(name) for name in names] + assets.imports("shell.ts")
    code = assets.text("worker/worker.ts")
    version = hashlib.sha256(f"{files}{code}{event}".encode()).hexdigest()[:12]
    shell = json.dumps({"version": version, "files": [*files, OFFLINE]})
    return f"self.shell={shell};\n{code}"
