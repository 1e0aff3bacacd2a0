"""The API: what the audience and the crew do, through HTTP, the journal and the fold."""

import asyncio
import time
from datetime import datetime
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from redis.asyncio import Redis

from captions.cues import Cue
from captions.wording.events import CueWritten
from tests.tv.house import House, house
from tv.auth import Role
from tv.problems import Problem, clean

ASK = "/api/v1/talks/direct/questions"


async def ask(person: httpx.AsyncClient, body: str = "Et les charges ?", **more: Any) -> Any:
    answer = await person.post(ASK, json={"body": body, **more})
    assert answer.status_code == 201, answer.text
    return answer.json()


async def opened_poll(crew: httpx.AsyncClient, **more: Any) -> Any:
    draft = {"talk": "direct", "type": "single", "prompt": "Pour ?", "options": ["Oui", "Non"]}
    created = (await crew.post("/api/v1/polls", json=draft | more)).json()
    answer = await crew.post(f"/api/v1/polls/{created['id']}:open")
    assert answer.status_code == 200, answer.text
    return answer.json()


def problem(answer: httpx.Response, status: int, code: str) -> Any:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert body["type"] == f"urn:fabrique-tv:problem:{code}"
    assert body["status"] == status
    assert body["detail"]
    return body


async def test_question_goes_from_the_audience_to_its_answer(tv: House) -> None:
    async with tv.someone("Ann") as ann, tv.someone() as bob, tv.crew() as crew:
        await crew.post("/api/v1/talks/direct:start")
        anchor = {"media_time": 12.5, "cues": ["plateau-12000"], "quote": "un toit pour tous"}
        asked = await ask(ann, anchor=anchor)
        assert (asked["state"], asked["mine"], asked["support"]) == ("pending", True, 0)
        assert asked["anchor"] == anchor
        assert asked["asked_at"].endswith("Z")
        assert (await bob.get(ASK)).json() == {"items": []}
        url = f"/api/v1/questions/{asked['id']}"
        assert (await bob.get(url)).status_code == 404
        assert (await crew.post(f"{url}:approve")).json()["state"] == "approved"
        assert (await bob.put(f"{url}/support")).json()["support"] == 1
        assert (await bob.put(f"{url}/support")).json()["support"] == 1
        listed = (await bob.get(ASK, params={"sort": "support"})).json()["items"]
        assert [(each["author"], each["supported"], each["mine"]) for each in listed] == [
            ("Ann", True, False)
        ]
        taken = (await crew.post(f"{url}:take")).json()
        assert taken["state"] == "live"
        assert taken["taken_at"]
        assert (await crew.post(f"{url}:answer")).json()["state"] == "answered"
        assert (await bob.delete(f"{url}/support")).status_code == 409


async def test_mark_that_a_network_brings_late_counts_from_when_it_was_pressed(tv: House) -> None:
    async with tv.someone() as ann, tv.crew(Role.PRESENTER) as stage, tv.crew() as crew:
        asked = await ask(ann)
        url = f"/api/v1/questions/{asked['id']}"
        await crew.post(f"{url}:approve")
        pressed = datetime.fromisoformat(asked["asked_at"])
        taken = (await stage.post(f"{url}:take", json={"at": pressed.timestamp()})).json()
        assert taken["taken_at"] == asked["asked_at"]
        long_ago = {"at": pressed.timestamp() - 3600}  # of no use: it counts as pressed now
        answered = (await stage.post(f"{url}:answer", json=long_ago)).json()
        assert answered["answered_at"] > taken["taken_at"]


