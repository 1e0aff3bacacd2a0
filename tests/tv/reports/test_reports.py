"""What one takes home: everything is in it, and nothing in it does anything."""

import csv
import io
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from zoneinfo import ZoneInfo

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pypdf import PdfReader

from engagement.polls import Option, PollClosed, PollPublished, PollReopened
from engagement.questions import (
    Anchor,
    AnswerWritten,
    QuestionAnswered,
    QuestionRejected,
    QuestionTaken,
)
from engagement.ratings import TalkRated
from engagement.reactions import Counts, ReactionsCounted, Second
from engagement.talks import TalkEnded, TalkStarted
from tests.engagement.room import Room
from tv.reports import tables
from tv.reports.files import FORMULA, as_csv, as_xlsx
from tv.reports.pdf import as_pdf
from tv.reports.report import report_of
from tv.reports.tables import Column, Table

PARIS = ZoneInfo("Europe/Paris")
NASTY = [
    '=HYPERLINK("http://x";"ici")',
    "+33 6 12 34 56 78",
    "-1+1",
    "@SUM(A1)",
    "<script>alert(1)</script>",
    "&amp; <b>gras</b>",
    "L’été à Saint-Étienne : 12\u202f% de « plus »",
    "Nguyễn 🏠 Щ",
    'guillemets "; point-virgule',
]


def a_talk() -> Room:
    room = Room()
    room.do(TalkStarted, talk="direct", at=1_779_609_600.0)
    room.ask("q", body="Qui paie la rénovation ?", anchor=Anchor(1_779_609_610.0, (), "le toit"))
    room.approved("open")
    room.support("open", "1", "2")
    room.ask("no", by="zoé", body="Une question refusée")
    room.do(QuestionRejected, question="no", reason="hors sujet")
    room.approved("aired")
    room.do(QuestionTaken, question="aired", at=1_779_609_672.0)
    room.do(QuestionAnswered, question="aired", at=1_779_609_700.0)
    room.do(AnswerWritten, question="aired", answer="Le bailleur, avec l’Anah.")
    room.opened(options=(Option("o1", "Oui"), Option("o2", "Non")), visibility="live")
    room.vote("ann", "o1")
    room.vote("bob", "o1")
    room.do(TalkRated, "ann", talk="direct", stars=5, word="Limpide")
    seconds = (Second(1_779_609_660, Counts(applause=7)), Second(1_779_609_661, Counts(heart=2)))
    room.do(ReactionsCounted, "", talk="direct", seconds=seconds)
    room.do(TalkEnded, talk="direct", at=1_779_610_200.0)
    return room


def found(room: Room) -> dict[str, list[dict[str, Any]]]:
    every = tables.tables(room.audience, room.audience.talks.by_id.values(), PARIS)
    return {table.name: table.records() for table in every}


def test_tables_hold_all_that_was_made_of_a_talk() -> None:
    made = found(a_talk())
    assert made["talks"][0]["started_at"] == "2026-05-24 10:00:00"  # as the clock on the wall said
    states = {row["id"]: row["state"] for row in made["questions"]}
    assert states == {
        "q": "à relire", "open": "publiée", "no": "non retenue", "aired": "répondue",
    }  # fmt: skip
    assert made["questions"][0]["quote"] == "le toit"
    assert [(row["option"], row["votes"], row["ballots"]) for row in made["polls"]] == [
        ("Oui", 2, 2),
        ("Non", 0, 2),
    ]
    assert [row["word"] for row in made["ratings"] if row["word"]] == ["Limpide"]
    assert [(row["applause"], row["heart"]) for row in made["reactions"]] == [(7, 2)]


def test_log_names_the_crew_and_nobody_of_the_audience() -> None:
    room = a_talk()
    rows = tables.log(room.audience, room.audience.talks.by_id.values(), PARIS).records()
    assert ("non retenue", "no", "crew", "hors sujet") in [
        (row["act"], row["question"], row["by"], row["detail"]) for row in rows
    ]
    assert {row["by"] for row in rows if row["act"] == "posée"} == {""}


@given(st.lists(st.text() | st.sampled_from(NASTY), min_size=1, max_size=5))
def test_no_cell_of_a_csv_is_a_formula_and_none_is_lost(cells: list[str]) -> None:
    columns = tuple(Column(str(at), f"Colonne {at}") for at in range(len(cells)))
    written = as_csv(Table("t", "T", columns, [tuple(cells)])).decode("utf-8-sig")
    _, row = csv.reader(io.StringIO(written, newline=""), delimiter=";")
    assert not [cell for cell in row if cell.startswith(FORMULA)]
    assert [cell.removeprefix("'") for cell in row] == [cell.removeprefix("'") for cell in cells]


