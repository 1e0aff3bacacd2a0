"""What people see: every page, by every size, in the states it has during an event.

    python -m benchmarks.pictures FOLDER [--only watch,regie] [--film FILE] [--readme]

A talk is on air with its captions, forty people take part. Chromium opens each page at 360, 820,
1440 and 1920 pixels, before anything was said, with much said, and when it is over, some without a
network; what is wider than its window is named. The pictures are there to be looked at. `--readme`
makes the six of the README anew instead, in `guides/images`.
"""

import argparse
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page

from benchmarks._event_day import BANDEAU, EventDay
from tests.servers import fabrique
from tests.studio import publishing
from tests.viewers import chromium
from tv.auth import Role
from tv.demo import film as demo_film
from tv.demo import labs

SIZES = {360: 740, 820: 1180, 1440: 900, 1920: 1080}
PHONES, DESKS, WALLS = (360,), (1440,), (1920,)
PUBLIC = ("dark", "light")
SETTLES = 1500  # ms in which a page draws what it was told
README = Path(__file__).parents[1] / "guides" / "images"
QUALITY = 82  # of WebP
ANNOUNCED = "Les labos rouvrent à 14 h. Les tables gardent leur place et leurs idées."

Prepare = Callable[[Page], None]
Entry = dict[str, object]  # as it is put into the rundown


@dataclass(frozen=True)
class Shot:
    """A page, in a state."""

    name: str
    path: str
    role: Role | None = None
    looks: tuple[str, ...] = ("dark",)
    widths: tuple[int, ...] = tuple(SIZES)
    whole: bool = False  # down to its foot
    prepare: Prepare | None = None


def offline(page: Page) -> None:
    page.context.set_offline(True)
    page.wait_for_timeout(6000)  # until the page says so


def pressed(name: str, key: str = "") -> Prepare:
    """Press a button, or a key."""

    def press(page: Page) -> None:
        if key:
            page.keyboard.press(key)
        else:
            page.get_by_role("button", name=name).first.click()

    return press


def empty(day: EventDay) -> list[Shot]:
    return [
        Shot("watch-empty", "/", looks=PUBLIC),
        Shot("ideas-empty", "/idees", looks=PUBLIC, widths=(360, 1440)),
        Shot("regie-empty", "/regie", Role.OPERATOR),
        Shot("wall-empty", "/mur", widths=(360, 1920)),
        Shot("presenter-empty", "/intervenant", Role.PRESENTER, widths=(820, 1440)),
        Shot("screen-pairing", "/ecran", widths=WALLS),
        Shot("labs-desk-empty", "/regie/labos", Role.OPERATOR, widths=(360, 1440)),
    ]


def busy(day: EventDay) -> list[Shot]:
    table = f"/labo/{day.lab}/table/1"
    posts = ("Antenne", "Questions", "Sous-titres", "Mur", "Salles", "Technique")
    return [
        Shot("watch", "/", looks=PUBLIC),
        Shot("watch-asking", "/", widths=(360, 1440), prepare=pressed("Poser une question")),
        Shot("watch-settings", "/", widths=(360, 1440), prepare=pressed("Réglages")),
        Shot("watch-alert", "/", widths=(360, 1440), prepare=pressed("Signaler")),
        Shot("watch-offline", "/", widths=(360, 1440), prepare=offline),
        Shot("watch-english", "/?lang=en", widths=(360, 1440)),
        Shot("on-site", "/?sur-place", looks=PUBLIC, widths=(360, 820)),
        Shot("programme", "/programme", looks=PUBLIC, whole=True),
        Shot("join", "/rejoindre", looks=PUBLIC, widths=(360, 1440)),
        Shot("easy", "/facile", looks=("light",), widths=(360, 1440), whole=True),
        Shot("charter", "/charte", looks=("light",), widths=(360, 1440), whole=True),
        Shot("privacy", "/confidentialite", looks=("light",), widths=(360, 1440), whole=True),
        Shot("accessibility", "/accessibilite", looks=("light",), widths=(360, 1440)),
        Shot("replays", "/revoir", looks=PUBLIC, widths=(360, 1440)),
        Shot("missing", "/nulle-part", looks=PUBLIC, widths=(360, 1440)),
        Shot("wall", "/mur"),
        Shot("wall-writing", "/mur/ecrire", looks=PUBLIC, widths=(360, 1440)),
        Shot("wall-desk", "/mur/relire", Role.MODERATOR, widths=(360, 1440)),
        *(
            Shot(
                f"regie-{n}-{post.lower()}",
                "/regie",
                Role.OPERATOR,
                whole=True,
                prepare=pressed("", str(n)),
            )
            for n, post in enumerate(posts, 1)
        ),
        Shot("regie-moderator", "/regie", Role.MODERATOR, widths=PHONES),
        Shot("regie-offline", "/regie", Role.OPERATOR, widths=(360, 1440), prepare=offline),
        Shot("presenter", "/intervenant", Role.PRESENTER),
        Shot("presenter-offline", "/intervenant", Role.PRESENTER, widths=(820,), prepare=offline),
        Shot("journey", "/labo", looks=PUBLIC),
        Shot("lab", f"/labo/{day.lab}", looks=PUBLIC, whole=True),
        Shot("table", f"{table}?ici", looks=PUBLIC, whole=True),
        Shot("table-offline", f"{table}?ici", widths=PHONES, prepare=offline),
        Shot("kiosk", table, Role.KIOSK, widths=(820, 1440)),
        Shot("host", f"{table}/hote", Role.HOST, whole=True),
        Shot("ideas", "/idees", looks=PUBLIC, whole=True),
        Shot("labs-desk", "/regie/labos", Role.OPERATOR, whole=True),
        Shot("embed", "/integrer/plateau", widths=(360, 820)),
        Shot("embedding", "/integrer", looks=PUBLIC, widths=(360, 1440)),
        Shot("door", "/regie", widths=(360, 1440)),
        Shot("claim", "/ecran/associer/7K4PX2", Role.OPERATOR, widths=PHONES, whole=True),
    ]


