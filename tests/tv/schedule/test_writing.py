"""Schedules as others read them: what is written says what was read, and what changed since."""

import json
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engagement.talks import ScheduleImported, Talk, Talks
from engagement.talks.plan import Plan
from tests.tv.schedule.files import CSV, HERS, ICAL, PLENARY, XML, frab, hers, talk
from tests.tv.schedule.test_reading import FIELDS, PARIS, anything, reading
from tv.schedule import frab_json, icalendar
from tv.schedule.errors import Unreadable


def talks_of(plans: tuple[Plan, ...]) -> list[Talk]:
    talks = Talks()
    talks.apply("1-0", ScheduleImported(id="i", at=0.0, by="crew", plans=plans))
    return [talk for talk in talks.listed() if not talk.standing]


def as_json(plans: tuple[Plan, ...], about: str = "", *, crew: bool = True) -> bytes:
    said = json.loads(about) if about else {}
    return frab_json.write(talks_of(plans), said, PARIS, "La Fabrique de la proximité", crew=crew)


def test_what_was_read_is_written_again() -> None:
    before, said = json.loads(frab()), reading(frab())
    after = json.loads(as_json(said.plans, said.about))
    for name in ("acronym", "title", "colors", "time_zone_name", "start", "end", "daysCount"):
        assert after["schedule"]["conference"][name] == before["schedule"]["conference"][name]
    (old,), (new,) = (each["schedule"]["conference"]["days"] for each in (before, after))
    assert old["date"] == new["date"]
    assert new["rooms"] == old["rooms"]


def test_what_changed_since_is_written_as_it_is_now() -> None:
    first, second = talks_of(reading(frab()).plans)
    first = msgspec.structs.replace(first, title="Autre titre", speakers=("Zoé",), kind="break")
    second = msgspec.structs.replace(second, planned_start=second.planned_start + 86_400, room="")  # type: ignore[operator]
    written = json.loads(frab_json.write([second, first], {}, PARIS, "F"))
    monday, tuesday = written["schedule"]["conference"]["days"]
    (now,) = monday["rooms"]["Plateau"]
    assert (now["title"], now["type"]) == ("Autre titre", "Pause")
    assert [each["public_name"] for each in now["persons"]] == ["Zoé"]
    assert tuesday["date"] == "2026-11-27"
    assert list(tuesday["rooms"]) == [frab_json.NO_ROOM]


def test_what_will_not_take_place_is_told_to_calendars_and_left_out_of_schedules() -> None:
    talks = talks_of(reading(ICAL).plans)
    assert [talk.state for talk in talks] == ["scheduled", "cancelled"]
    written = icalendar.write(talks, "Fête ; ici", 0.0)
    assert written.count(b"STATUS:CANCELLED") == 1
    assert HERS.encode() not in frab_json.write(talks, {}, PARIS, "F")
    again = reading(written).plans
    assert [(plan.guid, plan.cancelled) for plan in again] == [(PLENARY, False), (HERS, True)]


def test_calendar_keeps_what_it_does_not_know_and_no_more_than_that() -> None:
    assert b"\r\nGEO:48.85;2.35\r\n" in icalendar.write(talks_of(reading(ICAL).plans), "F", 0.0)
    forged = talk(ical=["END:VEVENT", "X:1\r\nEND:VEVENT", "SUMMARY:autre", 3, "X-A:1"])
    talks = talks_of(reading(frab(forged)).plans)
    lines = icalendar.write(talks, "F", 0.0, crew=True).splitlines()
    assert lines.count(b"END:VEVENT") == 1
    assert sum(line.startswith(b"SUMMARY") for line in lines) == 1
    assert b"X-A:1" in lines


def test_no_address_of_a_person_is_in_a_calendar() -> None:
    people = ["ATTENDEE:mailto:a@exemple.fr", "ORGANIZER;CN=Bob:mailto:b@exemple.fr"]
    told = "\r\n".join(people).encode()
    given = ICAL.replace(b"GEO:48.85;2.35", told + b"\r\nCONTACT:01 02 03 04 05")
    forged = frab(talk(ical=people))
    for data in (given, forged):
        plans = reading(data).plans
        written = icalendar.write(talks_of(plans), "F", 0.0, crew=True)
        assert not [word for word in (b"mailto", b"CONTACT", b"Bob") if word in written]


def test_columns_of_a_table_are_for_the_crew_alone() -> None:
    talks = talks_of(reading(CSV).plans)
    assert b"Traiteur" not in frab_json.write(talks, {}, PARIS, "F")
    given = frab_json.write(talks, {}, PARIS, "F", crew=True)
    assert b"Traiteur" in given
    assert b"Traiteur" in frab_json.write(talks_of(reading(given).plans), {}, PARIS, "F", crew=True)


