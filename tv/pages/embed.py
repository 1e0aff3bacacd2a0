"""The player for other people's sites, and how they ask for it.

- `GET /integrer`: the code to copy, for each channel.
- `GET /integrer/{channel}`: the player alone, for a frame on the sites that `[server] embedders`
  names. It knows nobody there: browsers keep our cookies to ourselves.
- `GET /oembed?url=…` → what a site needs to show one of our pages by its address (oembed.com).
"""

import html
from urllib.parse import parse_qs, quote, urlsplit

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from tv.pages.html import POLICY, Pages, origin
from tv.problems import Problem
from tv.settings import Settings

WIDTH, HEIGHT = 960, 600  # px: the picture at 16:9 and the bar under it


def routes(pages: Pages, settings: Settings) -> list[BaseRoute]:
    sites = " ".join(("'self'", *settings.server.embedders))
    policy = POLICY.replace("frame-ancestors 'self'", f"frame-ancestors {sites}")

    async def ask(request: Request) -> Response:
        """How to put us on a page of one's own."""
        here = origin(request, settings)
        codes = [
            {"id": slug, "name": name, "code": frame(here, slug, name)}
            for slug, name in pages.channels.items()
        ]
        return pages.page("embedding.html", "embedding.ts", reader=request, codes=codes)

    async def player(request: Request) -> Response:
        slug = request.path_params["channel"]
        if slug not in pages.channels:
            return pages.page("missing.html", status=404, reader=request, wanted=slug[:40])
        name = pages.channels[slug]
        known = {"channel": slug, "name": name}
        response = pages.page("embed.html", "embed.ts", known, reader=request, **known)
        response.headers["content-security-policy"] = policy
        return response

    async def oembed(request: Request) -> Response:
        """oembed.com, version 1.0, in JSON."""
        here = origin(request, settings)
        site, path, query = _apart(request.query_params.get("url", ""))
        slug = _channel(path, query) or next(iter(pages.channels))
        if site != here or slug not in pages.channels:
            raise Problem(404, "not-ours", "Introuvable", "Cette adresse n’est pas d’ici.")
        if request.query_params.get("format", "json") != "json":
            raise Problem(501, "format", "Format inconnu", "Seul le format JSON est proposé.")
        width = _at_most(request, "maxwidth", WIDTH)
        height = _at_most(request, "maxheight", round(width * HEIGHT / WIDTH))
        name = pages.channels[slug]
        body = {
            "version": "1.0",
            "type": "video",
            "provider_name": "Fabrique TV",
            "provider_url": here,
            "title": f"{name} – {settings.event.name}",
            "width": width,
            "height": height,
            "html": frame(here, slug, name, width, height),
            "thumbnail_url": f"{here}/icones/carte.png",
            "thumbnail_width": 1200,
            "thumbnail_height": 630,
        }
        return JSONResponse(body, headers={"access-control-allow-origin": "*"})

    return [
        Route("/integrer", ask, methods=["GET"]),
        Route("/integrer/{channel}", player, methods=["GET"]),
        Route("/oembed", oembed, methods=["GET"]),
    ]


def frame(here: str, slug: str, name: str, width: int = WIDTH, height: int = HEIGHT) -> str:
    """The HTML to paste."""
    title = html.escape(f"{name} en direct")
    return (
        f'<iframe src="{html.escape(here)}/integrer/{quote(slug)}" title="{title}" '
        f'width="{width}" height="{height}" style="border:0;max-width:100%" '
        'allow="autoplay; fullscreen; picture-in-picture" loading="lazy"></iframe>'
    )


def _apart(url: str) -> tuple[str, str, str]:
    """The site, path and query of an address; nothing of what is none."""
    try:
        parts = urlsplit(url)
    except ValueError:  # a bracket that is not closed
        return "", "", ""
    return f"{parts.scheme}://{parts.netloc}", parts.path, parts.query


def _channel(path: str, query: str) -> str:
    """The channel that one of our addresses is about; "" for the first."""
    if path.startswith("/integrer/"):
        return path.removeprefix("/integrer/")
    return parse_qs(query).get("canal", [""])[0]


def _at_most(request: Request, name: str, usual: int) -> int:
    text = request.query_params.get(name, "")
    number = text.isascii() and text.isdigit() and len(text) < 10
    return max(200, min(usual, int(text))) if number else usual
