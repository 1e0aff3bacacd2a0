"""What the laboratories made, to take home: all of it in the tables, what showed in the booklet."""

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from pypdf import PdfReader
from reportlab.lib.colors import HexColor, white

from engagement.cafe.events import CafeMade, CafeOpened, RoundAdvanced, SeatTaken
from engagement.cafe.session import Plan
from engagement.fold import Accepted
from engagement.ideas.events import (
    ClusterMade,
    IdeaApproved,
    IdeaCarried,
    IdeaDotted,
    IdeaHidden,
    IdeaMade,
)
from engagement.syntheses.events import (
    CommentWritten,
    SynthesisBegun,
    SynthesisRevised,
    SynthesisShared,
)
from engagement.syntheses.synthesis import Text
from tests.engagement.room import Room
from tv.reports.booklet import Booklet, booklet_of
from tv.reports.booklet_pdf import as_pdf, ink_on
from tv.reports.files import as_xlsx
from tv.reports.labs import lab_tables
from tv.reports.paper import INK
from tv.settings import Event, Lab

PARIS = ZoneInfo("Europe/Paris")
LABS = {
    "nord": Lab(name="Chercher", step="Recherche de logement", colour="#0a6e4f", pictogram="🔍"),
    "sud": Lab(name="Partir", step="Départ", colour="#ffd166", pictogram="X"),
}
PLAN = Plan(
    title="Le parcours",
    prompts=("Que changer ?", "Et d’abord ?"),
    tables=(("nord", 7), ("sud", 2)),
    rounds=2,
)
OPENED = 1_779_609_600.0  # 10 h, in Paris
PEOPLE = [f"p_{number}" for number in range(6)]


class Cafe(Room):
    """A room with a café in its second round."""

    def __init__(self) -> None:
        super().__init__()
        self.sure(CafeMade, cafe="c", plan=PLAN)
        self.sure(CafeOpened, cafe="c", at=OPENED)
        self.sure(RoundAdvanced, cafe="c")
        for person in PEOPLE:
            self.sure(SeatTaken, person, table="nord.3")

    def sure(self, type: Any, by: str = "crew", **fields: Any) -> None:
        assert isinstance(self.do(type, by, **fields), Accepted), (type, fields)

    def idea(self, name: str, by: str = "p_0", **more: Any) -> None:
        fields = {"cafe": "c", "table": "nord.3", "text": f"L’idée {name}"} | more
        self.sure(IdeaMade, by, idea=name, **fields)

    def synthesis(self, name: str, *, shared: bool = True, **text: Any) -> None:
        said = Text(**{"title": f"Le titre {name}", "body": "Un mot.\n\nPuis l’autre."} | text)
        self.sure(SynthesisBegun, "host", synthesis=name, table="nord.7", text=said, author="Léa")
        if shared:
            self.sure(SynthesisShared, "host", synthesis=name)

    def booklet(self, lab: str = "", pictures: Path = Path("/nowhere")) -> Booklet:
        def picture(name: str) -> Path | None:
            return pictures / name if (pictures / name).is_file() else None

        return booklet_of(self.audience, LABS, Event(name="La Fabrique"), picture, lab)

    def tables(self) -> dict[str, list[dict[str, Any]]]:
        made = lab_tables(self.audience, LABS, PARIS)
        return {table.name: table.records() for table in made}


@pytest.fixture
def cafe() -> Cafe:
    made = Cafe()
    made.idea("un", picture="photo.jpg", alt="Un plan")
    made.idea("deux", by="p_1")
    made.idea("tue", by="p_2", text="Un secret")
    made.sure(IdeaHidden, idea="tue")
    made.sure(RoundAdvanced, cafe="c")
    made.sure(RoundAdvanced, cafe="c")
    made.sure(IdeaCarried, "p_0", idea="un", table="nord.7")
    for person in PEOPLE:
        made.sure(IdeaDotted, person, idea="un", dots=2)
    made.sure(ClusterMade, "host", cluster="g", table="nord.7", name="Accueillir", ideas=("un",))
    made.synthesis("a", clusters=("g",), ideas=("deux",))
    made.synthesis("b", shared=False)
    return made