def over(day: EventDay) -> list[Shot]:
    return [
        Shot("replay", f"/revoir/{day.talk}", looks=PUBLIC),
        Shot("replay-crew", f"/revoir/{day.talk}", Role.OPERATOR, widths=(360, 1440)),
        Shot("replays-one", "/revoir", looks=PUBLIC, widths=(360, 1440)),
        Shot("programme-over", "/programme", widths=(360, 1440)),
        Shot("posters", f"/labo/{day.lab}/affiches", Role.OPERATOR, widths=DESKS, whole=True),
        Shot("plan", "/plan", looks=("light",), widths=PHONES, whole=True),
    ]


@dataclass(frozen=True)
class Layout:
    """What a screen shows: a face, and what is on air over it."""

    name: str
    face: str = "live"
    entries: tuple[Entry, ...] = ()


def layouts(day: EventDay) -> list[Layout]:
    question: Entry = {"type": "question", "shows": day.question}
    poll: Entry = {"type": "poll", "shows": day.poll}
    post: Entry = {"type": "post", "shows": day.posts[-1]}
    synthesis: Entry = {"type": "synthesis", "shows": day.syntheses[0]}
    said: Entry = {"type": "announcement", "title": "Déjeuner", "text": ANNOUNCED}
    countdown: Entry = {"type": "countdown", "title": "Reprise dans", "duration": 540}
    return [
        Layout("picture"),
        Layout("bandeau", entries=(BANDEAU,)),
        Layout("question", entries=(question,)),
        Layout("poll", entries=(poll,)),
        Layout("results", entries=({"type": "poll", "shows": day.cloud},)),
        Layout("post", entries=(post,)),
        Layout("synthesis", entries=(synthesis,)),
        Layout("announcement", entries=(said,)),
        Layout("everything", entries=(BANDEAU, poll, countdown)),
        Layout("waiting", "air"),
        Layout("countdown", "air", (countdown,)),
        Layout("air-poll", "air", (poll,)),
        Layout("air-synthesis", "air", (synthesis,)),
        Layout("wall", "wall"),
        Layout("wall-bandeau", "wall", (BANDEAU, countdown)),
        Layout("lab", "lab"),
        Layout("comparison", "comparison"),
    ]


def main() -> None:
    arguments = _arguments()
    only = arguments.only.split(",") if arguments.only else None
    with _day(arguments.film) as day, chromium() as browser:
        day.begin()
        if arguments.readme:
            _fill(day)
            _take_readme(browser, day)
            return
        arguments.folder.mkdir(parents=True, exist_ok=True)
        _take_all(browser, day, empty(day), only, arguments.folder)
        _fill(day)
        _take_all(browser, day, busy(day), only, arguments.folder)
        _take_layouts(browser, day, only, arguments.folder)
        day.end()
        _take_all(browser, day, over(day), only, arguments.folder)


@contextmanager
def _day(kept: Path | None) -> Iterator[EventDay]:
    settings = {"CAPTIONS__CHANNELS": "plateau"}
    for slug, lab in labs.LABS.items():
        name = f"LABS__{slug.upper().replace('-', '_')}"
        settings |= {f"{name}__NAME": lab.name, f"{name}__STEP": lab.step}
        settings |= {f"{name}__COLOUR": lab.colour, f"{name}__PICTOGRAM": lab.pictogram}
    with tempfile.TemporaryDirectory() as folder:
        film = kept or Path(folder) / "film.mp4"
        demo_film.make(film, lambda _: None, 60)
        with fabrique(**settings) as served, publishing(film, served):
            day = EventDay(served)
            try:
                yield day
            finally:
                day.close()


