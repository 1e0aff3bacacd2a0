"""Polls of every kind, through HTTP and the socket."""

import asyncio
from typing import Any

import httpx

from tests.tv.house import SECRET, House
from tests.tv.test_api import opened_poll, problem
from tv.auth import Role
from tv.networks import Networks

POLLS = "/api/v1/polls"


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


async def test_how_many_words_one_may_give_stays_when_something_else_changes(tv: House) -> None:
    async with tv.crew() as crew:
        url = f"{POLLS}/{(await drafted(crew, 'words', max_choices=5))['id']}"
        changed = (await crew.patch(url, json={"prompt": "Vraiment ?"})).json()
        assert (changed["prompt"], changed["max_choices"]) == ("Vraiment ?", 5)


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
        await crew.post(f"{url}:reopen")
        await viewer.post(f"{url}:more_time")
        await crew.post(f"{url}:close")  # now each ballot that comes late would be told by its lab
        assert code(await crew.get(by_lab)) == (403, "results-hidden")
        assert (await crew.get(url)).json()["labs"] is None
        await crew.post(f"{url}:publish")
        assert (await crew.get(by_lab)).status_code == 200
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
        # Whose second ballot came too late is told so again.
        late = {"idempotency-key": "second"}
        for _ in range(2):
            refused = await ann.put(f"{over}/ballot", json=vote, headers=late)
            assert code(refused) == (409, "poll-not-open")
        # Whose ballot counts already gets the first answer again.
        again = await ann.put(f"{over}/ballot", json=vote, headers=once)
        assert again.json() == counted.json()


async def test_poll_is_opened_voted_voted_again_closed_and_shown(tv: House) -> None:
    async with tv.someone() as ann, tv.someone() as bob, tv.crew(Role.OPERATOR) as crew:
        poll = await opened_poll(crew)
        url = f"/api/v1/polls/{poll['id']}"
        assert [option["text"] for option in poll["options"]] == ["Oui", "Non"]
        first, second = (option["id"] for option in poll["options"])
        for person, choice in ((ann, first), (bob, first), (ann, second)):
            answer = await person.put(f"{url}/ballot", json={"round": 1, "choices": [choice]})
            assert answer.status_code == 200, answer.text
            assert answer.json()["choices"] == [choice]
        problem(await bob.get(f"{url}/results"), 403, "results-hidden")
        assert (await bob.get(url)).json()["counts"] is None
        expected = [{"option": first, "votes": 1}, {"option": second, "votes": 1}]
        assert (await crew.get(f"{url}/results")).json()["counts"] == expected
        await crew.post(f"{url}:close")
        late = await bob.put(f"{url}/ballot", json={"round": 1, "choices": [second]})
        assert problem(late, 409, "poll-not-open")["current"]["state"] == "closed"
        assert (await crew.post(f"{url}:publish")).json()["state"] == "published"
        results = (await bob.get(f"{url}/results")).json()
        assert (results["round"], results["counts"], results["ballots"]) == (1, expected, 2)
        await crew.post(f"{url}:reopen")
        stale = await bob.put(f"{url}/ballot", json={"round": 1, "choices": [second]})
        assert problem(stale, 409, "wrong-round")["current"]["round"] == 2
        again = await bob.get(f"{url}/results", params={"round": "1"})
        assert again.json()["counts"] == expected


async def test_bad_ballots_are_refused(tv: House) -> None:
    async with tv.someone() as ann, tv.crew() as crew:
        poll = await opened_poll(crew)
        url = f"/api/v1/polls/{poll['id']}/ballot"
        problem(await ann.put(url, json={"round": 1, "choices": ["o9"]}), 422, "unknown-option")
        problem(await ann.put(url, json={"round": 1, "choices": []}), 422, "one-choice")
        problem(await ann.put(url, json={"round": 1}), 422, "one-choice")
        problem(await ann.put(url, content=b"{"), 400, "invalid-json")
        unknown = await ann.put("/api/v1/polls/nope/ballot", json={"round": 1, "choices": ["o1"]})
        problem(unknown, 404, "unknown-poll")


