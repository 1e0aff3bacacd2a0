"""The schedule through HTTP: brought in from a file, changed by hand, looked at, taken away."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from redis.asyncio import Redis

from tests.tv.house import House, house
from tests.tv.schedule.files import HERS, ICAL, PLENARY, XML, frab, hers, talk
from tv.auth import Role
from tv.schedule.reading import LIMIT
from tv.settings import load

IMPORT = "/api/v1/schedule:import"
SETTINGS = load(
    None,
    {
        "FABRIQUE_CHANNELS__LABO_1__NAME": "Labo 1",
        "FABRIQUE_LABS__LABO_1__NAME": "Le départ",
        "FABRIQUE_LABS__LABO_1__COLOUR": "#0a6e4f",
    },
)


@pytest.fixture
async def tv(redis: Redis) -> AsyncIterator[House]:
    async with house(redis, settings=SETTINGS) as served:
        yield served


def problem(answer: httpx.Response, status: int, code: str) -> Any:
    assert answer.status_code == status, answer.text
    body = answer.json()
    assert body["type"] == f"urn:fabrique-tv:problem:{code}"
    assert body["detail"]
    return body


async def good(answer: Any, status: int = 200) -> Any:
    answered = await answer
    assert answered.status_code == status, answered.text
    return answered.json()


async def titles(person: httpx.AsyncClient, **asked: str) -> list[str]:
    answer = await good(person.get("/api/v1/schedule", params=asked))
    return [item["title"] for item in answer["items"]]


async def test_difference_is_shown_before_it_is_applied(tv: House) -> None:
    async with tv.crew(Role.OPERATOR) as crew, tv.someone() as ann:
        shown = await good(crew.post(IMPORT, params={"dry_run": "1"}, content=frab()))
        assert shown["counts"]["added"] == 2
        assert await titles(ann) == ["En direct du plateau"]
        match = {"if-match": f'"{shown["version"]}"'}
        done = await good(crew.post(IMPORT, content=frab(), headers=match))
        assert (done["dry_run"], done["counts"]) == (False, shown["counts"])
        assert await titles(ann) == ["Ouverture : loger mieux", "Quitter son logement"]
        problem(await crew.post(IMPORT, content=XML, headers=match), 412, "changed-meanwhile")
        later = frab(talk(date="2026-11-26T09:15:00+01:00"), hers())
        changed = await good(crew.post(IMPORT, params={"dry_run": "1"}, content=later))
        assert changed["items"] == [
            {
                "change": "changed",
                "talk": PLENARY,
                "title": "Ouverture : loger mieux",
                "fields": {
                    "planned_start": {
                        "before": "2026-11-26T08:00:00.000Z",
                        "after": "2026-11-26T08:15:00.000Z",
                    },
                    "planned_end": {
                        "before": "2026-11-26T08:45:00.000Z",
                        "after": "2026-11-26T09:00:00.000Z",
                    },
                },
            }
        ]


async def test_only_the_regie_brings_a_file_and_a_wrong_one_changes_nothing(tv: House) -> None:
    async with tv.crew() as crew, tv.crew(Role.MODERATOR) as moderator, tv.someone() as ann:
        problem(await ann.post(IMPORT, content=frab()), 403, "role-required")
        problem(await moderator.post(IMPORT, content=frab()), 403, "role-required")
        end = await tv.journal.end()
        for wrong in (b"", b"bonjour", b"<a/>", b"<!DOCTYPE x><schedule/>", b'{"schedule": 1}'):
            problem(await crew.post(IMPORT, content=wrong), 422, "schedule-unreadable")
        problem(await crew.post(IMPORT, content=b" " * (LIMIT + 1)), 413, "body-too-large")
        assert await tv.journal.end() == end
        async with tv.crew(Role.ADMIN, talk="direct") as one_talk:
            problem(await one_talk.post(IMPORT, content=frab()), 403, "other-talk")


async def test_days_and_labs_are_looked_at(tv: House) -> None:
    async with tv.crew() as crew, tv.someone() as ann:
        tomorrow = hers(guid="demain", title="Demain", date="2026-11-27T09:00:00+01:00")
        await good(crew.post(IMPORT, content=frab(talk(), hers(), tomorrow)))
        whole = await good(ann.get("/api/v1/schedule"))
        assert (whole["days"], whole["time_zone"]) == (
            ["2026-11-26", "2026-11-27"],
            "Europe/Paris",
        )
        assert await titles(ann, day="2026-11-27") == ["Demain"]
        assert await titles(ann, lab="labo-1") == ["Quitter son logement", "Demain"]
        assert await titles(ann, lab="labo-1", day="2026-11-26") == ["Quitter son logement"]
        for wrong in ({"day": "hier"}, {"lab": "labo-9"}):
            answer = await ann.get("/api/v1/schedule", params=wrong)
            problem(answer, 422, "unknown-filter")


async def test_schedule_is_taken_away_as_it_came(tv: House) -> None:
    async with tv.crew() as crew, tv.client() as anyone:
        await good(crew.post(IMPORT, content=frab()))
        written = await anyone.get("/api/v1/schedule.json")
        assert written.headers["content-disposition"] == 'attachment; filename="programme.json"'
        (day,) = json.loads(frab())["schedule"]["conference"]["days"]
        for who, left_out in ((anyone, {"answers"}), (crew, set())):
            whole = await who.get("/api/v1/schedule.json")
            (found,) = whole.json()["schedule"]["conference"]["days"]
            assert found["rooms"] == {
                room: [{name: each[name] for name in each.keys() - left_out} for each in talks]
                for room, talks in day["rooms"].items()
            }
        table = "titre;date;début;Téléphone\nLe toit;26/11/2026;14h;06 12 34 56 78\n"
        await good(crew.post(IMPORT, params={"source": "table"}, content=table.encode()))
        for who, told in ((anyone, False), (crew, True)):
            assert ("06 12 34 56 78" in (await who.get("/api/v1/schedule.json")).text) is told
        calendar = await anyone.get("/api/v1/schedule.ics")
        assert calendar.headers["content-type"].startswith("text/calendar")
        assert f"UID:{HERS}\r\n" in calendar.text
        again = await good(crew.post(IMPORT, params={"dry_run": "1"}, content=whole.content))
        assert again["items"] == []


async def test_what_a_calendar_keeps_for_its_organisers_is_the_crews(tv: House) -> None:
    meeting = b"X-GOOGLE-CONFERENCE:https://meet.exemple.fr/abc"
    async with tv.crew() as crew, tv.client() as anyone:
        private = ICAL.replace(b"GEO:48.85;2.35", meeting)
        await good(crew.post(IMPORT, content=private))
        for who, page, told in (
            (anyone, "/api/v1/schedule.ics", False),
            (anyone, "/programme.ics", False),
            (crew, "/programme.ics", False),  # people pass it on
            (crew, "/api/v1/schedule.ics", True),
        ):
            written = await who.get(page)
            assert f"UID:{HERS}\r\n" in written.text
            assert (meeting in written.content) is told


async def test_talk_is_planned_by_hand_and_goes_its_way(tv: House) -> None:
    async with tv.crew() as crew, tv.someone() as ann:
        start = "2026-11-26T11:00:00+01:00"
        planned = {"title": "Le toit", "room": "plateau", "planned_start": start, "type": "break"}
        key = {"idempotency-key": "un"}
        made = await good(crew.post("/api/v1/talks", json=planned, headers=key), 201)
        again = await good(crew.post("/api/v1/talks", json=planned, headers=key), 201)
        assert made == again
        assert (made["channel"], made["type"], made["planned_start"], made["state"]) == (
            "plateau",
            "break",
            "2026-11-26T10:00:00.000Z",
            "scheduled",
        )
        url = f"/api/v1/talks/{made['id']}"
        more = {"abstract": "Un\n\ndeux", "speakers": ["Ann"], "lab": "labo-1", "questions": "off"}
        edited = await good(crew.patch(url, json=more))
        assert (edited["abstract"], edited["speakers"], edited["lab"], edited["title"]) == (
            "Un\n\ndeux",
            ["Ann"],
            "labo-1",
            "Le toit",
        )
        asked = await ann.post(f"{url}/questions", json={"body": "Pourquoi ?"})
        problem(asked, 409, "talk-closed")
        stale = {"if-match": f'"{made["version"]}"'}
        problem(await crew.patch(url, json={"title": "x"}, headers=stale), 412, "changed-meanwhile")
        await good(crew.post(f"{url}:start"))
        problem(await crew.delete(url), 409, "wrong-state")
        problem(await crew.patch(url, json={"channel": "labo-1"}), 409, "wrong-state")
        await good(crew.post(f"{url}:end"))


async def test_talk_that_is_moved_by_hand_leaves_the_lab_and_the_channel_of_its_room(
    tv: House,
) -> None:
    async with tv.crew() as crew:

        async def moved(url: str, **said: str) -> tuple[str, str]:
            talk = await good(crew.patch(url, json=said))
            return talk["channel"], talk["lab"]

        planned = {"title": "Le toit", "room": "Labo 1"}
        made = await good(crew.post("/api/v1/talks", json=planned), 201)
        url = f"/api/v1/talks/{made['id']}"
        assert (made["channel"], made["lab"]) == ("labo-1", "labo-1")
        assert await moved(url, room="Plateau") == ("plateau", "")
        assert await moved(url, room="Salle 2") == ("", "")
        assert await moved(url, channel="labo-1", lab="labo-1") == ("labo-1", "labo-1")
        assert await moved(url, room="Salle 3") == ("labo-1", "labo-1")  # no room had said so
        assert await moved(url, room="Labo 1") == ("labo-1", "labo-1")
        assert await moved(url, room="Salle 2", lab="labo-1") == ("", "labo-1")
        await moved(url, room="Plateau")
        await good(crew.post(f"{url}:start"))
        assert await moved(url, room="Salle 2") == ("plateau", "labo-1")  # its picture is there


async def test_removed_talk_is_gone_from_every_page_until_it_is_restored(tv: House) -> None:
    async with tv.crew() as crew, tv.someone() as ann, tv.page(talks="") as page:
        made = await good(crew.post("/api/v1/talks", json={"title": "Le toit"}), 201)
        url = f"/api/v1/talks/{made['id']}"
        async with asyncio.timeout(5):
            while made["id"] not in {item["id"] for item in (await page.view("talks"))["items"]}:
                pass
        await good(crew.delete(url))
        async with asyncio.timeout(5):
            assert (await page.view("talks"))["removed"] == [f"talk:{made['id']}"]
        problem(await ann.get(url), 404, "unknown-talk")
        problem(await crew.patch(url, json={"title": "x"}), 404, "unknown-talk")
        problem(await crew.post(f"{url}:start"), 404, "unknown-talk")
        assert await titles(ann) == ["En direct du plateau"]
        assert (await good(crew.post(f"{url}:restore")))["state"] == "scheduled"
        assert (await good(ann.get(url)))["title"] == "Le toit"


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ({}, "invalid-body"),
        ({"title": " "}, "text-empty"),
        ({"title": "t" * 201}, "text-too-long"),
        ({"title": "a\x00b"}, "control-characters"),
        ({"title": "a", "abstract": "b\n" * 4_000}, "text-too-long"),
        ({"title": "a", "type": "autre"}, "invalid-body"),
        ({"title": "a", "couleur": "rouge"}, "invalid-body"),
        ({"title": "a", "channel": "nulle-part"}, "unknown-channel"),
        ({"title": "a", "lab": "nulle-part"}, "unknown-lab"),
        ({"title": "a", "speakers": ["x"] * 31}, "too-many-speakers"),
        ({"title": "a", "planned_start": "2026-11-26T10:00:00"}, "invalid-body"),
        ({"title": "a", "planned_start": -5}, "invalid-body"),
        ({"title": "a", "planned_start": 20, "planned_end": 10}, "wrong-times"),
    ],
)
async def test_unfit_talk_is_refused(tv: House, said: dict[str, Any], code: str) -> None:
    async with tv.crew() as crew:
        problem(await crew.post("/api/v1/talks", json=said), 422, code)
        assert await titles(crew) == ["En direct du plateau"]


async def test_participant_has_a_lab(tv: House) -> None:
    async with tv.client() as person:
        joined = await good(
            person.post("/api/v1/participants", json={"name": "Ann", "lab": "labo-1"}), 201
        )
        assert joined["lab"] == "labo-1"
        moved = await good(person.put("/api/v1/participants/me", json={"name": "Ann", "lab": ""}))
        assert (moved["id"], moved["lab"]) == (joined["id"], "")
        renamed = await good(person.put("/api/v1/participants/me", json={"lab": "labo-1"}))
        assert (renamed["name"], renamed["lab"]) == ("Ann", "labo-1")
        session = await good(person.get("/api/v1/session"))
        assert session["lab"] == "labo-1"
        answer = await person.put("/api/v1/participants/me", json={"lab": "labo-9"})
        problem(answer, 422, "unknown-lab")
