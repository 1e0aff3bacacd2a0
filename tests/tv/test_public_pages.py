"""What every public page has besides what it is for: how it is read, shared, framed, installed."""

import io
import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from starlette.applications import Starlette
from starlette.routing import BaseRoute
from starlette.testclient import TestClient

from tv.pages import embed, installing, watch
from tv.pages.errors import Errors
from tv.pages.html import STATIC, Assets, Pages, static
from tv.pages.reading import PARAMETERS
from tv.settings import SettingsError, load


def served(**settings: str) -> TestClient:
    found = load(environment={f"FABRIQUE_{name}": value for name, value in settings.items()})
    pages = Pages(found)
    routes = [
        *installing.routes(pages, found),
        *embed.routes(pages, found),
        *watch.routes(pages),
    ]
    app = Starlette(routes=routes, exception_handlers=Errors(pages).handlers)
    return TestClient(app, base_url="http://tv.example")


def built_in(folder: Path) -> list[BaseRoute]:
    """What makes us an application, with what a folder has."""
    settings = load(environment={})
    return installing.routes(Pages(settings, Assets(folder)), settings)


@pytest.fixture
def client() -> Iterator[TestClient]:
    with served() as client:
        yield client


def test_a_language_is_chosen_by_address_and_kept(client: TestClient) -> None:
    french = client.get("/").text
    assert '<html lang="fr">' in french
    assert "/static/en-" not in french  # another language costs it nothing
    english = client.get("/?lang=en").text
    assert '<html lang="en">' in english
    assert "Ask a question" in english
    script = f'src="{Assets().address("watch.ts")}"'
    assert english.index('src="/static/en-') < english.index(script)  # words come first
    assert '<html lang="en">' in client.get("/").text
    assert '<html lang="fr">' in client.get("/?lang=fr").text
    assert '<html lang="fr">' in client.get("/?lang=tlh").text


def test_light_or_dark_is_chosen_by_address_and_kept(client: TestClient) -> None:
    def by_day(text: str) -> str:
        found = re.search(r'href="/static/light-[^"]+" media="([^"]+)"', text)
        assert found
        return found[1]

    assert by_day(client.get("/").text) == "print, (prefers-color-scheme: light)"
    assert by_day(client.get("/?apparence=claire").text) == "print, all"
    assert by_day(client.get("/").text) == "print, all"
    assert by_day(client.get("/?apparence=sombre").text) == "print, not all"
    assert by_day(client.get("/?apparence=").text) == "print, (prefers-color-scheme: light)"


def test_links_to_read_otherwise_stay_on_the_page(client: TestClient) -> None:
    page = client.get("/?canal=plateau&lang=en").text
    assert 'href="?canal=plateau&amp;lang=fr"' in page
    assert 'href="?canal=plateau&amp;apparence=claire"' in page
    assert '<link rel="canonical" href="http://tv.example/?canal=plateau">' in page


def test_links_keep_so_many_parameters_of_an_address_and_no_more(client: TestClient) -> None:
    page = client.get("/?" + "a=1&" * 2_000).text
    assert page.count("a=1") % PARAMETERS == 0
    assert page.count("a=1") < 10 * PARAMETERS


def test_a_shared_page_has_a_card_with_a_picture_of_ours(client: TestClient) -> None:
    page = client.get("/").text
    card = dict(re.findall(r'<meta property="og:(\w+)" content="([^"]*)"', page))
    assert card["title"]
    assert card["description"]
    assert card["url"] == "http://tv.example/"
    with Image.open(io.BytesIO(client.get(card["image"]).content)) as picture:
        assert picture.size == (1200, 630)


def test_the_manifest_names_icons_in_the_sizes_that_it_says(client: TestClient) -> None:
    manifest = client.get("/manifest.webmanifest").json()
    assert {icon["purpose"] for icon in manifest["icons"]} == {"any", "maskable"}
    for icon in manifest["icons"]:
        with Image.open(io.BytesIO(client.get(icon["src"]).content)) as picture:
            assert f"{picture.width}x{picture.height}" == icon["sizes"]
            edge = picture.getpixel((0, 0))
            assert isinstance(edge, tuple)
            assert edge[3] == (255 if icon["purpose"] == "maskable" else 0)
    assert client.get("/icones/9999.png").status_code == 404


