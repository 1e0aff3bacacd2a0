"""The booklet of the laboratories as PDF: a cover, then a chapter for each in its own colour."""

import io
from collections.abc import Callable, Iterator

from reportlab.lib.colors import Color, HexColor, white
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import (
    BaseDocTemplate,
    Flowable,
    Frame,
    NextPageTemplate,
    PageBreak,
    PageTemplate,
    Paragraph,
    Spacer,
    Table,
    TableStyle,
)

from tv.reports import pictograms
from tv.reports.booklet import Booklet, Chapter
from tv.reports.booklet_sessions import QUESTION, Sessions
from tv.reports.paper import (
    BODY,
    HEAD,
    INK,
    LINE,
    MARGIN,
    PADDING,
    RIGHT,
    SMALL,
    SOFT,
    TITLE,
    WIDTH,
    in_figures,
    printable,
    printing,
    said,
    short,
)

PAGE_WIDTH, PAGE_HEIGHT = A4
BAND = 58 * mm  # the height of the colour above a chapter
EDGE = 7 * mm  # the width of the coloured mark by which one finds a chapter in the closed booklet

COVER = ParagraphStyle("cover", TITLE, fontSize=34, leading=38, spaceAfter=8)


def as_pdf(booklet: Booklet) -> bytes:
    """The booklet, on A4. Any thread may call this; they take turns."""
    with printing():
        # The cover says on which page each chapter begins: drawn once to learn it, once to say it.
        pages: dict[int, int] = {}
        _Binder(booklet, pages).bound()
        return _Binder(booklet, pages).bound()


def ink_on(colour: Color) -> Color:
    """Black or white, whichever is read better on a colour (WCAG 2.2, relative luminance)."""
    red, green, blue = (_linear(part) for part in (colour.red, colour.green, colour.blue))
    luminance = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    return INK if (luminance + 0.05) ** 2 > 0.0525 * 1.05 else white


def _linear(part: float) -> float:
    return part / 12.92 if part <= 0.04045 else float(((part + 0.055) / 1.055) ** 2.4)


