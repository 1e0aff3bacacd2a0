"""The API of questions: hints, what each sees, the crew's acts, and a moderators' hour in short."""

import asyncio
import time
from typing import Any

import httpx

from benchmarks.moderators_hour import Hour, run
from captions.cues import Cue
from captions.wording.events import CueEdited, CueWritten
from engagement.questions import QuestionAsked
from tests.tv.house import House
from tests.tv.test_api import ASK, ask, problem
from tv.auth import Role


async def act(crew: httpx.AsyncClient, question: Any, verb: str, **body: Any) -> Any:
    done = await crew.post(f"/api/v1/questions/{question['id']}:{verb}", json=body)
    assert done.status_code == 200, done.text
    return done.json()


async def test_who_types_what_was_asked_already_is_shown_it(tv: House) -> None:
    async with tv.someone() as ann, tv.someone() as bob, tv.crew(Role.MODERATOR) as crew:
        asked = await ask(ann, "Pourquoi les loyers augmentent-ils chaque année ?")
        await ask(ann, "Y aura-t-il des arbres dans la cour ?")
        typed = {"body": "pourquoi les loyers augmentent ?"}
        assert (await bob.post(f"{ASK}:similar", json=typed)).json() == {"items": []}
        await act(crew, asked, "approve")
        found = (await bob.post(f"{ASK}:similar", json=typed)).json()["items"]
        assert [one["id"] for one in found] == [asked["id"]]
        assert found[0]["nearness"] > 0.5
        assert found[0]["supported"] is False
        nothing = await bob.post(f"{ASK}:similar", json={"body": ""})
        assert nothing.json() == {"items": []}
        problem(await bob.post(f"{ASK}:similar", json={"body": "x" * 501}), 422, "text-too-long")
        async with tv.client() as stranger:
            answer = await stranger.post(f"{ASK}:similar", json=typed)
            problem(answer, 401, "participant-required")


async def test_each_sees_of_a_question_what_is_theirs_to_see(tv: House) -> None:
    async with tv.someone("Ann") as ann, tv.someone() as bob, tv.crew(Role.MODERATOR) as crew:
        asked = await ask(ann, "pk on m'appelle pas au 06 12 34 56 78 ?")
        assert "flags" not in asked
        url = f"/api/v1/questions/{asked['id']}"
        assert (await crew.get(url)).json()["flags"] == ["personal"]
        await act(crew, asked, "edit", body="Pourquoi ne nous rappelle-t-on pas ?")
        await act(crew, asked, "label", labels=["contact", "contact", "suivi"])
        edited = await act(crew, asked, "approve")
        assert (edited["labels"], edited["flags"]) == (["contact", "suivi"], [])
        mine = (await ann.get(url)).json()
        assert (mine["body"], mine["edited"]) == ("Pourquoi ne nous rappelle-t-on pas ?", True)
        assert mine["original"] == asked["body"]
        theirs = (await bob.get(url)).json()
        assert not {"original", "labels", "flags", "reason", "queue"} & theirs.keys()
        by_label = await crew.get(f"{ASK}?label=suivi")
        assert [one["id"] for one in by_label.json()["items"]] == [asked["id"]]
        problem(await bob.get(f"{ASK}?label=suivi"), 422, "unknown-filter")
        problem(await bob.get(f"{ASK}?sort=queue"), 422, "unknown-filter")


