"""Cards with voting codes, to print on A4 and cut out."""

import io
from collections.abc import Iterable
from typing import TYPE_CHECKING

import segno
from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas

from tv.reports.paper import INK, LINE, SOFT, printable, printing, short

if TYPE_CHECKING:
    from tv.pages.api_voting_codes import Card

COLUMNS, ROWS = 3, 8
WIDE, HIGH = A4[0] / COLUMNS, A4[1] / ROWS
SQUARE = 24 * mm  # of a QR code
INSIDE = 6 * mm  # between a card's edge and what is on it


def as_cards(cards: Iterable["Card"], event: str) -> bytes:
    """Cards with a code, its QR code and its number. Any thread may call this; they take turns."""
    with printing():
        file = io.BytesIO()
        canvas = Canvas(file, pagesize=A4, pageCompression=1, lang="fr")
        canvas.setTitle("Codes de vote")
        for place, card in enumerate(cards):
            at = place % (COLUMNS * ROWS)
            if place and not at:
                canvas.showPage()
            row, column = divmod(at, COLUMNS)
            _draw(canvas, column * WIDE, A4[1] - (row + 1) * HIGH, card, event)
        canvas.save()
        return file.getvalue()


def _draw(canvas: Canvas, left: float, bottom: float, card: "Card", event: str) -> None:
    canvas.setStrokeColor(LINE)
    canvas.setLineWidth(0.5)
    canvas.rect(left, bottom, WIDE, HIGH, fill=0)
    _code(canvas, left + INSIDE, bottom + (HIGH - SQUARE) / 2, card.address)
    text = left + INSIDE + SQUARE + 4 * mm
    middle = bottom + HIGH / 2
    canvas.setFillColor(SOFT)
    canvas.setFont("Text", 7)
    canvas.drawString(text, middle + 9 * mm, printable(short(event, 22)))
    canvas.drawString(text, middle + 5 * mm, "Code de vote")
    canvas.drawString(text, middle - 8 * mm, printable(f"n°\u00a0{card.number}"))
    canvas.setFillColor(INK)
    canvas.setFont("Title", 12)
    canvas.drawString(text, middle - 2 * mm, card.code)


def _code(canvas: Canvas, left: float, bottom: float, address: str) -> None:
    """Draw an address as a QR code, each run of dark modules at once."""
    rows = segno.make(address, error="m").matrix
    step = SQUARE / len(rows)
    canvas.setFillColor(INK)
    path = canvas.beginPath()
    for number, row in enumerate(rows):
        start = 0
        while (start := row.find(1, start)) >= 0:
            end = row.find(0, start)
            end = len(row) if end < 0 else end
            path.rect(
                left + start * step,
                bottom + SQUARE - (number + 1) * step,
                (end - start) * step,
                step,
            )
            start = end
    canvas.drawPath(path, stroke=0, fill=1)