def printed(booklet: Booklet) -> Iterator[str]:
    for page in PdfReader(io.BytesIO(as_pdf(booklet))).pages:
        yield " ".join(page.extract_text().split())


def test_tables_hold_ideas_with_their_way_and_syntheses_with_their_sources(cafe: Cafe) -> None:
    cafe.sure(SynthesisRevised, "host", synthesis="a", text=Text(title="Mieux", ideas=("un",)))
    cafe.sure(CommentWritten, "p_0", comment="k", synthesis="a", text="Oui", author="Ann")
    made = cafe.tables()
    un, deux, tue = made["ideas"]
    assert un["way"] == "table 3, tour 1 › table 7, tour 2"
    assert (un["lab"], un["table"], un["round"], un["dots"], un["groups"]) == (
        "Chercher", 3, 1, 12, "Accueillir",
    )  # fmt: skip
    assert (un["prompt"], un["picture"], un["state"]) == ("Que changer ?", "photo.jpg", "affichée")
    assert (deux["groups"], tue["state"], tue["text"]) == (None, "masquée", "Un secret")
    a, b = made["syntheses"]
    assert (a["title"], a["sources"], a["state"], b["state"]) == (
        "Mieux", "un", "partagée", "brouillon",
    )  # fmt: skip
    assert [(row["version"], row["title"]) for row in made["versions"]] == [(1, "Le titre a")]
    assert [(row["title"], row["text"], row["state"]) for row in made["comments"]] == [
        ("Mieux", "Oui", "à relire")
    ]
    nord, sud, total = made["labs"]
    assert (nord["people"], nord["ideas"], nord["dots"], nord["shared"]) == (6, 2, 12, 1)
    assert (sud["people"], total["lab"], total["people"]) == (0, "Tous", 6)


def test_tables_of_a_laboratory_have_what_was_made_there() -> None:
    room = Cafe()
    room.idea("ici")
    room.idea("là", table="sud.1")
    made = lab_tables(room.audience, LABS, PARIS, lab="sud")
    rows = {table.name: table.records() for table in made}
    assert [row["id"] for row in rows["ideas"]] == ["là"]
    assert [row["lab"] for row in rows["labs"]] == ["Partir"]
    (book,) = [openpyxl.load_workbook(io.BytesIO(as_xlsx(made)))]
    assert book.sheetnames == ["Laboratoires", "Idées"]


def test_what_few_did_is_not_told() -> None:
    room = Cafe()
    room.sure(SeatTaken, "p_9", table="sud.1")
    room.idea("seule", by="p_9", table="sud.1")
    room.sure(IdeaDotted, "p_9", idea="seule", dots=3)
    nord, sud, total = room.tables()["labs"]
    assert (sud["people"], sud["dots"], sud["ideas"]) == ("non affiché", "non affiché", 1)
    assert (nord["people"], total["people"]) == ("non affiché", 7)
    assert total["dots"] == "non affiché"
    assert not any("3 points" in page for page in printed(room.booklet()))


def test_booklet_has_each_laboratory_with_its_question_and_syntheses(cafe: Cafe) -> None:
    cover, nord, *_, sud = printed(cafe.booklet())
    for told in ("Cahier des laboratoires", "La Fabrique", "24/05/2026", "Chercher", "Partir"):
        assert told in cover
    for told in (
        "Recherche de logement",
        "1. Que changer ?",
        "2. Et d’abord ?",
        "Le titre a",
        "Table 7 · Léa",
        "Un mot.",
        "Puis l’autre.",
        "Accueillir",
        "L’idée un",
        "Table 3, tour 1 › table 7, tour 2 · 12 points",
        "L’idée deux",
        "Les idées les plus soutenues",
    ):
        assert told in nord
    assert "Aucune synthèse n’a été partagée" in sud
    whole = cover + nord + sud
    for hidden in ("Le titre b", "Un secret"):
        assert hidden not in whole