async def test_presenter_airs_what_was_queued_where_the_talk_says_so(tv: House) -> None:
    async with (
        tv.someone() as ann,
        tv.crew(Role.OPERATOR) as crew,
        tv.crew(Role.PRESENTER) as presenter,
    ):
        first, second = await ask(ann, "Une ?"), await ask(ann, "Deux ?")
        for question in (first, second):
            await act(crew, question, "approve")
        patched = await crew.patch("/api/v1/talks/direct", json={"presenter_only_queued": True})
        assert patched.status_code == 200, patched.text
        await act(crew, first, "queue")
        queued = await act(crew, second, "queue", position=1)
        assert queued["queue"] == 1
        by_turn = (await presenter.get(f"{ASK}?sort=queue")).json()["items"]
        assert [one["id"] for one in by_turn] == [second["id"], first["id"]]
        await act(crew, first, "unqueue")
        take = f"/api/v1/questions/{first['id']}:take"
        problem(await presenter.post(take), 409, "not-queued")
        await act(presenter, second, "take")
        await act(crew, first, "take")
        bad = await crew.post(f"/api/v1/questions/{second['id']}:queue", json={"position": 0})
        problem(bad, 422, "bad-position")


async def test_crew_writes_down_what_the_room_asks_and_answers_in_writing(tv: House) -> None:
    async with tv.someone() as ann, tv.crew(Role.MODERATOR, name="Anne") as crew:
        room = await crew.post(f"{ASK}:room", json={"body": "Et chez nous ?", "author": "Léa"})
        assert room.status_code == 201, room.text
        assert (room.json()["state"], room.json()["from_room"]) == ("live", True)
        await act(crew, room.json(), "answer")
        answered = await act(crew, room.json(), "write", answer="Dès lundi.")
        assert (answered["answer"], answered["answered_by"]) == ("Dès lundi.", "Anne")
        seen = (await ann.get(ASK)).json()["items"]
        assert [(one["body"], one["answer"]) for one in seen] == [("Et chez nous ?", "Dès lundi.")]
        problem(await ann.post(f"{ASK}:room", json={"body": "?"}), 403, "role-required")
        counts = (await ann.get(f"{ASK}:counts")).json()
        assert (counts["received"], counts["answered"]) == (1, 1)


async def test_other_moderator_is_told_who_reads_a_question(tv: House) -> None:
    anne = tv.passes.issue(Role.MODERATOR, name="Anne")
    async with tv.someone() as ann, tv.crew(Role.MODERATOR) as paul, tv.client(anne) as crew:
        asked = await ask(ann)
        address = f"/api/v1/questions/{asked['id']}/reading"
        async with tv.page(tv.passes.issue(Role.MODERATOR), talk_direct="") as page:
            while not any(item["kind"] == "question" for item in (await page.view())["items"]):
                pass
            assert (await crew.put(address)).json()["name"] == "Anne"
            told = (await page.view())["items"]
            assert [(item["kind"], item["id"], item["name"]) for item in told] == [
                ("reading", asked["id"], "Anne")
            ]
            key = {"idempotency-key": "once"}
            refused = problem(await paul.put(address, headers=key), 409, "being-read")
            assert refused["current"]["name"] == "Anne"
            await crew.delete(address)
            assert (await page.view())["removed"] == [f"reading:{asked['id']}"]
        again = problem(await paul.put(address, headers=key), 409, "being-read")
        assert "current" not in again  # nobody does now
        assert (await paul.put(address)).status_code == 200
        problem(await ann.put(address), 403, "role-required")


async def test_question_near_another_is_grouped_for_the_moderator(tv: House) -> None:
    async with tv.someone() as ann, tv.someone() as bob:
        one = await ask(ann, "Pourquoi les loyers augmentent-ils chaque année ?")
        other = await ask(bob, "pourquoi les loyers augmentent chaque annee")
    async with tv.page(tv.passes.issue(Role.MODERATOR), talk_direct="") as page:
        near: dict[str, list[str]] = {}
        while not near.get(other["id"]):  # the question comes at once, what is near it later
            items = (await page.view())["items"]
            near |= {item["id"]: item["near"] for item in items if item["kind"] == "question"}
        assert near[other["id"]] == [one["id"]]
    async with tv.crew(Role.MODERATOR) as crew:
        found = (await crew.get(f"/api/v1/questions/{other['id']}/near")).json()["items"]
        assert [question["id"] for question in found] == [one["id"]]


