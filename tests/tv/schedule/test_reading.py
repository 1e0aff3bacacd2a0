"""Schedules' files: read leniently whichever tool wrote them; what is none is refused in French."""

import json
import tracemalloc
from contextlib import suppress
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engagement.talks.plan import ABSTRACT, TALKS, TITLE, Plan
from tests.tv.schedule.files import CSV, HERS, ICAL, PLENARY, XML, frab, hers, talk
from tv.schedule.errors import Unreadable
from tv.schedule.places import Places
from tv.schedule.reading import LIMIT, Reading, read
from tv.settings import load

PARIS = ZoneInfo("Europe/Paris")
PLACES = Places.of(
    load(
        None,
        {
            "FABRIQUE_CHANNELS__LABO_1__NAME": "Le labo du départ",
            "FABRIQUE_LABS__LABO_1__STEP": "5",
        },
    )
)


def reading(data: bytes | str) -> Reading:
    return read(data if isinstance(data, bytes) else data.encode(), PARIS, PLACES)


def at(hour: int, minute: int = 0, day: int = 26) -> float:
    return datetime(2026, 11, day, hour, minute, tzinfo=PARIS).timestamp()


def by_guid(data: bytes | str) -> dict[str, Plan]:
    return {plan.guid: plan for plan in reading(data).plans}


@pytest.mark.parametrize(
    "data", [frab(), XML, ICAL, CSV.encode()], ids=["json", "xml", "ical", "csv"]
)
def test_every_format_says_the_same(data: bytes) -> None:
    plans = by_guid(data)
    first, second = plans[PLENARY], plans[HERS]
    assert (first.talk, first.title) == (PLENARY, "Ouverture : loger mieux")
    assert (first.planned_start, first.planned_end) == (at(9), at(9, 45))
    assert (first.room, first.channel, first.lab, first.recorded) == (
        "Plateau",
        "plateau",
        "",
        True,
    )
    assert (second.planned_start, second.planned_end) == (at(10), at(10, 45))
    assert (second.room, second.channel, second.lab) == ("Labo 1", "labo-1", "labo-1")
    assert second.speakers[0] == "Inès Diallo"


@pytest.mark.parametrize("data", [frab(), XML, CSV.encode()], ids=["json", "xml", "csv"])
def test_kinds_speakers_and_the_wish_not_to_be_recorded_are_read(data: bytes) -> None:
    plans = by_guid(data)
    assert (plans[PLENARY].kind, plans[PLENARY].speakers) == ("conference", ("Anne Morel",))
    assert (plans[HERS].kind, plans[HERS].speakers) == (
        "restitution",
        ("Inès Diallo", "Paul Roy"),
    )
    assert not plans[HERS].recorded


def test_what_we_do_not_know_is_kept_for_the_export() -> None:
    said = reading(frab(talk(feedback_url="https://exemple.fr/avis", logo="/a.png")))
    extra = json.loads(said.plans[0].extra)
    assert (extra["feedback_url"], extra["logo"], extra["persons"][0]["code"]) == (
        "https://exemple.fr/avis",
        "/a.png",
        "NQTF8Y",
    )
    about = json.loads(said.about)
    assert about["conference"]["colors"] == {"primary": "#0a6e4f"}
    assert json.loads(by_guid(ICAL)[PLENARY].extra)["ical"] == ["GEO:48.85;2.35"]
    assert json.loads(by_guid(CSV)[PLENARY].extra)["columns"] == {"Traiteur": "non"}


def test_calendar_says_what_is_cancelled() -> None:
    plans = by_guid(ICAL)
    assert (plans[PLENARY].cancelled, plans[HERS].cancelled) == (False, True)


def test_talk_without_a_guid_has_the_same_name_in_the_next_issue() -> None:
    once = "titre;date;debut\nPause;2026-11-26;10:00\nPause;2026-11-26;16:00\n"
    moved = once.replace("16:00", "16:30")
    first, again = ([plan.guid for plan in reading(text).plans] for text in (once, moved))
    assert first == again
    assert len(set(first)) == 2
    assert {plan.kind for plan in reading(once).plans} == {"break"}


def test_rooms_without_a_name_here_have_no_channel() -> None:
    (plan,) = reading(frab(talk(room="Salle des fêtes"))).plans
    assert (plan.room, plan.channel, plan.lab) == ("Salle des fêtes", "", "")