def _fill(day: EventDay) -> None:
    day.fill()
    day.hear()


def _take_all(
    browser: Browser, day: EventDay, shots: list[Shot], only: list[str] | None, folder: Path
) -> None:
    for shot in shots:
        if not _wanted(shot.name, only):
            continue
        for width in shot.widths:
            for look in shot.looks:
                name = f"{shot.name}-{width}{'-light' if look == 'light' else ''}.png"
                wider = _take(browser, day, shot, width, look, folder / name)
                print(name, f"wider than its window by {wider} px" if wider > 0 else "", flush=True)


def _wanted(name: str, only: list[str] | None) -> bool:
    return not only or any(name.startswith(each) for each in only)


def _take(browser: Browser, day: EventDay, shot: Shot, width: int, look: str, to: Path) -> int:
    """Return how many pixels the page is wider than its window."""
    with browser.new_context(
        viewport={"width": width, "height": SIZES[width]},
        locale="fr-FR",
        color_scheme=look,  # type: ignore[arg-type]
    ) as context:
        page = context.new_page()
        page.goto(day.address(shot.path, shot.role, "Hélène"))
        page.wait_for_timeout(2 * SETTLES)
        if shot.prepare:
            shot.prepare(page)
            page.wait_for_timeout(SETTLES)
        page.screenshot(path=to, full_page=shot.whole)
        return int(page.evaluate("document.documentElement.scrollWidth - innerWidth"))


@contextmanager
def screen(browser: Browser, day: EventDay) -> Iterator[tuple[Page, str]]:
    """A screen of a room, as the control room has paired it: its page, and its address there."""
    with browser.new_context(viewport={"width": 1920, "height": 1080}, locale="fr-FR") as context:
        page = context.new_page()
        page.goto(day.address("/ecran"))
        code = page.locator(".pairing-code").text_content()
        paired = day.crew.post("/api/v1/screens", json={"code": code, "name": "Hall"})
        page.locator("#stage").wait_for()
        page.wait_for_timeout(10 * SETTLES)  # it says who it is, for a while
        yield page, f"/api/v1/screens/{paired.raise_for_status().json()['id']}"


def _take_layouts(browser: Browser, day: EventDay, only: list[str] | None, folder: Path) -> None:
    wanted = [each for each in layouts(day) if _wanted(f"screen-{each.name}", only)]
    if not wanted:
        return
    with (
        screen(browser, day) as (page, address),
        browser.new_context(viewport={"width": 1920, "height": 1080}, locale="fr-FR") as context,
    ):
        overlay = context.new_page()
        overlay.goto(day.address("/habillage"))
        for layout in wanted:
            day.clear()
            shown = {"face": layout.face, "lab": day.lab}
            day.crew.patch(address, json=shown).raise_for_status()
            for entry in layout.entries:
                day.take(entry)
            page.wait_for_timeout(4 * SETTLES)
            page.screenshot(path=folder / f"screen-{layout.name}-1920.png")
            print(f"screen-{layout.name}-1920.png", flush=True)
            if layout.face == "live" and layout.entries:
                name = f"overlay-{layout.name}-1920.png"
                overlay.screenshot(path=folder / name, omit_background=True)
                print(name, flush=True)


def _take_readme(browser: Browser, day: EventDay) -> None:
    README.mkdir(parents=True, exist_ok=True)
    shots = [
        (Shot("watch", "/", looks=("light",)), 1440),
        (Shot("phone", "/", looks=("light",)), 360),
        (Shot("regie", "/regie", Role.OPERATOR), 1440),
        (Shot("table", f"/labo/{day.lab}/table/1?ici", looks=("light",)), 820),
        (Shot("wall", "/mur"), 1920),
    ]
    with tempfile.TemporaryDirectory() as folder:
        taken = Path(folder) / "taken.png"
        for shot, width in shots:
            _take(browser, day, shot, width, shot.looks[0], taken)
            _keep(taken, shot.name)
        with screen(browser, day) as (page, _):
            page.screenshot(path=taken)
            _keep(taken, "screen")


def _keep(taken: Path, name: str) -> None:
    Image.open(taken).convert("RGB").save(README / f"{name}.webp", quality=QUALITY, method=6)
    print(README / f"{name}.webp")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, nargs="?", default=Path("pictures"))
    parser.add_argument("--only", help="beginnings of names, with commas between")
    parser.add_argument("--readme", action="store_true")
    parser.add_argument("--film", type=Path, help="where to keep the talk's film for the next time")
    return parser.parse_args()


if __name__ == "__main__":
    main()