async def test_draft_is_hidden_and_must_make_sense(tv: House) -> None:
    async with tv.someone() as ann, tv.crew(Role.MODERATOR) as crew:
        draft = {"talk": "direct", "prompt": "Pour ?", "options": [{"text": "Oui"}, "Non"]}
        created = (await crew.post("/api/v1/polls", json=draft)).json()
        assert created["state"] == "draft"
        problem(await ann.get(f"/api/v1/polls/{created['id']}"), 404, "unknown-poll")
        assert (await ann.get("/api/v1/talks/direct/polls")).json() == {"items": []}
        for wrong in (
            {"options": ["Oui"]},
            {"options": ["Oui", "Oui"]},
            {"options": [str(number) for number in range(21)]},
            {"prompt": " "},
            {"type": "quiz"},
            {"visibility": "never"},
        ):
            assert (await crew.post("/api/v1/polls", json=draft | wrong)).status_code == 422
        answer = await crew.post("/api/v1/polls", json=draft | {"talk": "nulle-part"})
        problem(answer, 404, "unknown-talk")


async def test_numbers_beyond_reason_are_refused(tv: House) -> None:
    async with tv.someone() as ann, tv.crew() as crew:
        poll = await opened_poll(crew)
        url = f"/api/v1/polls/{poll['id']}"
        for round in (0, -1, 10**30):
            ballot = await ann.put(f"{url}/ballot", json={"round": round, "choices": ["o1"]})
            problem(ballot, 422, "invalid-body")
        problem(await crew.get(f"{url}/results?round={'9' * 5000}"), 404, "unknown-round")


async def test_results_never_shown_stay_hidden_in_the_next_round(tv: House) -> None:
    async with tv.someone() as ann, tv.crew() as crew:
        poll = await opened_poll(crew, visibility="published")
        url = f"/api/v1/polls/{poll['id']}"
        for verb in ("close", "reopen"):
            await crew.post(f"{url}:{verb}")
        hidden = await ann.get(f"{url}/results", params={"round": "1"})
        problem(hidden, 403, "results-hidden")
        assert (await crew.get(f"{url}/results", params={"round": "1"})).status_code == 200


async def test_many_ballots_at_once_are_each_counted_once(tv: House) -> None:
    async with tv.crew() as crew:
        poll = await opened_poll(crew)
        url = f"/api/v1/polls/{poll['id']}"
        tokens = [tv.passes.welcome()[1] for _ in range(200)]

        async with tv.client() as shared:

            async def vote(number: int, token: str) -> None:
                ballot = {"round": 1, "choices": [f"o{number % 2 + 1}"]}
                headers = {"authorization": f"Bearer {token}"}
                for _ in range(2):
                    answer = await shared.put(f"{url}/ballot", json=ballot, headers=headers)
                    assert answer.status_code == 200, answer.text

            async with asyncio.timeout(30), asyncio.TaskGroup() as group:
                for number, token in enumerate(tokens):
                    group.create_task(vote(number, token))
        results = (await crew.get(f"{url}/results")).json()
        assert [each["votes"] for each in results["counts"]] == [100, 100]
        assert results["ballots"] == 200


async def test_crew_sees_a_burst_of_new_devices_and_sets_it_aside(tv: House) -> None:
    async with tv.crew(Role.PRESENTER) as crew, tv.someone() as ann, tv.client() as client:
        url = await opened(crew, "single", options=["Oui", "Non"], visibility="live")
        await ann.put(f"{url}/ballot", json={"choices": ["o2"]})
        alone = {"burst": Networks(SECRET).tag("127.0.0.1")}  # what one voted is nobody's to see
        assert code(await crew.post(f"{url}:set_aside", json=alone)) == (404, "unknown-burst")
        for _ in range(40):
            headers = {"authorization": f"Bearer {tv.passes.welcome()[1]}"}
            cast = await client.put(f"{url}/ballot", json={"choices": ["o1"]}, headers=headers)
            assert cast.status_code == 200
        seen = (await crew.get(url)).json()
        assert [each["votes"] for each in seen["counts"]] == [40, 1]
        (burst,) = seen["bursts"]
        assert (burst["ballots"], burst["aside"]) == (41, False)  # from one address
        assert "bursts" not in (await ann.get(url)).json()
        about = {"burst": burst["network"]}
        aside = (await crew.post(f"{url}:set_aside", json=about)).json()
        assert (aside["ballots"], aside["bursts"][0]["aside"]) == (0, True)
        assert [each["votes"] for each in (await ann.get(url)).json()["counts"]] == [0, 0]
        await crew.post(f"{url}:close")
        counted = (await crew.post(f"{url}:count", json=about)).json()
        assert [each["votes"] for each in counted["counts"]] == [40, 1]
        assert code(await crew.post(f"{url}:count", json={"burst": "zzz"})) == (
            404,
            "unknown-burst",
        )
        assert code(await ann.post(f"{url}:set_aside", json=about)) == (403, "role-required")