def test_lab_is_also_told_by_the_track() -> None:
    (plan,) = reading(frab(talk(room="Salle 3", track="Labo 1"))).plans
    assert (plan.channel, plan.lab) == ("", "labo-1")


@pytest.mark.parametrize(
    ("said", "start", "end"),
    [
        ({"date": "2026-11-26T08:00:00Z"}, at(9), at(9, 45)),
        ({"date": "2026-11-26T09:00:00"}, at(9), at(9, 45)),  # no offset: our zone
        ({"date": None}, at(9), at(9, 45)),  # the day's, and its hour
        ({"date": "2026-11-27", "start": "14:30"}, at(14, 30, 27), at(15, 15, 27)),
        ({"date": "26/11/2026 00:00", "start": "9h"}, at(9), at(9, 45)),  # a spreadsheet's day
        ({"date": "2026-11-26 00:00:00", "start": "9:00", "end": "9h30"}, at(9), at(9, 30)),
        ({"date": "2026-11-26 00:00:00", "start": "minuit"}, at(0), at(0, 45)),
        ({"date": "2026-11-26T00:00:00+01:00"}, at(0), at(0, 45)),  # a moment, as it says
        ({"duration": 30}, at(9), at(9, 30)),
        ({"duration": "1h30"}, at(9), at(10, 30)),
        ({"duration": "1:30:00"}, at(9), at(10, 30)),
        ({"duration": "bientôt"}, at(9), None),
        ({"duration": "99:00"}, at(9), None),
        ({"date": "demain", "start": "tôt"}, None, None),
        ({"date": "0001-01-01T00:00:00+14:00", "start": ""}, None, None),
        ({"date": "9999-12-31T23:59:59-12:00", "start": ""}, None, None),
    ],
)
def test_hours_are_understood_as_they_are_written(
    said: dict[str, object], start: float | None, end: float | None
) -> None:
    (plan,) = reading(frab(talk(**said))).plans
    assert (plan.planned_start, plan.planned_end) == (start, end)


def test_what_was_not_understood_is_told() -> None:
    said = reading(frab(talk(), hers(date="jamais", start=""), talk(guid="x", title=" ")))
    assert len(said.plans) == 2
    assert len(said.notes) == 2
    assert "l’horaire n’a pas été compris" in said.notes[1]
    assert "pas de titre" in said.notes[0]


def test_same_guid_twice_makes_two_talks() -> None:
    plans = reading(frab(talk(), talk(title="Ouverture, suite"))).plans
    assert [plan.guid for plan in plans] == [PLENARY, f"{PLENARY}-2"]


def test_guid_that_no_address_can_hold_gets_one_that_can() -> None:
    (plan,) = reading(frab(talk(guid="pretalx-1@exemple.fr/ä"))).plans
    assert plan.guid == "pretalx-1@exemple.fr/ä"
    assert plan.talk.startswith("t_")
    (plan,) = reading(frab(talk(guid="wall"))).plans
    assert plan.talk.startswith("t_")  # or its view would be the wall's


def test_texts_are_cleaned_and_cut_rather_than_refused() -> None:
    (plan,) = reading(
        frab(
            talk(
                title={"en": "Hello", "fr": "Bon\u202ejour\x00 " + "é" * 500},
                abstract="<script>x</script>\r\nb\x1b" + "c" * 9_000,
                persons=["Ann", {"name": None}, 3, {"public_name": "Ann"}, {"name": "Bob"}],
            )
        )
    ).plans
    assert plan.title.startswith("Bonjour é")
    assert (len(plan.title), len(plan.abstract)) == (TITLE, ABSTRACT)
    assert plan.abstract.startswith("<script>x</script>\nb c")
    assert plan.speakers == ("Ann", "3", "Bob")


def test_table_is_read_in_the_encodings_and_with_the_separators_of_spreadsheets() -> None:
    for encoding in ("utf-8", "utf-8-sig", "cp1252", "utf-16"):
        assert by_guid(CSV.encode(encoding))[PLENARY].planned_start == at(9)
    assert by_guid(b"title,start,room\nA,2026-11-26 09:00,Plateau\n")
    assert by_guid("title\tstart\nA\t2026-11-26T09:00\n")
    assert by_guid(XML.decode().replace("utf-8", "utf-16").encode("utf-16"))[PLENARY].title


