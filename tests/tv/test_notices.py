"""The programme, the notices and the errors as servers give them: without a script, and true."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from redis.asyncio import Redis

from tests.tv.house import House, house
from tests.tv.schedule.files import HERS, frab
from tv.auth import Role
from tv.settings import load

SETTINGS = load(
    None,
    {
        "FABRIQUE_CHANNELS__LABO_1__NAME": "Labo 1",
        "FABRIQUE_LABS__LABO_1__NAME": "Le départ",
        "FABRIQUE_LABS__LABO_1__PICTOGRAM": "🔍",
        "FABRIQUE_ORGANISER__NAME": "Habitat & Cie",
        "FABRIQUE_ORGANISER__CONTACT": "bonjour@example.org",
        "FABRIQUE_PRIVACY__DAYS": "90",
        "FABRIQUE_RECORDING__DAYS": "20",
        "FABRIQUE_RESTREAMS__TUBE__URL": "rtmp://tube.example/live",
        "FABRIQUE_RESTREAMS__TUBE__KEY": "secret",
        "FABRIQUE_RESTREAMS__TUBE__TITLE": "Tube",
        "FABRIQUE_WALL__HASHTAG": "proximite",
        "FABRIQUE_WEBRTC__ICE_SERVERS__FAR__URLS": "stun:stun.example.org:3478",
    },
)
QUESTION = "Qui paie <le> chauffage ?"
PAGES = ("programme", "charte", "confidentialite", "accessibilite", "facile", "plan", "rejoindre")


@pytest.fixture
async def tv(redis: Redis) -> AsyncIterator[House]:
    async with asyncio.timeout(40), house(redis, settings=SETTINGS) as served:
        yield served


async def text_of(person: httpx.AsyncClient, address: str, status: int = 200) -> str:
    answer = await person.get(address, headers={"accept": "text/html"})
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "script-src 'self'" in answer.headers["content-security-policy"]
    return answer.text


async def test_every_page_says_how_accessible_it_is_and_loads_nothing_from_elsewhere(
    tv: House,
) -> None:
    async with tv.client() as person:
        for page in PAGES:
            text = await text_of(person, f"/{page}")
            assert "partiellement conforme" in text
            assert " style=" not in text
            assert 'src="http' not in text


async def test_programme_is_read_without_a_script_and_reminds(tv: House) -> None:
    async with tv.crew(Role.OPERATOR) as crew, tv.client() as person:
        assert "sera publié ici" in await text_of(person, "/programme")
        await crew.post("/api/v1/schedule:import", content=frab())
        text = await text_of(person, "/programme")
        assert "26 novembre" in text
        assert f'id="{HERS}"' in text
        calendar = await person.get(f"/programme/{HERS}.ics")
        assert calendar.headers["content-type"].startswith("text/calendar")
        assert "BEGIN:VALARM" in calendar.text
        assert f"URL:{tv.url}/programme?jour=" in calendar.text.replace("\r\n ", "")
        assert (await person.get("/programme.ics")).text.count("BEGIN:VEVENT") == 2
        assert (await person.get("/programme.ics?labo=labo-9")).text.count("BEGIN:VEVENT") == 0
        await text_of(person, "/programme/nulle-part.ics", 404)


async def test_charter_counts_what_was_received_and_what_became_of_it(tv: House) -> None:
    async with tv.someone() as ann, tv.crew(Role.MODERATOR) as crew, tv.client() as person:
        asked = await ann.post("/api/v1/talks/direct/questions", json={"body": QUESTION})
        question = asked.json()["id"]
        await crew.post(f"/api/v1/questions/{question}:approve")
        said = {"about": "question", "id": question, "grounds": "other"}
        await ann.post("/api/v1/alerts", json=said)
        text = await text_of(person, "/charte")
        for name, n in (("Publiées", 1), ("Contenus signalés", 1), ("Reçus", 0)):
            assert f'<tr><th scope="row">{name}</th><td>{n}</td></tr>' in text
        assert "mailto:bonjour@example.org" in text


async def test_whoever_reads_the_notice_sees_what_is_kept_and_has_it_erased(tv: House) -> None:
    async with tv.client() as ann, tv.crew(Role.MODERATOR) as crew:
        assert "rien à effacer" in await text_of(ann, "/confidentialite")
        await ann.post("/api/v1/participants", json={})
        await ann.post("/api/v1/talks/direct/questions", json={"body": QUESTION})
        notice = await ann.get("/confidentialite")
        assert notice.headers["cache-control"] == "no-store"  # nor does a service worker keep it
        text = notice.text
        assert "Qui paie &lt;le&gt; chauffage ?" in text
        assert "Habitat &amp; Cie" in text
        assert "90 jours après" in text
        for said in ("20 jours, et 7 de plus", "#proximite", "sur Tube", "stun.example.org,"):
            assert said in text
        elsewhere = {"origin": "https://ailleurs.example"}
        refused = await ann.post("/confidentialite/effacer", headers=elsewhere)
        assert refused.status_code == 403
        gone = await ann.post("/confidentialite/effacer", data={"sure": "oui"})
        assert gone.status_code == 303
        assert "C’est fait" in await text_of(ann, gone.headers["location"])
        (listed,) = (await crew.get("/api/v1/talks/direct/questions")).json()["items"]
        assert (listed["state"], listed["body"]) == ("withdrawn", "")


@pytest.mark.parametrize(
    ("address", "status", "said"),
    [
        ("/nulle-part", 404, "Cette page n’existe pas"),
        ("/confidentialite/effacer", 405, "ne se demande pas ainsi"),
        ("/revoir/nulle-part", 404, "Cette intervention n’existe pas"),
        (f"/revoir/{HERS}", 410, "a été retirée"),
        ("/rejoindre/ZZZZZZ", 404, "Sans code"),
    ],
)
async def test_what_fails_is_told_in_french_with_a_way_out(
    tv: House, address: str, status: int, said: str
) -> None:
    async with tv.crew(Role.OPERATOR) as crew, tv.client() as person:
        await crew.post("/api/v1/schedule:import", content=frab())
        await crew.delete(f"/api/v1/talks/{HERS}")
        text = await text_of(person, address, status)
        assert said in text
        assert 'href="/"' in text


async def test_page_waits_for_the_journal_then_says_that_the_service_starts(tv: House) -> None:
    tv.follower.ready.clear()
    async with tv.client() as person:
        text = await text_of(person, "/programme", 503)
        assert "Le service démarre" in text
        assert "Réessayer" in text
        kind = (await person.get("/api/v1/talks")).headers["content-type"]
        assert kind.startswith("application/problem")


async def test_a_weakness_is_reported_to_the_contact(tv: House) -> None:
    async with tv.client() as anybody:
        answer = await anybody.get("/.well-known/security.txt")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    fields = dict(line.split(": ", 1) for line in answer.text.splitlines())
    assert fields["Contact"] == "mailto:bonjour@example.org"
    left = datetime.fromisoformat(fields["Expires"]) - datetime.now(UTC)
    assert timedelta(days=80) < left < timedelta(days=365)  # RFC 9116, 2.5.5


@pytest.mark.parametrize(
    ("contact", "said"),
    [("https://ville.fr/failles", "https://ville.fr/failles"), ("", ""), ("au comptoir", "")],
)
async def test_security_txt_names_an_address_or_is_not_there(
    redis: Redis, contact: str, said: str
) -> None:
    settings = load(
        None,
        {
            "FABRIQUE_ORGANISER__CONTACT": contact,
            "FABRIQUE_SERVER__PUBLIC_URL": "https://tv.ville.fr",
        },
    )
    async with house(redis, settings=settings) as served, served.client() as anybody:
        answer = await anybody.get("/.well-known/security.txt")
    if said:
        assert f"Contact: {said}\n" in answer.text
        assert "Canonical: https://tv.ville.fr/.well-known/security.txt\n" in answer.text
    else:
        assert answer.status_code == 404