async def test_author_alone_withdraws_and_sees_the_reason_of_a_rejection(tv: House) -> None:
    async with tv.someone() as ann, tv.someone() as bob, tv.crew(Role.MODERATOR) as moderator:
        first, second = await ask(ann), await ask(ann, "Et l’ascenseur ?")
        assert (await moderator.get(f"/api/v1/questions/{first['id']}")).status_code == 200
        answer = await moderator.post(f"/api/v1/questions/{first['id']}:withdraw")
        problem(answer, 403, "not-yours")
        answer = await bob.post(f"/api/v1/questions/{first['id']}:withdraw")
        problem(answer, 404, "unknown-question")  # nor does he learn that it exists
        withdrawn = await ann.post(f"/api/v1/questions/{first['id']}:withdraw")
        assert withdrawn.json()["state"] == "withdrawn"
        reject = f"/api/v1/questions/{second['id']}:reject"
        await moderator.post(reject, json={"reason": "hors sujet"})
        seen = (await ann.get(f"/api/v1/questions/{second['id']}")).json()
        assert (seen["state"], seen["reason"]) == ("rejected", "hors sujet")


async def test_merged_question_brings_its_supporters(tv: House) -> None:
    async with tv.someone() as ann, tv.someone() as bob, tv.crew(Role.MODERATOR) as moderator:
        one, other = await ask(ann), await ask(ann, "Combien de charges ?")
        for question in (one, other):
            await moderator.post(f"/api/v1/questions/{question['id']}:approve")
        await bob.put(f"/api/v1/questions/{other['id']}/support")
        merge = f"/api/v1/questions/{other['id']}:merge"
        merged = await moderator.post(merge, json={"into": one["id"]})
        assert (merged.json()["state"], merged.json()["merged_into"]) == ("merged", one["id"])
        target = (await bob.get(f"/api/v1/questions/{one['id']}")).json()
        assert (target["support"], target["supported"]) == (1, True)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("a" * 10_000, "text-too-long"),
        ("bonjour\x00", "control-characters"),
        ("\x1b[31mrouge", "control-characters"),
        ("\u200b \n", "text-empty"),
    ],
)
async def test_unfit_question_is_refused_and_nothing_is_kept(
    tv: House, body: str, code: str
) -> None:
    async with tv.someone() as ann, tv.crew() as crew:
        problem(await ann.post(ASK, json={"body": body}), 422, code)
        assert (await crew.get(ASK)).json() == {"items": []}


async def test_oversized_or_odd_requests_are_refused(tv: House) -> None:
    async with tv.someone() as ann:
        problem(await ann.post(ASK, content=b" " * 70_000), 413, "body-too-large")
        problem(await ann.post(ASK, json={"body": 3}), 422, "invalid-body")
        problem(await ann.post(ASK, json=[]), 422, "invalid-body")
        problem(await ann.post(ASK, content=b'{"x":' + b"[" * 5_000), 400, "invalid-json")
        odd = {"body": "?", "anchor": {"media_time": -5}}
        problem(await ann.post(ASK, json=odd), 422, "bad-anchor")
        unknown = await ann.post("/api/v1/talks/nulle-part/questions", json={"body": "?"})
        problem(unknown, 404, "unknown-talk")
        problem(await ann.get("/api/v1/nothing"), 404, "http-404")
        problem(await ann.patch(ASK), 405, "http-405")


async def test_who_leaves_while_they_write_leaves_no_error_in_the_log(
    tv: House, caplog: pytest.LogCaptureFixture
) -> None:
    _, token = tv.passes.welcome()
    host, port = tv.address.split(":")
    _, writer = await asyncio.open_connection(host, int(port))
    head = f"POST {ASK} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\n"
    writer.write(f'{head}content-length: 90\r\n\r\n{{"body":'.encode())
    await writer.drain()
    async with tv.client() as other:
        await other.get(ASK)  # what came before is being read by then
        writer.close()
        await writer.wait_closed()
        await other.get(ASK)
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


async def test_browser_gets_a_page_where_a_program_gets_json(tv: House) -> None:
    async with tv.client() as person:
        answer = await person.get("/nulle-part/<b>", headers={"accept": "text/html"})
        assert answer.status_code == 404
        assert answer.headers["content-type"].startswith("text/html")
        assert "Cette page n’existe pas" in answer.text
        assert 'href="/programme"' in answer.text
        problem(await person.get("/nulle-part"), 404, "http-404")


