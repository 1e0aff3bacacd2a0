"""Reactions and ratings, through HTTP and the socket."""

from collections.abc import AsyncIterator
from typing import Any

import httpx

from engagement.origin import Trust
from tests.tv.events import events_of
from tests.tv.house import House
from tv.auth import Role
from tv.reacting import WAITING, Reacting
from tv.tasks import running

REACTIONS = "/api/v1/talks/direct/reactions"
RATING = "/api/v1/talks/direct/rating"
RATINGS = "/api/v1/talks/direct/ratings"


def code(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["type"].rpartition(":")[2]


async def test_reactions_are_counted_and_shown_and_nobody_is_kept(tv: House) -> None:
    async with (
        tv.someone() as ann,
        tv.someone() as bob,
        tv.client() as nobody,
        tv.crew() as crew,
        tv.page(reactions_direct="") as page,
    ):
        assert code(await ann.post(REACTIONS, json={"kind": "heart"})) == (409, "talk-not-live")
        await crew.post("/api/v1/talks/direct:start")
        before = await tv.journal.end()
        assert code(await ann.post(REACTIONS, json={"kind": "boo"})) == (422, "invalid-body")
        refused = await nobody.post(REACTIONS, json={"kind": "heart"})
        assert code(refused) == (401, "participant-required")
        assert await tv.journal.end() == before
        for person, kind in ((ann, "heart"), (ann, "applause"), (bob, "heart")):
            counted = await person.post(REACTIONS, json={"kind": kind, "media_time": 9e9})
            assert counted.status_code == 202, counted.text
        total: dict[str, int] = {}
        while sum(total.values()) < 3:
            view = await page.view("reactions:direct")
            total = view["items"][0]["total"] if view["items"] else {}
        assert total == {"applause": 1, "heart": 2, "idea": 0, "smile": 0}
        every = (await nobody.get(REACTIONS)).json()
        assert sum(second["heart"] for second in every["seconds"]) == 2
        written = [repr(event) async for _, event in _journal(tv)]
        assert any("ReactionsCounted" in event for event in written)
        assert not any("p_" in event for event in written)


async def _journal(tv: House) -> AsyncIterator[Any]:
    end = await tv.journal.end()
    async for position, event in events_of(tv.journal):
        yield position, event
        if position == end:
            return


async def test_many_thumbs_of_a_second_are_one_event(tv: House) -> None:
    reacting = Reacting(tv.follower, tv.upstream.now, every=0.01)
    for thumb in range(2_000):
        assert reacting.count("direct", 100 + thumb % 3, "idea")
    async with tv.page(reactions_direct="") as page, running(reacting.run()):
        while not (items := (await page.view("reactions:direct"))["items"]):
            pass
    assert items[0]["total"]["idea"] == 2_000
    assert [second["idea"] for second in items[0]["recent"]] == [667, 667, 666]
    assert len([event async for _, event in _journal(tv)]) == 1


async def test_talk_is_rated_from_its_start_and_shown_when_the_crew_likes(tv: House) -> None:
    async with tv.someone() as ann, tv.someone() as bob, tv.crew(Role.OPERATOR) as crew:
        early = await ann.put(RATING, json={"stars": 5})
        assert code(early) == (409, "talk-not-started")
        await crew.post("/api/v1/talks/direct:start")
        end = await tv.journal.end()
        for wrong in ({"stars": 0}, {"stars": 6}, {"stars": "5"}, {}):
            assert code(await ann.put(RATING, json=wrong)) == (422, "invalid-body")
        assert await tv.journal.end() == end
        assert code(await ann.get(RATING)) == (404, "no-rating")
        await ann.put(RATING, json={"stars": 2, "word": "Rapide"})
        await ann.put(RATING, json={"stars": 4, "word": "Très clair"})
        given = (await ann.get(RATING)).json()
        assert (given["stars"], given["word"]) == (4, "Très clair")
        stale = await ann.put(RATING, json={"stars": 1}, headers={"if-match": '"1-0"'})
        assert code(stale) == (412, "changed-meanwhile")
        assert stale.json()["current"]["stars"] == 4
        await bob.put(RATING, json={"stars": 5})
        me = (await bob.get("/api/v1/views/me:direct")).json()["items"][0]
        assert me["rating"]["stars"] == 5
        assert code(await bob.get(RATINGS)) == (403, "results-hidden")
        rated = (await crew.get(RATINGS)).json()
        assert (rated["ratings"], rated["mean"]) == (2, 4.5)
        assert [word["word"] for word in rated["words"]] == ["Très clair"]
        assert code(await crew.post(f"{RATINGS}:show")) == (409, "talk-not-over")
        await crew.post("/api/v1/talks/direct:end")
        assert code(await bob.post(f"{RATINGS}:show")) == (403, "role-required")
        assert (await crew.post(f"{RATINGS}:show")).json()["shown"]
        shown = (await bob.get(RATINGS)).json()
        assert (shown["mean"], "words" in shown) == (4.5, False)


async def test_newcomers_who_react_to_all_there_was_leave_room_for_others(tv: House) -> None:
    reacting = Reacting(tv.follower, tv.upstream.now)
    begun = [reacting.count("direct", at, "heart", Trust.NEW) for at in range(WAITING)]
    assert begun.count(True) == WAITING // 2
    assert reacting.count("direct", 0, "heart", Trust.NEW)  # with others, to the same second
    assert reacting.count("direct", WAITING, "heart", Trust.SETTLED)
    assert reacting.count("direct", WAITING + 1, "heart", Trust.PRESENT)
