"""What is printed of a café in a laboratory: its question, its syntheses, its best ideas."""

import io
from collections.abc import Iterator
from pathlib import Path

from PIL import Image as Picture
from reportlab.lib.colors import Color
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.platypus import (
    CondPageBreak,
    Flowable,
    Image,
    KeepTogether,
    Spacer,
    Table,
    TableStyle,
)

from tv.reports.booklet import Card, Session, Told
from tv.reports.paper import (
    BODY,
    FIGURE,
    HEAD,
    LINE,
    RIGHT,
    SMALL,
    WIDTH,
    Bar,
    in_figures,
    said,
)

PICTURE = (60 * mm, 38 * mm)  # within which a photo is printed
DOTS_PER_INCH = 150
PICTURES = 40  # photos in a booklet; the files of the export have all of them

QUESTION = ParagraphStyle(
    "question", BODY, fontName="Title", fontSize=12, leading=16, spaceBefore=2
)
SYNTHESIS = ParagraphStyle("synthesis", BODY, fontName="Title", fontSize=15, leading=19)
WORDS = ParagraphStyle("words", BODY, fontSize=10.5, leading=15.5, spaceAfter=4)
SOURCE = ParagraphStyle("source", BODY, fontSize=9, leading=12.5)
GROUP = ParagraphStyle("group", SOURCE, fontName="Title")


class Sessions:
    """Prints them, with as many photos as a booklet may have."""

    def __init__(self) -> None:
        self._pictures = PICTURES

    def printed(self, session: Session, colour: Color) -> Iterator[Flowable]:
        yield said(" · ".join(filter(None, (session.title, session.when))), SMALL)
        many = len(session.prompts) > 1
        for number, prompt in enumerate(session.prompts, 1):
            yield said(f"{number}. {prompt}" if many else prompt, QUESTION)
        yield Spacer(0, 4 * mm)
        if session.figures:
            yield in_figures(session.figures, 5)
        for synthesis in session.syntheses:
            yield from self._synthesis(synthesis, colour)
        if session.liked:
            yield CondPageBreak(50 * mm)
            yield said("Les idées les plus soutenues", HEAD)
            yield self._liked(session.liked, colour)
        if not (session.syntheses or session.liked):
            yield Spacer(0, 4 * mm)
            yield said("Aucune synthèse n’a été partagée.", BODY)

    def _synthesis(self, told: Told, colour: Color) -> Iterator[Flowable]:
        head: list[Flowable] = [
            Spacer(0, 8 * mm),
            said(told.title, SYNTHESIS),
            said(told.about, SMALL),
            Spacer(0, 2 * mm),
        ]
        words = [said(paragraph, WORDS) for paragraph in told.paragraphs]
        yield KeepTogether([*head, *words[:1]])
        yield from words[1:]
        if told.sources:
            yield Spacer(0, 1 * mm)
            yield self._sources(told, colour)

    def _sources(self, told: Told, colour: Color) -> Table:
        rows: list[list[object]] = [[said("À partir des idées", SMALL)]]
        style: list[tuple[object, ...]] = [
            ("LINEBEFORE", (0, 0), (0, -1), 2.2, colour),
            ("LEFTPADDING", (0, 0), (-1, -1), 4 * mm),
            ("TOPPADDING", (0, 0), (-1, -1), 1.5),
            ("BOTTOMPADDING", (0, 0), (-1, -1), 1.5),
        ]
        for sources in told.sources:
            above = 0 if len(rows) == 1 else len(rows)
            if sources.name:
                rows.append([said(sources.name, GROUP)])
            # What stands above ideas does not stay alone at the foot of a page.
            style.append(("NOSPLIT", (0, above), (0, len(rows))))
            rows += [[[*self._card(card, SOURCE, _dots(card))]] for card in sources.cards]
        if told.more:
            rows.append([said(f"… et {told.more} autre{'s' * (told.more > 1)}", SMALL)])
        return Table(rows, colWidths=[WIDTH], style=TableStyle(style))

    def _liked(self, cards: tuple[Card, ...], colour: Color) -> Table:
        most = max(card.dots or 0 for card in cards) or 1
        rows = [
            [
                said(str(number), FIGURE),
                [*self._card(card, BODY)],
                Bar((card.dots or 0) / most, colour, 32 * mm),
                said(str(card.dots), RIGHT),
            ]
            for number, card in enumerate(cards, 1)
        ]
        style = TableStyle(
            [
                ("VALIGN", (0, 0), (-1, -1), "TOP"),
                ("LINEABOVE", (0, 0), (-1, -1), 0.5, LINE),
                ("LEFTPADDING", (0, 0), (0, -1), 0),
                ("TOPPADDING", (0, 0), (-1, -1), 5),
                ("BOTTOMPADDING", (0, 0), (-1, -1), 5),
            ]
        )
        widths = [12 * mm, WIDTH - 64 * mm, 38 * mm, 14 * mm]
        return Table(rows, colWidths=widths, style=style)

    def _card(self, card: Card, style: ParagraphStyle, more: str = "") -> Iterator[Flowable]:
        yield said(card.text, style)
        if about := " · ".join(filter(None, (card.way, more))):
            yield said(about[:1].upper() + about[1:], SMALL)
        if card.picture is not None and self._pictures > 0 and (photo := _photo(card.picture)):
            self._pictures -= 1
            yield Spacer(0, 1.5 * mm)
            yield photo


def _dots(card: Card) -> str:
    return f"{card.dots} point{'s' * (card.dots > 1)}" if card.dots else ""


def _photo(path: Path) -> Image | None:
    """A photo as large as it is printed; None where its file is gone."""
    most = tuple(round(side / 72 * DOTS_PER_INCH) for side in PICTURE)
    try:
        with Picture.open(path) as photo:
            photo.thumbnail((most[0], most[1]))
            small = io.BytesIO()
            photo.convert("RGB").save(small, "JPEG", quality=82)
            small.seek(0)
            width, height = photo.size
    except OSError:
        return None
    scale = min(PICTURE[0] / width, PICTURE[1] / height, 72 / DOTS_PER_INCH * 2)
    return Image(small, width * scale, height * scale, hAlign="LEFT")