def test_workbook_has_text_where_there_was_text() -> None:
    columns = tuple(Column(str(at), "Texte") for at in range(len(NASTY)))
    book = openpyxl.load_workbook(
        io.BytesIO(as_xlsx([Table("t", "Questions", columns, [(*NASTY,)])]))
    )
    cells = book["Questions"][2]
    assert [cell.value for cell in cells] == NASTY
    assert {cell.data_type for cell in cells} == {"s"}


def test_report_tells_the_speaker_what_the_audience_saw_and_no_more() -> None:
    room = a_talk()
    talk = room.audience.talks.by_id["direct"]
    pdf = PdfReader(io.BytesIO(as_pdf(report_of(room.audience, talk, "La Fabrique", PARIS))))
    said = " ".join(" ".join(page.extract_text() for page in pdf.pages).split())
    for told in ("En direct du plateau", "24/05/2026, 10 h 00 – 10 h 10", "réponse à 1:12"):
        assert told in said
    for told in ("Le bailleur, avec l’Anah.", "2 soutiens", "Limpide", "2 bulletins"):
        assert told in said
    assert "refusée" not in said
    assert "Qui paie" not in said  # nobody has read it


def test_report_has_the_rounds_whose_results_were_shown() -> None:
    room = Room()
    room.opened(options=(Option("o1", "Oui"), Option("o2", "Non")), visibility="published")
    room.vote("ann", "o1")
    for step in (PollClosed, PollPublished, PollReopened):
        room.do(step, poll="p")
    room.vote("bob", "o2", round=2)
    room.do(PollClosed, poll="p")
    report = report_of(room.audience, room.audience.talks.by_id["direct"], "La Fabrique", PARIS)
    assert [(poll.round, poll.votes) for poll in report.polls] == [(1, (("Oui", 1), ("Non", 0)))]


def test_reports_are_drawn_whole_when_several_are_asked_for_at_once() -> None:
    room = a_talk()
    report = report_of(room.audience, room.audience.talks.by_id["direct"], "La Fabrique", PARIS)
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)  # so that threads meet anywhere
    try:
        with ThreadPoolExecutor(8) as threads:
            made = list(threads.map(as_pdf, [report] * 24))
    finally:
        sys.setswitchinterval(before)
    texts = {PdfReader(io.BytesIO(pdf)).pages[0].extract_text() for pdf in made}
    assert len(texts) == 1
    assert "Limpide" in texts.pop()


@settings(max_examples=15)
@given(st.lists(st.text(max_size=200) | st.sampled_from(NASTY), min_size=1, max_size=8))
def test_anything_people_write_can_be_printed(bodies: list[str]) -> None:
    room = Room()
    for number, body in enumerate(bodies):
        room.approved(f"q{number}")
        room.ask(f"r{number}", by=f"p{number}", body=body)
    for question in list(room.audience.questions.by_id.values()):
        room.do(AnswerWritten, question=question.id, answer=bodies[0] * 3)
    talk = room.audience.talks.by_id["direct"]
    pdf = as_pdf(report_of(room.audience, talk, bodies[0], PARIS))
    assert PdfReader(io.BytesIO(pdf)).pages


def test_a_question_longer_than_a_page_is_printed_whole() -> None:
    room = Room()
    room.approved("q")
    room.do(AnswerWritten, question="q", answer="Longue réponse. " * 600)
    talk = room.audience.talks.by_id["direct"]
    pdf = PdfReader(io.BytesIO(as_pdf(report_of(room.audience, talk, "La Fabrique", PARIS))))
    assert sum(page.extract_text().count("Longue") for page in pdf.pages) == 600


@pytest.mark.parametrize("stars", [1, 5])
def test_ratings_are_drawn_from_five_stars_down(stars: int) -> None:
    room = Room()
    room.do(TalkRated, "ann", talk="direct", stars=stars)
    report = report_of(room.audience, room.audience.talks.by_id["direct"], "La Fabrique", PARIS)
    assert report.stars[stars - 1] == 1
    assert ("Avis", f"{stars},0 / 5") in report.figures
