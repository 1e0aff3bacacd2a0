"""A report as PDF: something one would hand to a speaker."""

import io

from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import (
    CondPageBreak,
    Flowable,
    KeepTogether,
    SimpleDocTemplate,
    Spacer,
    Table,
    TableStyle,
)

from tv.reports.paper import (
    BODY,
    HEAD,
    MARGIN,
    NOTE,
    PADDING,
    RIGHT,
    SMALL,
    SOFT,
    TITLE,
    WIDTH,
    Bar,
    in_figures,
    printable,
    printing,
    said,
    short,
)
from tv.reports.report import Asked, Report, Voted

ANSWER = ParagraphStyle("answer", BODY, leftIndent=4 * mm)


def as_pdf(report: Report) -> bytes:
    """The report, on A4. Any thread may call this; they take turns."""
    with printing():
        return _drawn(report)


def _drawn(report: Report) -> bytes:
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
        canvas.drawString(MARGIN, A4[1] - 12 * mm, printable(f"Fabrique TV · {report.event}"))
        canvas.drawRightString(A4[0] - MARGIN, 11 * mm, f"Page {page.page}")
        canvas.drawString(MARGIN, 11 * mm, printable(short(report.title, 80)))

    document.build([*_story(report)], onFirstPage=around, onLaterPages=around)
    return file.getvalue()


def _story(report: Report) -> list[Flowable]:
    story: list[Flowable] = [
        said("Compte rendu d’intervention", SMALL),
        said(report.title, TITLE),
        said(", ".join(report.speakers), BODY),
        said(report.when, SMALL),
        Spacer(0, 6 * mm),
        in_figures(report.figures),
    ]
    if report.abstract:
        story += [Spacer(0, 4 * mm), said(report.abstract, BODY)]
    story += _questions("Questions répondues", report.answered)
    story += _questions("Restées sans réponse", report.unanswered)
    if report.polls:
        story += [CondPageBreak(50 * mm), said("Sondages", HEAD)]
        story += [each for poll in report.polls for each in _poll(poll)]
    if report.stars or report.words:
        story += [CondPageBreak(50 * mm), said("Avis", HEAD)]
        most = max(report.stars, default=0) or 1
        rows = [
            (f"{stars} étoile{'s' * (stars > 1)}", number, number / most)
            for stars, number in reversed([*enumerate(report.stars, 1)])
        ]
        story += [_bars(rows)] if rows else []
        story += [said(f"«\u00a0{word}\u00a0»", NOTE) for word in report.words]
    return story


def _questions(title: str, asked: tuple[Asked, ...]) -> list[Flowable]:
    if not asked:
        return []
    story: list[Flowable] = [CondPageBreak(40 * mm), said(title, HEAD)]
    for question in asked:
        about = [_supports(question.support)]
        if question.at is not None:
            minutes, seconds = divmod(int(max(0.0, question.at)), 60)
            about.append(f"réponse à {minutes}:{seconds:02}")
        parts: list[Flowable] = [said(question.body, BODY)]
        if question.quote:
            parts.append(said(f"À propos de «\u00a0{question.quote}\u00a0»", NOTE))
        if question.answer:
            parts.append(said(f"Réponse écrite\u00a0: {question.answer}", ANSWER))
        parts += [said(" · ".join(filter(None, about)), SMALL), Spacer(0, 3 * mm)]
        story.append(KeepTogether(parts))
    return story


def _poll(poll: Voted) -> list[Flowable]:
    ballots = f"{poll.ballots} bulletin{'s' * (poll.ballots > 1)}"
    round = f"tour {poll.round} sur {poll.rounds} · " if poll.rounds > 1 else ""
    most = max((number for _, number in poll.votes), default=0) or 1
    head = [said(poll.prompt, BODY), said(round + ballots, SMALL), Spacer(0, 2 * mm)]
    rows = [(text, number, number / most) for text, number in poll.votes]
    if rows:
        head.append(_bars(rows))
    return [
        KeepTogether(head) if len(rows) <= 25 else head[0],
        *([] if len(rows) <= 25 else head[1:]),
        *(said(f"–\u00a0{answer}", NOTE) for answer in poll.answers),
        Spacer(0, 5 * mm),
    ]


def _bars(rows: list[tuple[str, int, float]]) -> Table:
    cells = [
        [said(text, BODY), Bar(share), said(str(number), RIGHT)] for text, number, share in rows
    ]
    style = TableStyle(
        [("VALIGN", (0, 0), (-1, -1), "MIDDLE"), ("LEFTPADDING", (0, 0), (0, -1), 0)]
    )
    return Table(cells, colWidths=[WIDTH - 80 * mm, 60 * mm, 20 * mm], style=style)


def _supports(number: int) -> str:
    return f"{number} soutien{'s' * (number > 1)}" if number else ""