def test_cover_says_where_each_chapter_begins(cafe: Cafe) -> None:
    cafe.synthesis("c", body="Longue explication. " * 95)
    cafe.synthesis("d", body="Longue explication. " * 95)
    pages = list(printed(cafe.booklet()))
    begins = len(pages)
    assert "Aucune synthèse" in pages[-1]
    assert begins > 3
    assert f"Partir Départ {begins}" in pages[0]
    outline = PdfReader(io.BytesIO(as_pdf(cafe.booklet()))).outline
    assert [str(entry["/Title"]) for entry in outline] == ["Chercher", "Partir"]


def test_booklet_of_one_laboratory_has_no_other(cafe: Cafe) -> None:
    whole = " ".join(printed(cafe.booklet(lab="sud")))
    assert "Partir" in whole
    assert "Chercher" not in whole


def test_booklet_has_the_calls_ideas_at_its_end() -> None:
    room = Cafe()
    room.sure(CafeMade, cafe="call", plan=Plan(title="Appel", prompts=("Quoi ?",), kind="call"))
    room.sure(CafeOpened, cafe="call", at=OPENED + 90_000)
    for person in PEOPLE:
        room.idea(f"de {person}", by=person, cafe="call", table="")
        room.sure(IdeaApproved, idea=f"de {person}")
        room.sure(IdeaDotted, person, idea="de p_0", dots=1)
    booklet = room.booklet()
    assert [chapter.name for chapter in booklet.chapters] == ["Chercher", "Partir", "Idées de tous"]
    assert booklet.when == "24/05/2026 – 25/05/2026"
    last = list(printed(booklet))[-1]
    assert "L’idée de p_0" in last
    assert "tour" not in last.replace("Fabrique TV", "")


def test_booklet_without_anything_says_so() -> None:
    (cover,) = printed(booklet_of(Room().audience, LABS, Event(name="Vide"), lambda name: None))
    assert "Rien n’a encore été partagé." in cover


def test_photo_is_printed_small_and_one_that_is_gone_left_out(cafe: Cafe, tmp_path: Path) -> None:
    without = as_pdf(cafe.booklet())
    Image.effect_noise((1600, 1200), 80).convert("RGB").save(tmp_path / "photo.jpg")
    with_photo = as_pdf(cafe.booklet(pictures=tmp_path))
    assert not [image for page in PdfReader(io.BytesIO(without)).pages for image in page.images]
    images = [image for page in PdfReader(io.BytesIO(with_photo)).pages for image in page.images]
    # Once in the file, though it is a source and among the most liked.
    assert len({image.name for image in images}) == 1
    assert max(images[0].image.size) <= 400
    (tmp_path / "photo.jpg").write_bytes(b"no picture")
    assert as_pdf(cafe.booklet(pictures=tmp_path))


@pytest.mark.parametrize(("colour", "ink"), [("#0a6e4f", white), ("#ffd166", INK)])
def test_names_are_read_on_any_colour(colour: str, ink: Any) -> None:
    assert ink_on(HexColor(colour)) == ink


NASTY = ["<b>gras</b>", "&amp;", "Nguyễn 🏠 Щ", "=1+1", "mot " * 60]


@settings(max_examples=8)
@given(st.lists(st.text(max_size=280) | st.sampled_from(NASTY), min_size=1, max_size=4))
def test_anything_people_write_is_printed(texts: list[str]) -> None:
    room = Cafe()
    for number, text in enumerate(texts):
        room.idea(f"i{number}", text=text)
        for person in PEOPLE[:5]:
            room.do(IdeaDotted, person, idea=f"i{number}", dots=1)
    every = tuple(f"i{number}" for number in range(len(texts)))
    room.synthesis("s", title=texts[0][:120] or "?", body=texts[-1] * 7 or "?", ideas=every)
    assert len(list(printed(room.booklet()))) >= 3