class _Binder:
    """Draws a booklet; learns in `pages` where chapters begin, and tells where they did before."""

    def __init__(self, booklet: Booklet, pages: dict[int, int]) -> None:
        self._booklet = booklet
        self._pages = pages
        self._sessions = Sessions()

    def bound(self) -> bytes:
        file = io.BytesIO()
        document = BaseDocTemplate(
            file,
            pagesize=A4,
            title=f"Cahier des laboratoires – {self._booklet.event}",
            author="Fabrique TV",
            subject=self._booklet.event,
            lang="fr",
        )
        document.addPageTemplates(list(self._templates()))
        document.build(list(self._story()))
        return file.getvalue()

    def _templates(self) -> Iterator[PageTemplate]:
        frame = _frame(PAGE_HEIGHT - 22 * mm)
        yield PageTemplate("cover", [_frame(PAGE_HEIGHT - 60 * mm)], onPage=self._cover)
        for number, chapter in enumerate(self._booklet.chapters):
            yield PageTemplate(
                f"opening {number}",
                [_frame(PAGE_HEIGHT - BAND - 6 * mm)],
                onPage=self._opening(number, chapter),
                autoNextPageTemplate=f"chapter {number}",
            )
            yield PageTemplate(f"chapter {number}", [frame], onPage=self._page(number, chapter))

    def _story(self) -> Iterator[Flowable]:
        yield from self._front()
        for number, chapter in enumerate(self._booklet.chapters):
            yield NextPageTemplate(f"opening {number}")
            yield PageBreak()
            for place, session in enumerate(chapter.sessions):
                if place:
                    yield Spacer(0, 8 * mm)
                yield from self._sessions.printed(session, HexColor(chapter.colour))

    def _front(self) -> Iterator[Flowable]:
        yield said("Cahier des laboratoires", COVER)
        yield said(self._booklet.event, HEAD)
        yield said(self._booklet.when, SMALL)
        yield Spacer(0, 8 * mm)
        if self._booklet.figures:
            yield in_figures(self._booklet.figures, 3)
            yield Spacer(0, 8 * mm)
        if not self._booklet.chapters:
            yield said("Rien n’a encore été partagé.", BODY)
            return
        rows = [self._entry(*each) for each in enumerate(self._booklet.chapters)]
        style = TableStyle(
            [
                ("VALIGN", (0, 0), (-1, -1), "MIDDLE"),
                ("LINEBELOW", (0, 0), (-1, -1), 0.5, LINE),
                ("LEFTPADDING", (0, 0), (0, -1), 0),
                ("TOPPADDING", (0, 0), (-1, -1), 7),
                ("BOTTOMPADDING", (0, 0), (-1, -1), 7),
            ]
        )
        yield Table(rows, colWidths=[16 * mm, WIDTH - 32 * mm, 16 * mm], style=style)

    def _entry(self, number: int, chapter: Chapter) -> list[object]:
        """A chapter in the table of contents."""
        told = sum(len(session.syntheses) for session in chapter.sessions)
        counted = f"{told} synthèse{'s' * (told > 1)}" if told else ""
        name = [
            said(chapter.name, QUESTION),
            said(" · ".join(filter(None, (chapter.step, counted))), SMALL),
        ]
        page = str(self._pages.get(number, ""))
        link = Paragraph(f'<a href="#chapter-{number}">{page}</a>', RIGHT)
        return [Sign(chapter, 11 * mm), name, link]

    def _cover(self, canvas: Canvas, page: BaseDocTemplate) -> None:
        """The colours of all chapters, side by side at the top."""
        colours = [HexColor(chapter.colour) for chapter in self._booklet.chapters] or [INK]
        width = PAGE_WIDTH / len(colours)
        for number, colour in enumerate(colours):
            canvas.setFillColor(colour)
            # A little wider, or a line of paper shows between two.
            canvas.rect(number * width, PAGE_HEIGHT - 34 * mm, width + 1, 34 * mm, 0, 1)
        canvas.setFont("Text", 8)
        canvas.setFillColor(SOFT)
        canvas.drawString(MARGIN, 11 * mm, "Fabrique TV")

    def _opening(self, number: int, chapter: Chapter) -> Callable[[Canvas, BaseDocTemplate], None]:
        def draw(canvas: Canvas, page: BaseDocTemplate) -> None:
            self._pages[number] = page.page
            canvas.bookmarkPage(f"chapter-{number}")
            canvas.addOutlineEntry(printable(chapter.name), f"chapter-{number}", 0)
            colour = HexColor(chapter.colour)
            ink, bottom = ink_on(colour), PAGE_HEIGHT - BAND
            canvas.setFillColor(colour)
            canvas.rect(0, bottom, PAGE_WIDTH, BAND, 0, 1)
            size = 20 * mm
            pictograms.draw(
                canvas, chapter.pictogram, chapter.name, MARGIN, bottom + 19 * mm, size, ink
            )
            left = MARGIN + size + 8 * mm
            name = said(chapter.name, ParagraphStyle("name", COVER, fontSize=26, textColor=ink))
            step = said(chapter.step, ParagraphStyle("step", BODY, fontSize=12, textColor=ink))
            room = PAGE_WIDTH - MARGIN - left
            _, high = name.wrap(room, BAND)
            name.drawOn(canvas, left, bottom + 31 * mm - min(high, 19 * mm) / 2)
            step.wrap(room, BAND)
            step.drawOn(canvas, left, bottom + 12 * mm)
            self._foot(canvas, page, chapter)

        return draw

    def _page(self, number: int, chapter: Chapter) -> Callable[[Canvas, BaseDocTemplate], None]:
        def draw(canvas: Canvas, page: BaseDocTemplate) -> None:
            canvas.setFillColor(HexColor(chapter.colour))
            high = (PAGE_HEIGHT - 60 * mm) / max(6, len(self._booklet.chapters))
            top = PAGE_HEIGHT - 30 * mm - number * high
            canvas.rect(PAGE_WIDTH - EDGE, top - high, EDGE, high - 2 * mm, 0, 1)
            canvas.setFillColor(SOFT)
            canvas.setFont("Text", 8)
            named = " · ".join(filter(None, (chapter.name, chapter.step)))
            canvas.drawString(MARGIN, PAGE_HEIGHT - 12 * mm, printable(short(named, 90)))
            self._foot(canvas, page, chapter)

        return draw

    def _foot(self, canvas: Canvas, page: BaseDocTemplate, chapter: Chapter) -> None:
        canvas.setFillColor(SOFT)
        canvas.setFont("Text", 8)
        canvas.drawString(MARGIN, 11 * mm, printable(f"Fabrique TV · {self._booklet.event}"))
        canvas.drawRightString(PAGE_WIDTH - MARGIN, 11 * mm, f"Page {page.page}")


class Sign(Flowable):  # type: ignore[misc]  # reportlab has no types
    """A laboratory's pictogram on a disc of its colour."""

    def __init__(self, chapter: Chapter, size: float) -> None:
        super().__init__()
        self.width = self.height = size
        self._chapter = chapter

    def draw(self) -> None:
        half, colour = self.width / 2, HexColor(self._chapter.colour)
        self.canv.setFillColor(colour)
        self.canv.circle(half, half, half, stroke=0, fill=1)
        inner = self.width * 0.56
        edge = (self.width - inner) / 2
        pictograms.draw(
            self.canv,
            self._chapter.pictogram,
            self._chapter.name,
            edge,
            edge,
            inner,
            ink_on(colour),
        )


def _frame(top: float) -> Frame:
    """The room for text, from the bottom margin up to `top` points above the page's foot."""
    bottom = 20 * mm
    return Frame(MARGIN - PADDING, bottom, WIDTH + 2 * PADDING, top - bottom)
