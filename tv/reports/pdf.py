"""A report as PDF: something one would hand to a speaker."""

import functools
import io
import threading
import unicodedata
from importlib import resources
from xml.sax.saxutils import escape

from fontTools.ttLib import TTFont as Typeface
from reportlab.lib.colors import HexColor
from reportlab.lib.enums import TA_RIGHT
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import (
    CondPageBreak,
    Flowable,
    KeepTogether,
    Paragraph,
    SimpleDocTemplate,
    Spacer,
    Table,
    TableStyle,
)

from tv.reports.report import Asked, Report, Voted

FONTS = {"Text": 500, "Title": 800}  # weights of the slate's typeface
MARGIN = 20 * mm
PADDING = 6  # points that reportlab leaves around a page's frame
WIDTH = A4[0] - 2 * MARGIN

INK, SOFT, LAMP, LINE = map(HexColor, ("#1b1714", "#6b5f52", "#d97a00", "#e4dbcf"))
TRACK = HexColor("#f3ece2")

BODY = ParagraphStyle("body", fontName="Text", fontSize=10, leading=14, textColor=INK)
SMALL = ParagraphStyle("small", BODY, fontSize=8.5, leading=12, textColor=SOFT)
NOTE = ParagraphStyle("note", SMALL, leftIndent=4 * mm)
ANSWER = ParagraphStyle("answer", BODY, leftIndent=4 * mm)
TITLE = ParagraphStyle("title", BODY, fontName="Title", fontSize=22, leading=26, spaceAfter=4)
HEAD = ParagraphStyle(
    "head", BODY, fontName="Title", fontSize=13, leading=17, spaceBefore=16, spaceAfter=6
)
FIGURE = ParagraphStyle("figure", BODY, fontName="Title", fontSize=16, leading=19)
RIGHT = ParagraphStyle("right", BODY, alignment=TA_RIGHT)

_turn = threading.Lock()  # neither reportlab nor fontTools is for two threads at a time


def as_pdf(report: Report) -> bytes:
    """The report, on A4. Any thread may call this; they take turns."""
    with _turn:
        return _drawn(report)


def _drawn(report: Report) -> bytes:
    _register()
    file = io.BytesIO()
    document = SimpleDocTemplate(
        file,
        pagesize=A4,
        leftMargin=MARGIN - PADDING,
        rightMargin=MARGIN - PADDING,
        topMargin=22 * mm,
        bottomMargin=20 * mm,
        title=report.title,
        author=", ".join(report.speakers),
        subject=report.event,
        lang="fr",
    )

    def around(canvas: Canvas, page: SimpleDocTemplate) -> None:
        canvas.setFont("Text", 8)
        canvas.setFillColor(SOFT)
        canvas.drawString(MARGIN, A4[1] - 12 * mm, _printable(f"Fabrique TV · {report.event}"))
        canvas.drawRightString(A4[0] - MARGIN, 11 * mm, f"Page {page.page}")
        canvas.drawString(MARGIN, 11 * mm, _printable(_short(report.title, 80)))

    document.build([*_story(report)], onFirstPage=around, onLaterPages=around)
    return file.getvalue()


class Bar(Flowable):  # type: ignore[misc]  # reportlab has no types
    """How much of the whole, drawn; the number stands beside it."""

    def __init__(self, share: float) -> None:
        super().__init__()
        self.width, self.height = 55 * mm, 4 * mm
        self._share = share

    def draw(self) -> None:
        self.canv.setFillColor(TRACK)
        self.canv.roundRect(0, 0, self.width, self.height, 2, stroke=0, fill=1)
        if self._share > 0:
            self.canv.setFillColor(LAMP)
            width = max(2.0, self.width * self._share)
            self.canv.roundRect(0, 0, width, self.height, min(2, width / 2), stroke=0, fill=1)


