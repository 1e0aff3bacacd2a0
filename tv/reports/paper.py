"""What our printed pages have in common: the typeface, the styles, and how text gets onto paper."""

import functools
import io
import threading
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from xml.sax.saxutils import escape

from fontTools.ttLib import TTFont as Typeface
from reportlab.lib.colors import Color, HexColor
from reportlab.lib.enums import TA_RIGHT
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.platypus import Flowable, Paragraph, Table, TableStyle

from streaming import typeface

FONTS = {"Text": 500, "Title": 800}  # weights of the slate's typeface
MARGIN = 20 * mm
PADDING = 6  # points that reportlab leaves around a page's frame
WIDTH = A4[0] - 2 * MARGIN

INK, SOFT, LAMP, LINE = map(HexColor, ("#1b1714", "#6b5f52", "#d97a00", "#e4dbcf"))
TRACK = HexColor("#f3ece2")

BODY = ParagraphStyle("body", fontName="Text", fontSize=10, leading=14, textColor=INK)
SMALL = ParagraphStyle("small", BODY, fontSize=8.5, leading=12, textColor=SOFT)
NOTE = ParagraphStyle("note", SMALL, leftIndent=4 * mm)
TITLE = ParagraphStyle("title", BODY, fontName="Title", fontSize=22, leading=26, spaceAfter=4)
HEAD = ParagraphStyle(
    "head", BODY, fontName="Title", fontSize=13, leading=17, spaceBefore=16, spaceAfter=6
)
FIGURE = ParagraphStyle("figure", BODY, fontName="Title", fontSize=16, leading=19)
RIGHT = ParagraphStyle("right", BODY, alignment=TA_RIGHT)

_turn = threading.Lock()


@contextmanager
def printing() -> Iterator[None]:
    """Around what makes a document, in any thread: they take turns, for neither reportlab nor
    fontTools is for two threads at a time."""
    with _turn:
        _register()
        yield


class Bar(Flowable):  # type: ignore[misc]  # reportlab has no types
    """How much of the whole, drawn; the number stands beside it."""

    def __init__(self, share: float, colour: Color = LAMP, width: float = 55 * mm) -> None:
        super().__init__()
        self.width, self.height = width, 4 * mm
        self._share = share
        self._colour = colour

    def draw(self) -> None:
        self.canv.setFillColor(TRACK)
        self.canv.roundRect(0, 0, self.width, self.height, 2, stroke=0, fill=1)
        if self._share > 0:
            self.canv.setFillColor(self._colour)
            width = max(2.0, self.width * self._share)
            self.canv.roundRect(0, 0, width, self.height, min(2, width / 2), stroke=0, fill=1)


def in_figures(figures: tuple[tuple[str, str], ...], columns: int = 4) -> Table:
    """Pairs of a title and what it is, in a grid; there is at least one."""
    cells: list[object] = [[said(value, FIGURE), said(title, SMALL)] for title, value in figures]
    rows = [cells[at : at + columns] for at in range(0, len(cells), columns)]
    rows[-1] += [""] * (columns - len(rows[-1]))
    style = TableStyle(
        [
            ("VALIGN", (0, 0), (-1, -1), "TOP"),
            ("LINEABOVE", (0, 0), (-1, 0), 0.7, LINE),
            ("LINEBELOW", (0, -1), (-1, -1), 0.7, LINE),
            ("LEFTPADDING", (0, 0), (0, -1), 0),
        ]
    )
    return Table(rows, colWidths=[WIDTH / columns] * columns, style=style)


def said(text: str, style: ParagraphStyle) -> Paragraph:
    return Paragraph(escape(printable(text)), style)


def short(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"


def printable(text: str) -> str:
    """`text` in the typeface's characters: bare letters for rare accents, a dot for the rest."""
    known = _known()
    return "".join(_letter(character, known) for character in text)


def drawable(text: str) -> bool:
    """Whether the typeface has all of its characters."""
    return all(ord(character) in _known() for character in text)


def _letter(character: str, known: frozenset[int]) -> str:
    if character == "\u202f":  # the typeface has one space that does not break
        return "\u00a0"
    if ord(character) in known:
        return character
    bare = unicodedata.normalize("NFKD", character)[0]
    return bare if ord(bare) in known else "\u00b7"


@functools.cache
def _typeface(weight: int) -> Typeface:
    return Typeface(typeface.file(weight))


@functools.cache
def _known() -> frozenset[int]:
    return frozenset(_typeface(FONTS["Text"]).getBestCmap())


@functools.cache
def _register() -> None:
    """Unpack our typeface (WOFF) and lend it to reportlab."""
    for name, weight in FONTS.items():
        face = _typeface(weight)
        face.flavor = None
        unpacked = io.BytesIO()
        face.save(unpacked)
        unpacked.seek(0)
        pdfmetrics.registerFont(TTFont(name, unpacked))