def test_cell_of_a_table_may_have_lines_of_its_own() -> None:
    for end in ("\n", "\r\n", "\r"):
        lines = ("titre;résumé", '"Un; deux";"Ici.', "", 'Et là."', "Trois;\u2028")
        first, second = reading(end.join(lines)).plans
        assert (first.title, first.abstract) == ("Un; deux", "Ici.\n\nEt là.")
        assert second.title == "Trois"


LAUGHS = """<?xml version="1.0"?><!DOCTYPE schedule [<!ENTITY a "ha">
<!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]><schedule><version>&b;</version></schedule>"""
FILE = """<!DOCTYPE schedule [<!ENTITY x SYSTEM "file:///etc/passwd">]><schedule>&x;</schedule>"""


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "titre"),
        (b"\xff\xfe\x00", "titre"),
        (b"{", "JSON"),
        (b'{"schedule": {"conference": {"title": "x"}}}', "days"),
        (b"[1, 2]", "schedule"),
        (b"{" * 100_000, "JSON"),
        (b"<schedule>", "XML"),
        (b"<html></html>", "racine"),
        (LAUGHS.encode(), "DOCTYPE"),
        (FILE.encode(), "DOCTYPE"),
        (b"<schedule>" + b"<a>" * 100 + b"</a>" * 100 + b"</schedule>", "trop d"),
        (b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n", "VEVENT"),
        (b"prix;quantite\n1;2\n", "titre"),
        (b'titre\n"' + b"x" * 200_000, "CSV"),
        (frab(talk(title="")), "aucune intervention"),
        (b" " * (LIMIT + 1), "5\u202fMo"),
    ],
)
def test_what_is_no_schedule_is_refused_in_french(data: bytes, why: str) -> None:
    with pytest.raises(Unreadable, match=why):
        reading(data)


def test_the_largest_file_is_read_up_to_where_we_stop() -> None:
    many = frab(*(talk(guid=f"g{number}", abstract="a" * 200) for number in range(3 * TALKS)))
    assert 4_000_000 < len(many) < LIMIT
    said = reading(many)
    assert len(said.plans) == TALKS
    assert said.notes[-1] == f"… et {2 * TALKS - 50} autres remarques."


def test_a_file_full_of_mistakes_is_not_kept_as_remarks() -> None:
    days = ",".join(["0"] * 100_000)
    data = f'{{"schedule": {{"conference": {{"days": [{days}]}}}}}}'
    tracemalloc.start()
    try:
        with pytest.raises(Unreadable):
            reading(data)
        assert tracemalloc.get_traced_memory()[1] < 5_000_000
    finally:
        tracemalloc.stop()


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["fr", "name", "public_name", "rooms", "date", "url"]),
            inner,
            max_size=3,
        )
    ),
    max_leaves=8,
)
FIELDS = [*talk(), "end", "lab", "status", "ical", "code"]


@settings(max_examples=50)
@given(st.dictionaries(st.sampled_from(FIELDS), anything, max_size=8))
def test_whatever_a_talk_says_is_read_or_refused(said: dict[str, object]) -> None:
    try:
        (plan,) = reading(frab(talk(**said))).plans
    except Unreadable:
        return
    assert 0 < len(plan.title) <= TITLE
    assert plan.planned_end is None or plan.planned_start is not None


@settings(max_examples=50)
@given(
    st.sampled_from([frab(), XML, ICAL, CSV.encode()]),
    st.lists(st.tuples(st.integers(0, 3_000), st.binary(max_size=6)), max_size=6),
    st.integers(0, 4_000),
)
def test_damaged_files_are_read_or_refused(
    data: bytes, damage: list[tuple[int, bytes]], end: int
) -> None:
    for place, by in damage:
        data = data[:place] + by + data[place + len(by) // 2 :]
    with suppress(Unreadable):
        assert reading(data[:end]).plans


@settings(max_examples=30)
@given(
    st.sampled_from([b"<", b"{", b"BEGIN:VCALENDAR\n", b"titre;date\n"]), st.binary(max_size=200)
)
def test_noise_is_read_or_refused(start: bytes, noise: bytes) -> None:
    with suppress(Unreadable):
        assert reading(start + noise).plans