async def test_moderator_who_sees_a_long_queue_holds_nobody_up(tv: House) -> None:
    """Each question is compared with up to 1,000: 6 ms, and the loop has others to serve."""
    same = ["Pourquoi les loyers augmentent-ils chaque année ?"] * 2
    bodies = [f"Pourquoi ceci et cela, numéro {n} ?" for n in range(800)] + same
    flood = [
        QuestionAsked(
            id=f"e{n}",
            at=float(n),
            by=f"p_{n}",
            question=f"q_{n}",
            talk="direct",
            body=body,
        )
        for n, body in enumerate(bodies)
    ]
    await asyncio.gather(*map(tv.journal.append, flood))
    await tv.follower.caught_up()
    longest, over = 0.0, asyncio.Event()

    async def tick() -> None:
        nonlocal longest
        waiting = asyncio.create_task(over.wait())
        while not waiting.done():
            before = time.monotonic()
            await asyncio.wait([waiting], timeout=0.01)
            longest = max(longest, time.monotonic() - before)

    ticking = asyncio.create_task(tick())
    async with asyncio.timeout(60), tv.page(tv.passes.issue(Role.MODERATOR)) as page:
        await page.say({"type": "hello", "version": 1, "topics": {"talk:direct": ""}})
        near: dict[str, list[str]] = {}
        while not near.get(flood[-1].question):  # the last to be compared
            items = (await page.view())["items"]
            near |= {item["id"]: item["near"] for item in items if item["kind"] == "question"}
    over.set()
    await ticking
    assert longest < 0.8


async def test_quote_follows_a_correction_of_its_caption(tv: House) -> None:
    cue = Cue("plateau-1", 1, 1.0, 3.0, ("les oyers ont augmenté",))
    await tv.journal.append(CueWritten("plateau", cue))
    async with tv.someone() as ann:
        anchor = {"media_time": 1.0, "cues": ["plateau-1"], "quote": "les oyers ont augmenté"}
        asked = await ask(ann, anchor=anchor)
        edit = CueEdited(
            id="e",
            at=5.0,
            by="x",
            channel="plateau",
            cue="plateau-1",
            text="les loyers ont augmenté",
        )
        await tv.follower.write(edit)
        seen = (await ann.get(f"/api/v1/questions/{asked['id']}")).json()
        assert seen["anchor"]["quote"] == "les loyers ont augmenté"
        assert (seen["quoted"], seen["version"]) == ("les oyers ont augmenté", asked["version"])


async def test_talk_moderated_afterwards_publishes_all_but_what_is_flagged(tv: House) -> None:
    async with tv.someone() as ann, tv.crew() as crew:
        patched = await crew.patch("/api/v1/talks/direct", json={"moderation": "post"})
        assert patched.status_code == 200, patched.text
        assert (await ask(ann, "Pourquoi ?"))["state"] == "approved"
        assert (await ask(ann, "Appelez le 06 12 34 56 78"))["state"] == "pending"


async def test_two_moderators_leave_no_question_unaccounted_for(tv: House) -> None:
    roles = {"Anne": Role.MODERATOR, "Paul": Role.MODERATOR, "Régie": Role.OPERATOR}
    tokens = {name: tv.passes.issue(role, name=name) for name, role in roles.items()}
    hour = Hour(tv.url)
    accounted = await run(hour, tokens, questions=36)
    assert accounted["received"] == 37  # one from the room
    assert accounted["pending"] == 0


async def test_log_is_for_the_crew_and_has_no_formula_for_a_spreadsheet(tv: House) -> None:
    async with tv.someone() as ann, tv.crew(Role.MODERATOR) as crew:
        asked = await ask(ann)
        await act(crew, asked, "reject", reason='=HYPERLINK("http://x")')
        table = (await crew.get("/api/v1/talks/direct/tables/log.csv")).text
        assert "'=HYPERLINK" in table
        problem(await ann.get(f"{ASK}:log"), 403, "role-required")