async def test_retry_with_the_same_key_is_one_question(tv: House) -> None:
    async with tv.someone() as ann, tv.someone() as bob, tv.crew() as crew:
        key = {"idempotency-key": "6e1c"}
        tries = [ann.post(ASK, json={"body": "Une fois"}, headers=key) for _ in range(5)]
        answers = await asyncio.gather(*tries)
        assert {answer.status_code for answer in answers} == {201}
        assert len({answer.json()["id"] for answer in answers}) == 1
        other = await ann.post(ASK, json={"body": "Autre chose"}, headers=key)
        problem(other, 422, "key-reused")
        assert (await bob.post(ASK, json={"body": "Autre"}, headers=key)).status_code == 201
        assert len((await crew.get(ASK)).json()["items"]) == 2


async def test_who_asks_too_much_is_told_when_to_come_back(tv: House) -> None:
    async with tv.someone() as ann, tv.someone() as bob:
        answers = [await ann.post(ASK, json={"body": f"Question {n}"}) for n in range(12)]
        body = problem(answers[-1], 429, "too-many")
        assert int(answers[-1].headers["retry-after"]) >= body["retry_after"] > 0
        assert (await bob.post(ASK, json={"body": "Et moi"})).status_code == 201


async def test_stale_version_is_refused(tv: House) -> None:
    async with tv.someone() as ann, tv.crew(Role.MODERATOR) as moderator:
        asked = await ask(ann)
        url = f"/api/v1/questions/{asked['id']}"
        approved = await moderator.post(f"{url}:approve", headers={"if-match": asked["version"]})
        assert approved.status_code == 200
        assert approved.headers["etag"] == f'"{approved.json()["version"]}"'
        stale = {"if-match": f'"{asked["version"]}"'}
        answer = await moderator.post(f"{url}:reject", json={}, headers=stale)
        assert problem(answer, 412, "changed-meanwhile")["current"]["state"] == "approved"


async def test_retry_of_an_act_that_named_a_version_is_no_clash_with_itself(tv: House) -> None:
    async with tv.someone() as ann, tv.crew(Role.MODERATOR) as moderator:
        asked = await ask(ann)
        named = {"if-match": f'"{asked["version"]}"', "idempotency-key": "once"}
        url = f"/api/v1/questions/{asked['id']}:approve"
        first, again = [await moderator.post(url, headers=named) for _ in range(2)]
        assert (first.status_code, again.status_code) == (200, 200)
        assert again.json() == first.json()


async def test_version_of_a_talk_that_nothing_happened_to_can_be_named(tv: House) -> None:
    async with tv.crew() as crew:
        tag = (await crew.get("/api/v1/talks/direct")).headers["etag"]
        started = await crew.post("/api/v1/talks/direct:start", headers={"if-match": tag})
        assert started.status_code == 200, started.text


async def test_of_two_processes_one_alone_accepts_what_names_a_version(redis: Redis) -> None:
    async with house(redis) as one, house(redis) as other, one.someone() as ann:
        asked = await ask(ann)
        url = f"/api/v1/questions/{asked['id']}"
        named = {"if-match": f'"{asked["version"]}"'}
        async with one.crew() as first, other.crew() as second:
            async with asyncio.timeout(10):
                while (await second.get(url)).status_code == 404:
                    pass
            answers = await asyncio.gather(
                first.post(f"{url}:approve", headers=named),
                second.post(f"{url}:reject", json={}, headers=named),
            )
            assert sorted(answer.status_code for answer in answers) == [200, 412]


async def test_what_cannot_be_is_refused_before_it_is_written(tv: House) -> None:
    async with tv.someone() as ann, tv.crew() as crew:
        poll = await opened_poll(crew)
        end = await tv.journal.end()
        url = f"/api/v1/polls/{poll['id']}/ballot"
        for choices in (["o" * 1000], ["o1"] * 100):
            refused = await ann.put(url, json={"round": 1, "choices": choices})
            problem(refused, 422, "invalid-body")
        unknown = await ann.post(f"/api/v1/talks/{'x' * 5000}/questions", json={"body": "?"})
        problem(unknown, 404, "unknown-talk")
        assert await tv.journal.end() == end