def test_what_organisers_keep_of_a_talk_is_for_the_crew_alone() -> None:
    answers = [{"question": "Régime", "answer": "Sans gluten"}]
    anne = {"id": 7, "public_name": "Anne Morel", "biography": "Architecte.", "email": "a@b.fr"}
    anne |= {"answers": answers}
    kept = talk(persons=[anne], answers=answers, internal_notes="À relancer")
    room = {"name": "Plateau", "guid": "b379", "key_code": "4711"}
    data = frab(kept, rooms=[room], orga_phone="06 12 34 56 78")
    said = reading(data)
    private = ("Sans gluten", "a@b.fr", "À relancer", "4711", "06 12 34 56 78")
    for crew in (False, True):
        written = as_json(said.plans, said.about, crew=crew).decode()
        assert [word in written for word in private] == [crew] * len(private)
        conference = json.loads(written)["schedule"]["conference"]
        (shown,) = conference["days"][0]["rooms"]["Plateau"]
        assert (conference["acronym"], conference["rooms"][0]["guid"]) == ("fabrique", "b379")
        assert shown["description"] == "Longue présentation."
        assert shown["persons"][0]["biography"] == "Architecte."


def test_what_a_calendar_says_in_lines_of_its_own_is_for_the_crew_alone() -> None:
    meeting = b"X-GOOGLE-CONFERENCE:https://meet.exemple.fr/abc\r\nCOMMENT:Payer la salle"
    talks = talks_of(reading(ICAL.replace(b"GEO:48.85;2.35", b"GEO:1;2\r\n" + meeting)).plans)
    public = icalendar.write(talks, "F", 0.0)
    for_people = icalendar.write(talks, "F", 0.0, lambda talk: f"https://x/#{talk.id}")
    whole = icalendar.write(talks, "F", 0.0, crew=True)
    for written, told in ((public, False), (for_people, False), (whole, True)):
        assert b"GEO:1;2" in written
        assert (meeting in written) is told


def test_lines_of_a_calendar_are_short_and_split_no_letter() -> None:
    plans = reading(frab(talk(title="é" * 190, abstract="Été\n\nà, la; \\ fin" * 30))).plans
    written = icalendar.write(talks_of(plans), "F", 0.0)
    assert max(map(len, written.split(b"\r\n"))) <= 75
    (plan,) = reading(written).plans
    assert plan.title == "é" * 190


@pytest.mark.parametrize("data", [frab(), XML, CSV.encode()], ids=["json", "xml", "csv"])
def test_round_trip_changes_nothing(data: bytes) -> None:
    said = reading(data)
    again = reading(as_json(said.plans, said.about))

    def bare(plans: tuple[Plan, ...]) -> list[Plan]:
        plain = [msgspec.structs.replace(plan, extra="") for plan in plans if plan.planned_start]
        return sorted(plain, key=lambda plan: plan.guid)

    assert bare(again.plans) == bare(said.plans)
    assert as_json(again.plans, again.about) == as_json(said.plans, said.about)


@settings(max_examples=50)
@given(st.dictionaries(st.sampled_from(FIELDS), anything, max_size=8))
def test_whatever_was_read_can_be_written_and_read(said: dict[str, object]) -> None:
    try:
        plans = reading(frab(talk(**said), hers())).plans
    except Unreadable:
        return
    for written in (
        as_json(plans),
        as_json(plans, crew=False),
        icalendar.write(talks_of(plans), "F", 0.0),
    ):
        known = {plan.guid: plan for plan in reading(written).plans}
        for plan in plans:
            if plan.planned_start is not None and plan.guid in known:
                assert known[plan.guid].title == plan.title
                assert known[plan.guid].planned_start == pytest.approx(plan.planned_start, abs=1)


def test_hours_are_written_in_the_zone_of_the_event() -> None:
    talks = talks_of(reading(frab()).plans)
    written = json.loads(frab_json.write(talks, {}, ZoneInfo("Indian/Reunion"), "F"))
    (day,) = written["schedule"]["conference"]["days"]
    assert day["rooms"]["Plateau"][0]["date"] == "2026-11-26T12:00:00+04:00"
    assert day["rooms"]["Plateau"][0]["start"] == "12:00"


def test_calendar_for_people_rings_before_each_talk_and_leads_to_its_page() -> None:
    talks = talks_of(reading(ICAL).plans)
    plain = icalendar.write(talks, "F", 0.0)
    ringing = icalendar.write(talks, "F", 0.0, lambda talk: f"https://x/programme#{talk.id}")
    assert b"VALARM" not in plain
    assert ringing.count(b"BEGIN:VALARM") == 1  # not for the one that was cancelled
    assert b"TRIGGER:-PT10M" in ringing
    assert f"URL:https://x/programme#{talks[0].id}".encode() in ringing
    assert reading(ringing).plans[0].title == talks[0].title
