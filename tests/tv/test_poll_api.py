"""Polls of every kind, through HTTP and the socket."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from redis.asyncio import Redis

from tests.tv.house import House, house
from tv.auth import Role

POLLS = "/api/v1/polls"


@pytest.fixture
async def tv(redis: Redis) -> AsyncIterator[House]:
    async with house(redis) as served:
        yield served


async def drafted(crew: httpx.AsyncClient, type: str, **more: Any) -> Any:
    draft = {"talk": "direct", "type": type, "prompt": "Et vous ?"} | more
    answer = await crew.post(POLLS, json=draft)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def opened(crew: httpx.AsyncClient, type: str, **more: Any) -> str:
    """The address of a poll that is open."""
    url = f"{POLLS}/{(await drafted(crew, type, **more))['id']}"
    answer = await crew.post(f"{url}:open")
    assert answer.status_code == 200, answer.text
    return url


def code(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["type"].rpartition(":")[2]


async def test_each_kind_is_drafted_voted_and_counted(tv: House) -> None:
    options = ["Toit", "Jardin", "Lien"]
    async with tv.someone() as ann, tv.someone() as bob, tv.crew(Role.PRESENTER) as crew:
        for type, draft, ballot, votes in (
            ("single", {"options": options}, ["o2"], [0, 2, 0]),
            ("multiple", {"options": options, "max_choices": 2}, ["o1", "o3"], [2, 0, 2]),
            ("ranking", {"options": options}, ["o3", "o1", "o2"], [2, 0, 4]),
            ("dots", {"options": options}, ["o1"] * 6 + ["o2"] * 4, [12, 8, 0]),
            ("rating", {"scale": 5}, ["o4"], [0, 0, 0, 2, 0]),
        ):
            url = await opened(crew, type, **draft)
            for person in (ann, bob):
                cast = await person.put(f"{url}/ballot", json={"choices": ballot})
                assert cast.json()["choices"] == ballot, cast.text
            await crew.post(f"{url}:close")
            results = (await ann.get(f"{url}/results")).json()
            assert [each["votes"] for each in results["counts"]] == votes
            assert (results["ballots"], results["mean"]) == (2, 4.0 if type == "rating" else None)


async def test_words_are_seen_at_the_end_and_a_hidden_one_never(tv: House) -> None:
    async with tv.someone() as ann, tv.someone() as bob, tv.crew(Role.MODERATOR) as crew:
        url = await opened(crew, "words", max_choices=2)
        await ann.put(f"{url}/ballot", json={"texts": ["Lien", "écoute"]})
        await bob.put(f"{url}/ballot", json={"texts": ["lien", "zut"]})
        assert (await ann.get(url)).json()["words"] is None
        hidden = await crew.post(f"{url}/words", json={"word": "Zut"})
        assert hidden.json()["hidden"] == ["zut"]
        await crew.post(f"{url}:close")
        expected = [{"word": "Lien", "votes": 2}, {"word": "écoute", "votes": 1}]
        shown = (await ann.get(url)).json()
        assert (shown["words"], shown["ballots"]) == (expected, 2)
        assert "hidden" not in shown
        assert (await ann.get(f"{url}/results")).json()["words"] == expected
        refused = await ann.post(f"{url}/words", json={"word": "lien"})
        assert code(refused) == (403, "role-required")


async def test_answer_is_shown_to_all_once_a_moderator_has_read_it(tv: House) -> None:
    async with (
        tv.someone() as ann,
        tv.crew(Role.MODERATOR) as crew,
        tv.page(talk_direct="") as page,
    ):
        url = await opened(crew, "text")
        await ann.put(f"{url}/ballot", json={"texts": ["  Un jardin\u200b partagé "]})
        (answer,) = (await crew.get(f"{url}/results")).json()["answers"]
        assert (answer["text"], answer["state"]) == ("Un jardin partagé", "pending")
        assert "by" not in answer
        judged = f"{url}/answers/{answer['id']}"
        assert (await crew.post(f"{judged}:approve")).json()["state"] == "approved"
        found: list[Any] = []
        while not found:
            items = (await page.view("talk:direct"))["items"]
            found = [item["text"] for item in items if item["kind"] == "answer"]
        assert found == ["Un jardin partagé"]
        await crew.post(f"{judged}:reject")
        assert f"answer:{answer['id']}" in (await page.view("talk:direct"))["removed"]
        assert code(await crew.post(f"{url}/answers/a_0:approve")) == (404, "unknown-answer")


async def test_draft_is_changed_and_deleted_and_its_going_is_told_to_the_crew(tv: House) -> None:
    token = tv.passes.issue(Role.ADMIN)
    async with tv.client(token) as crew, tv.page(token, talk_direct="") as page:
        url = f"{POLLS}/{(await drafted(crew, 'single', options=['Oui', 'Non']))['id']}"
        for changes, expected in (
            ({"prompt": "Vraiment ?"}, "Oui Non"),
            ({"type": "rating", "scale": 10}, "1 2 3 4 5 6 7 8 9 10"),
            ({"type": "multiple", "options": ["A", "B", "C"]}, "A B C"),
            ({"type": "words"}, ""),
        ):
            changed = (await crew.patch(url, json=changes)).json()
            assert " ".join(option["text"] for option in changed["options"]) == expected
        assert (changed["prompt"], changed["max_choices"]) == ("Vraiment ?", 3)
        end = await tv.journal.end()
        for wrong, why in (
            ({"options": ["A"]}, "no-options"),
            ({"type": "ranking", "options": ["A"]}, "bad-options"),
            ({"type": "rating", "scale": 7}, "wrong-scale"),
            ({"max_choices": 9}, "wrong-maximum"),
            ({"duration": -1}, "invalid-body"),
            ({"type": "quiz"}, "invalid-body"),
        ):
            assert code(await crew.patch(url, json=wrong)) == (422, why)
        assert await tv.journal.end() == end
        assert (await crew.delete(url)).status_code == 204
        while not (removed := (await page.view("talk:direct"))["removed"]):
            pass
        assert removed == [f"poll:{changed['id']}"]
        assert code(await crew.get(url)) == (404, "unknown-poll")
        other = await opened(crew, "words")
        assert code(await crew.delete(other)) == (409, "wrong-state")
        assert code(await crew.patch(other, json={"prompt": "?"})) == (409, "wrong-state")


async def test_poll_is_opened_for_a_time_that_is_extended_and_more_time_asked(tv: House) -> None:
    async with tv.someone() as ann, tv.crew() as crew:
        url = await opened(crew, "single", options=["Oui", "Non"], duration=60)
        before = (await crew.get(url)).json()["closes_at"]
        after = (await crew.post(f"{url}:extend", json={"seconds": 30})).json()["closes_at"]
        assert before < after
        assert (await ann.post(f"{url}:more_time")).status_code == 200
        me = (await ann.get("/api/v1/views/me:direct")).json()["items"][0]
        assert me["more_time"] == [url.rpartition("/")[2]]
        assert (await crew.get(url)).json()["more_time"] == 1
        await crew.post(f"{url}:close")
        late = await ann.put(f"{url}/ballot", json={"round": 1, "choices": ["o1"]})
        assert late.status_code == 200, late.text
        await crew.post(f"{url}:publish")
        assert code(await ann.post(f"{url}:more_time")) == (409, "poll-not-open")


async def test_labs_are_compared_at_the_end_and_few_ballots_never_shown(tv: House) -> None:
    async with tv.crew() as crew, tv.someone() as viewer:
        url = await opened(crew, "single", options=["Oui", "Non"], compare_by="lab")
        for lab, number in (("est", 6), ("nord", 5), ("sud", 2)):
            for _ in range(number):
                async with tv.crew(Role.VIEWER, lab=lab) as person:
                    cast = await person.put(f"{url}/ballot", json={"choices": ["o1"]})
                    assert cast.status_code == 200, cast.text
        by_lab = f"{url}/results?by=lab"
        assert code(await crew.get(by_lab)) == (403, "results-hidden")
        await crew.post(f"{url}:close")
        labs = (await viewer.get(by_lab)).json()["labs"]
        assert [(each["lab"], each["ballots"]) for each in labs] == [
            ("est", 6),
            ("nord", None),
            ("sud", None),
        ]
        assert labs == (await viewer.get(url)).json()["labs"]
        assert labs[0]["counts"] == [{"option": "o1", "votes": 6}, {"option": "o2", "votes": 0}]
        plain = await opened(crew, "single", options=["Oui", "Non"])
        assert code(await crew.get(f"{plain}/results?by=lab")) == (422, "not-compared")


async def test_ballot_that_can_never_count_is_not_written(tv: House) -> None:
    async with tv.someone() as ann, tv.someone() as bob, tv.crew() as crew:
        url = await opened(crew, "dots", options=["A", "B"])
        words = await opened(crew, "words")
        over = await opened(crew, "single", options=["A", "B"])
        once = {"idempotency-key": "first"}
        vote = {"round": 1, "choices": ["o1"]}
        counted = await ann.put(f"{over}/ballot", json=vote, headers=once)
        await crew.post(f"{over}:close")
        await crew.post(f"{over}:publish")
        end = await tv.journal.end()
        for address, body, expected in (
            (url, {"choices": ["o1"] * 11}, (422, "wrong-dots")),
            (url, {"choices": ["o7"]}, (422, "unknown-option")),
            (url, {"choices": "o1"}, (422, "invalid-body")),
            (words, {"texts": []}, (422, "wrong-choices")),
            (words, {"texts": ["a"] * 4}, (422, "wrong-choices")),
            (words, {"texts": ["x" * 31]}, (422, "text-too-long")),
            (words, {"texts": ["\u200b"]}, (422, "text-empty")),
            (over, vote, (409, "poll-not-open")),
        ):
            assert code(await bob.put(f"{address}/ballot", json=body)) == expected
        assert await tv.journal.end() == end
        # Whose ballot counts already gets the first answer again.
        again = await ann.put(f"{over}/ballot", json=vote, headers=once)
        assert again.json() == counted.json()