def _story(report: Report) -> list[Flowable]:
    story: list[Flowable] = [
        _said("Compte rendu d’intervention", SMALL),
        _said(report.title, TITLE),
        _said(", ".join(report.speakers), BODY),
        _said(report.when, SMALL),
        Spacer(0, 6 * mm),
        _figures(report.figures),
    ]
    if report.abstract:
        story += [Spacer(0, 4 * mm), _said(report.abstract, BODY)]
    story += _questions("Questions répondues", report.answered)
    story += _questions("Restées sans réponse", report.unanswered)
    if report.polls:
        story += [CondPageBreak(50 * mm), _said("Sondages", HEAD)]
        story += [each for poll in report.polls for each in _poll(poll)]
    if report.stars or report.words:
        story += [CondPageBreak(50 * mm), _said("Avis", HEAD)]
        most = max(report.stars, default=0) or 1
        rows = [
            (f"{stars} étoile{'s' * (stars > 1)}", number, number / most)
            for stars, number in reversed([*enumerate(report.stars, 1)])
        ]
        story += [_bars(rows)] if rows else []
        story += [_said(f"«\u00a0{word}\u00a0»", NOTE) for word in report.words]
    return story


def _figures(figures: tuple[tuple[str, str], ...]) -> Table:
    columns = 4
    cells: list[object] = [[_said(value, FIGURE), _said(title, SMALL)] for title, value in figures]
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


def _questions(title: str, asked: tuple[Asked, ...]) -> list[Flowable]:
    if not asked:
        return []
    story: list[Flowable] = [CondPageBreak(40 * mm), _said(title, HEAD)]
    for question in asked:
        about = [_supports(question.support)]
        if question.at is not None:
            minutes, seconds = divmod(int(max(0.0, question.at)), 60)
            about.append(f"réponse à {minutes}:{seconds:02}")
        parts: list[Flowable] = [_said(question.body, BODY)]
        if question.quote:
            parts.append(_said(f"À propos de «\u00a0{question.quote}\u00a0»", NOTE))
        if question.answer:
            parts.append(_said(f"Réponse écrite\u202f: {question.answer}", ANSWER))
        parts += [_said(" · ".join(filter(None, about)), SMALL), Spacer(0, 3 * mm)]
        story.append(KeepTogether(parts))
    return story


def _poll(poll: Voted) -> list[Flowable]:
    ballots = f"{poll.ballots} bulletin{'s' * (poll.ballots > 1)}"
    round = f"tour {poll.round} sur {poll.rounds} · " if poll.rounds > 1 else ""
    most = max((number for _, number in poll.votes), default=0) or 1
    head = [_said(poll.prompt, BODY), _said(round + ballots, SMALL), Spacer(0, 2 * mm)]
    rows = [(text, number, number / most) for text, number in poll.votes]
    if rows:
        head.append(_bars(rows))
    return [
        KeepTogether(head) if len(rows) <= 25 else head[0],
        *([] if len(rows) <= 25 else head[1:]),
        *(_said(f"–\u00a0{answer}", NOTE) for answer in poll.answers),
        Spacer(0, 5 * mm),
    ]


def _bars(rows: list[tuple[str, int, float]]) -> Table:
    cells = [
        [_said(text, BODY), Bar(share), _said(str(number), RIGHT)] for text, number, share in rows
    ]
    style = TableStyle(
        [("VALIGN", (0, 0), (-1, -1), "MIDDLE"), ("LEFTPADDING", (0, 0), (0, -1), 0)]
    )
    return Table(cells, colWidths=[WIDTH - 80 * mm, 60 * mm, 20 * mm], style=style)


def _supports(number: int) -> str:
    return f"{number} soutien{'s' * (number > 1)}" if number else ""


def _said(text: str, style: ParagraphStyle) -> Paragraph:
    return Paragraph(escape(_printable(text)), style)


def _short(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"


def _printable(text: str) -> str:
    """`text` in the typeface's characters: bare letters for rare accents, a dot for the rest."""
    known = _known()
    return "".join(_letter(character, known) for character in text)


def _letter(character: str, known: frozenset[int]) -> str:
    if character == "\u202f":  # the typeface has one space that does not break
        return "\u00a0"
    if ord(character) in known:
        return character
    bare = unicodedata.normalize("NFKD", character)[0]
    return bare if ord(bare) in known else "\u00b7"


@functools.cache
def _typeface(weight: int) -> Typeface:
    name = f"bricolage-grotesque-latin-{weight}-normal.woff"
    return Typeface(io.BytesIO((resources.files("streaming") / "fonts" / name).read_bytes()))


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