async def test_crew_does_what_its_role_allows(tv: House) -> None:
    async with (
        tv.someone() as viewer,
        tv.client() as nobody,
        tv.crew(Role.PRESENTER, talk="direct") as presenter,
        tv.crew(Role.PRESENTER, talk="another") as stranger,
        tv.crew(Role.MODERATOR) as moderator,
        tv.crew(Role.SCREEN) as screen,
    ):
        asked = await ask(viewer)
        url = f"/api/v1/questions/{asked['id']}"
        problem(await viewer.post(f"{url}:approve"), 403, "role-required")
        problem(await presenter.post(f"{url}:approve"), 403, "role-required")
        problem(await stranger.post(f"{url}:take"), 404, "unknown-question")
        await moderator.post(f"{url}:approve")
        problem(await nobody.post(f"{url}:take"), 401, "role-required")
        problem(await stranger.post(f"{url}:take"), 403, "other-talk")
        problem(await moderator.post(f"{url}:take"), 403, "role-required")
        assert (await presenter.post(f"{url}:take")).status_code == 200
        problem(await presenter.post("/api/v1/talks/direct:start"), 403, "role-required")
        problem(await nobody.put(f"{url}/support"), 401, "participant-required")
        problem(await screen.put(f"{url}/support"), 403, "role-refused")
        problem(await moderator.post(f"{url}:explode"), 404, "unknown-act")


async def test_talk_is_started_ended_and_resumed(tv: House) -> None:
    async with tv.crew(Role.OPERATOR) as crew, tv.client() as nobody:
        [talk] = (await nobody.get("/api/v1/talks")).json()["items"]
        assert (talk["id"], talk["channel"], talk["state"]) == ("direct", "plateau", "scheduled")
        started = (await crew.post("/api/v1/talks/direct:start")).json()
        assert started["state"] == "live"
        again = await crew.post("/api/v1/talks/direct:start")
        assert problem(again, 409, "wrong-state")["current"]["state"] == "live"
        assert (await crew.post("/api/v1/talks/direct:end")).json()["state"] == "ended"
        resumed = (await crew.post("/api/v1/talks/direct:resume")).json()
        assert (resumed["state"], resumed["started_at"]) == ("live", started["started_at"])
        await crew.post("/api/v1/talks/direct:end")
        problem(await crew.post("/api/v1/talks/direct:publish", json={}), 422, "no-consent")
        published = await crew.post("/api/v1/talks/direct:publish", json={"consent": True})
        assert published.json()["state"] == "replay"
        assert (await nobody.get("/api/v1/talks/direct")).json()["state"] == "replay"
        problem(await nobody.get("/api/v1/talks/nulle-part"), 404, "unknown-talk")


async def test_of_a_talk_that_was_removed_nobody_is_told_anything(tv: House) -> None:
    async with tv.crew() as crew, tv.someone() as ann:
        made = (await crew.post("/api/v1/talks", json={"title": "Jardins"})).json()
        talk = f"/api/v1/talks/{made['id']}"
        await crew.delete(talk)
        for what in ("polls", "ratings", "reactions", "questions", "captions.vtt"):
            problem(await ann.get(f"{talk}/{what}"), 404, "unknown-talk")
        for what in ("messages", "tables.json", "report.pdf"):
            problem(await crew.get(f"{talk}/{what}"), 404, "unknown-talk")


async def test_what_was_said_is_for_the_crew_until_the_replay_is_on_line(tv: House) -> None:
    talk = "/api/v1/talks/direct"
    async with tv.crew() as crew, tv.someone() as ann:
        for verb, status in (("start", 200), ("end", 404), ("publish", 200), ("unpublish", 404)):
            (await crew.post(f"{talk}:{verb}", json={"consent": True})).raise_for_status()
            for client, wanted in ((ann, status), (crew, 200)):
                reply = await client.get(f"{talk}/captions.txt")
                assert reply.status_code == wanted, (verb, reply.text)
        problem(await ann.get(f"{talk}/captions.txt"), 404, "unknown-replay")


