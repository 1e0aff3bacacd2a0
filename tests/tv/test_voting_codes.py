"""Voting codes: one ballot each in a round, printed, scanned, and not to be guessed."""

import asyncio
import io

from pypdf import PdfReader
from redis.asyncio import Redis

from streaming.ingest.wrong_keys import PATIENCE
from tests.tv.house import SECRET, House, house
from tests.tv.test_api import opened_poll, problem
from tests.tv.test_taps import PASSES, Web, web
from tv.auth import Role
from tv.voting_codes import MOST, VotingCodes

__all__ = ["web"]  # a fixture

CODES = "/api/v1/voting-codes"


async def test_each_code_has_one_ballot_in_a_round(tv: House) -> None:
    async with (
        tv.someone() as ann,
        tv.someone() as bob,
        tv.crew(Role.OPERATOR) as crew,
    ):
        poll = await opened_poll(crew, codes=True)
        assert poll["codes"]
        first, second = [
            each["code"] for each in (await crew.get(f"{CODES}?count=2")).json()["items"]
        ]
        ballot = f"/api/v1/polls/{poll['id']}/ballot"
        yes, no = {"choices": ["o1"]}, {"choices": ["o2"]}
        problem(await ann.put(ballot, json=yes), 403, "code-required")
        problem(await ann.put(ballot, json=yes | {"code": "ABCD-EFGH"}), 403, "code-wrong")
        typed = first.lower().replace("-", " ")
        assert (await ann.put(ballot, json=yes | {"code": typed})).status_code == 200
        problem(await bob.put(ballot, json=yes | {"code": first}), 409, "code-used")
        assert (await ann.put(ballot, json=no | {"code": first})).status_code == 200
        assert (await ann.put(ballot, json=no | {"code": second})).status_code == 200  # both theirs
        problem(await bob.put(ballot, json=yes | {"code": second}), 409, "code-used")
        results = (await crew.get(f"/api/v1/polls/{poll['id']}/results")).json()
        assert [each["votes"] for each in results["counts"]] == [0, 1]
        await ann.delete("/api/v1/participants/me")  # a code is used for good in that round
        problem(await bob.put(ballot, json=yes | {"code": first}), 409, "code-used")
        await crew.post(f"/api/v1/polls/{poll['id']}:close")
        await crew.post(f"/api/v1/polls/{poll['id']}:reopen")
        assert (await bob.put(ballot, json=yes | {"code": first})).status_code == 200


async def test_no_code_is_in_the_journal(redis: Redis) -> None:
    async with asyncio.timeout(30), house(redis) as here, here.crew(Role.OPERATOR) as crew:
        poll = await opened_poll(crew, codes=True)
        (card,) = (await crew.get(f"{CODES}?count=1")).json()["items"]
        async with here.someone() as ann:
            said = {"choices": ["o1"], "code": card["code"]}
            cast = await ann.put(f"/api/v1/polls/{poll['id']}/ballot", json=said)
            assert cast.status_code == 200
        kept = str(await redis.xrange(here.journal.key))
        assert card["code"] not in kept
        assert card["code"].replace("-", "") not in kept


async def test_who_tries_many_codes_waits(web: Web) -> None:
    """By the shortest way too, which has no task that could sleep."""
    loop = asyncio.get_running_loop()
    async with (
        asyncio.timeout(60),
        web.client(PASSES.issue(Role.OPERATOR)) as crew,
        web.client(PASSES.welcome()[1]) as ann,
    ):
        poll = await opened_poll(crew, codes=True)
        ballot = f"/api/v1/polls/{poll['id']}/ballot"
        for way in ("", "?by=starlette"):
            for _ in range(PATIENCE):
                await ann.put(ballot + way, json={"choices": ["o1"], "code": "ABCD-EFGH"})
            began = loop.time()
            tried = await ann.put(ballot + way, json={"choices": ["o1"], "code": "ABCD-EFGH"})
            problem(tried, 403, "code-wrong")
            assert loop.time() - began >= 0.9
        began = loop.time()
        (card,) = (await crew.get(f"{CODES}?count=1")).json()["items"]
        said = {"choices": ["o1"], "code": card["code"]}
        assert (await ann.put(ballot, json=said)).status_code == 200
        assert loop.time() - began < 0.9  # the right one never does


async def test_operators_alone_have_the_codes(tv: House) -> None:
    for role in (Role.MODERATOR, Role.PRESENTER, Role.HOST, Role.SCREEN):
        async with tv.crew(role) as crew:
            problem(await crew.get(CODES), 403, "role-required")
    async with tv.crew(Role.OPERATOR) as crew:
        for asked in ("count=0", f"count={MOST + 1}", "count=x", f"count=2&first={MOST}"):
            problem(await crew.get(f"{CODES}?{asked}"), 422, "bad-count")
        problem(await crew.get(f"{CODES}.pdf?count=301"), 422, "bad-count")


async def test_codes_are_listed_and_printed_with_where_they_lead(tv: House) -> None:
    async with tv.crew(Role.OPERATOR) as crew:
        cards = (await crew.get(f"{CODES}?first=11&count=25")).json()["items"]
        assert [card["number"] for card in cards] == [*range(11, 36)]
        listed = (await crew.get(f"{CODES}.csv?first=11&count=25")).text
        printed = (await crew.get(f"{CODES}.pdf?first=11&count=25")).content
    pages = [page.extract_text() for page in PdfReader(io.BytesIO(printed)).pages]
    assert len(pages) == 2
    for card in cards:
        assert card["code"] in listed
        assert card["code"] in "".join(pages)


async def test_scanned_code_is_known_to_the_browser_that_scans_it(tv: House) -> None:
    async with tv.crew(Role.OPERATOR) as crew:
        (card,) = (await crew.get(f"{CODES}?count=1")).json()["items"]
    async with tv.client() as browser:
        led = await browser.get(card["address"])
        assert (led.status_code, led.headers["location"]) == (303, "/?sur-place")
        assert browser.cookies["fabrique_vote"] == card["code"]
        async with tv.crew(Role.OPERATOR) as crew:
            poll = await opened_poll(crew, codes=True)
        await browser.post("/api/v1/participants", json={})
        ballot = f"/api/v1/polls/{poll['id']}/ballot"
        assert (await browser.put(ballot, json={"choices": ["o1"]})).status_code == 200


def test_codes_are_all_different_and_another_installation_has_others() -> None:
    codes = VotingCodes(SECRET, "demain")
    every = codes.first(MOST)
    assert len({*every}) == MOST
    assert len({codes.digest_of(code) for code in every}) == MOST
    others = VotingCodes(SECRET, "hier"), VotingCodes(b"another", "demain")
    assert not any(other.digest_of(every[0]) for other in others)
    assert not any(other.first(1) == every[:1] for other in others)