@pytest.mark.parametrize(("encoding", "suffix"), [("br", ".br"), ("gzip", ".gz"), ("identity", "")])
def test_what_is_kept_for_ever_has_no_more_of_a_head_than_it_needs(
    encoding: str, suffix: str
) -> None:
    name = Assets().address("style.css").rpartition("/")[2]
    with (
        TestClient(Starlette(routes=[static()])) as client,
        client.stream("GET", f"/static/{name}", headers={"accept-encoding": encoding}) as answer,
    ):
        assert b"".join(answer.iter_raw()) == (STATIC / f"{name}{suffix}").read_bytes()
    assert answer.headers.get("content-encoding", "identity") == encoding
    assert answer.headers.keys() - {"content-encoding"} == {
        *("cache-control", "vary"),
        *("content-length", "content-type"),
    }


def test_a_file_of_no_possible_name_is_unknown() -> None:
    with TestClient(Starlette(routes=[static()])) as client:
        for name in ("a" * 300, "%00", "é" * 200):
            missing = client.get(f"/static/{name}.js")
            assert missing.status_code == 404
            assert missing.headers["cache-control"] == "no-store"


def test_the_service_worker_keeps_files_that_there_are(client: TestClient) -> None:
    worker = client.get("/sw.js")
    assert worker.headers["cache-control"] == "no-cache"  # else an old one would stay
    found = re.match(r"self\.shell=(\{.*?\});\n", worker.text)
    assert found
    static = {path.rpartition("/")[2] for path in json.loads(found[1])["files"]} - {"hors-ligne"}
    assert static
    assert all((STATIC / name).is_file() for name in static)


def test_another_build_is_another_service_worker(tmp_path: Path) -> None:
    shutil.copytree(STATIC, tmp_path, dirs_exist_ok=True)
    with TestClient(Starlette(routes=built_in(tmp_path))) as client:
        before = client.get("/sw.js").text
        assert client.get("/sw.js").text == before
        manifest = tmp_path / "manifest.json"
        manifest.write_text(re.sub(r'"style-\w+\.css"', '"style-NEW.css"', manifest.read_text()))
        after = client.get("/sw.js").text
    assert "style-NEW.css" in after
    names = [re.search(r'"version": "(\w+)"', text) for text in (before, after)]
    assert names[0]
    assert names[1]
    assert names[0][1] != names[1][1]  # and so another shelf: the old one is emptied


def test_a_service_worker_stays_while_the_pages_are_built_anew(tmp_path: Path) -> None:
    with TestClient(Starlette(routes=built_in(tmp_path))) as client:
        for address in ("/sw.js", "/hors-ligne"):
            answer = client.get(address)
            assert (answer.status_code, answer.headers["cache-control"]) == (503, "no-store")
            assert "n’est pas construit" in answer.text


def test_where_nothing_is_to_be_installed_what_was_takes_itself_away() -> None:
    with served(SERVER__INSTALLABLE="false") as client:
        assert 'rel="manifest"' not in client.get("/").text
        assert "unregister()" in client.get("/sw.js").text


def test_only_sites_that_the_organiser_names_may_frame_the_player_and_only_that() -> None:
    with served(SERVER__EMBEDDERS="https://ville.example,https://*.region.example") as client:
        player = client.get("/integrer/plateau").headers["content-security-policy"]
        assert "frame-ancestors 'self' https://ville.example https://*.region.example;" in player
        assert "frame-ancestors 'self';" in client.get("/").headers["content-security-policy"]
        assert client.get("/integrer/nulle-part").status_code == 404
    with pytest.raises(SettingsError, match="embedders"):
        load(environment={"FABRIQUE_SERVER__EMBEDDERS": "ville.example/accueil; script-src *"})


def test_a_site_gets_the_code_of_the_player_by_the_address_of_a_page(client: TestClient) -> None:
    here = "http://tv.example"
    found = client.get("/oembed", params={"url": f"{here}/?canal=plateau", "maxwidth": "480"})
    body = found.json()
    assert body["type"] == "video"
    assert (body["width"], body["height"]) == (480, 300)
    assert f'src="{here}/integrer/plateau"' in body["html"]
    assert client.get("/oembed", params={"url": "http://autre.example/"}).status_code == 404
    assert client.get("/oembed", params={"url": f"{here}/?canal=x"}).status_code == 404