async def test_captions_of_a_talk_are_exported_in_their_newest_revision(tv: House) -> None:
    async with tv.crew() as crew:
        start = 1_700_000_000.0
        cues = [
            Cue("plateau-1", 1, start, start + 2.0, ("Bonjour a tous",)),
            Cue("plateau-2", 1, start + 61.5, start + 64.0, ("Un <toit>", "& des voisins")),
            Cue("plateau-1", 2, start, start + 2.0, ("Bonjour à tous",)),
        ]
        for cue in cues:
            position = await tv.journal.append(CueWritten(channel="plateau", cue=cue))
        async with tv.page(captions_plateau="") as page:
            while (await page.view())["version"] != position:
                pass
        url = "/api/v1/talks/direct/captions"
        assert (await crew.get(f"{url}.vtt")).text == (
            "WEBVTT\n\n"
            "1700000000000\n00:00:00.000 --> 00:00:02.000\nBonjour à tous\n\n"
            "1700000061500\n00:01:01.500 --> 00:01:04.000\nUn &lt;toit&gt; &amp; des voisins\n"
        )
        subrip = (await crew.get(f"{url}.srt")).text
        assert "2\n00:01:01,500 --> 00:01:04,000\nUn <toit> & des voisins\n" in subrip
        assert (await crew.get(f"{url}.txt")).text == "Bonjour à tous\n\nUn <toit> & des voisins\n"
        assert [cue["revision"] for cue in (await crew.get(f"{url}.json")).json()["items"]] == [
            2,
            1,
        ]
        problem(await crew.get(f"{url}.pdf"), 404, "unknown-format")
        later = (await crew.get(f"{url}.json?from={start + 2.0}&to={start + 62.0}")).json()
        assert [cue["id"] for cue in later["items"]] == ["plateau-2"]
        assert (await crew.get(f"{url}.txt?to={start + 60.0}")).text == "Bonjour à tous\n"
        for wrong in ("from=hier", "to=nan"):
            problem(await crew.get(f"{url}.json?{wrong}"), 400, "invalid-range")


async def test_two_web_processes_over_one_journal_say_the_same(redis: Redis) -> None:
    async with house(redis) as one, house(redis) as other:
        async with one.crew() as crew, one.someone() as ann:
            poll = await opened_poll(crew)
            ballot = {"round": 1, "choices": ["o2"]}
            url = f"/api/v1/polls/{poll['id']}"
            assert (await ann.put(f"{url}/ballot", json=ballot)).status_code == 200
        async with other.page(talk_direct="") as page:
            while True:
                view = await page.view()
                if any(item.get("ballots") == 1 for item in view["items"]):
                    break
        async with other.crew() as crew:
            assert (await crew.get(f"{url}/results")).json()["ballots"] == 1


async def test_what_was_acknowledged_is_there_after_a_restart(redis: Redis) -> None:
    async with house(redis) as tv, tv.someone() as ann:
        asked = await ask(ann)
    async with house(redis) as tv, tv.crew() as crew:
        [found] = (await crew.get(ASK)).json()["items"]
        assert found["id"] == asked["id"]
        assert found["version"] == asked["version"]


@given(st.text(max_size=200))
def test_cleaned_text_is_one_visible_line_or_refused(text: str) -> None:
    try:
        cleaned = clean(text, "Question", 100)
    except Problem:
        return
    assert 1 <= len(cleaned) <= 100
    assert cleaned == cleaned.strip()
    assert not set(cleaned) & set("\n\r\t\x00\u200b\u202e\u2066\ufeff")
    assert clean(cleaned, "Question", 100) == cleaned


def test_letters_cannot_be_piled_up() -> None:
    assert clean("h" + "\u0301" * 50 + "aut", "Question", 100) == "h" + "\u0301" * 3 + "aut"


def test_marks_without_end_cost_no_more_than_other_text() -> None:
    """Normalisation sorts the marks on a letter: 60 kB of them took five seconds."""
    began = time.process_time()
    cleaned = clean("a" + "\u0301" * 15_000 + "\u0316" * 15_000, "Question", 100)
    assert time.process_time() - began < 0.5
    assert len(cleaned) <= 4
