"""Syntheses, comments and sendings by the API and the socket: from a table to the set and back."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from redis.asyncio import Redis

from tests.tv.house import House, Page, house
from tests.tv.test_api import ASK, ask, opened_poll, problem
from tests.tv.test_cafes import SETTINGS, good, opened
from tests.tv.test_rundown import air
from tv.auth import Role

SYNTHESES = "/api/v1/syntheses"
SENDINGS = "/api/v1/sendings"
TABLE = "labo-1.3"
SAID = {"title": "Un atelier par immeuble", "body": "Pour réparer.\n\nOuvert le soir."}


@pytest.fixture
async def tv(redis: Redis) -> AsyncIterator[House]:
    async with house(redis, SETTINGS) as served:
        async with served.crew() as crew:
            await opened(crew)
        yield served


def host_of(tv: House, table: str = TABLE, name: str = "Anne") -> httpx.AsyncClient:
    return tv.crew(Role.HOST, name=name, table=table)


async def begun(host: httpx.AsyncClient, table: str = TABLE, **said: Any) -> Any:
    """A draft, with its address."""
    answer = await good(host.post(SYNTHESES, json={"table": table} | SAID | said), 201)
    return answer | {"url": f"{SYNTHESES}/{answer['id']}"}


async def shared(host: httpx.AsyncClient, **how: Any) -> Any:
    draft = await begun(host)
    return draft | await good(host.post(f"{draft['url']}:share", json=how))


async def told(page: Page, topic: str, kind: str) -> Any:
    """The next item of a kind that a page gets."""
    while True:
        for item in (await page.view(topic))["items"]:
            if item["kind"] == kind:
                return item


async def idea_at(person: httpx.AsyncClient, cafe: str, text: str) -> str:
    said = {"cafe": cafe, "table": TABLE, "text": text}
    name: str = (await good(person.post("/api/v1/contributions", json=said), 201))["id"]
    return name


async def test_draft_is_its_tables_hosts_and_the_crews(tv: House) -> None:
    async with (
        host_of(tv) as anne,
        host_of(tv, "labo-1.2") as neighbour,
        tv.crew(Role.HOST, lab="labo-1") as of_lab,
        tv.crew(Role.MODERATOR) as crew,
        tv.someone() as ann,
    ):
        draft = await begun(anne)
        assert draft.items() >= (SAID | {"state": "draft", "author": "Anne"}).items()
        for sees in (anne, of_lab, crew):
            assert (await good(sees.get(draft["url"])))["history"] == []
            assert len((await good(sees.get(f"{SYNTHESES}?table={TABLE}")))["items"]) == 1
        for no in (neighbour, ann):
            problem(await no.get(draft["url"]), 404, "unknown-synthesis")
            assert (await good(no.get(SYNTHESES)))["items"] == []
        new = {"table": TABLE, "title": "La nôtre"}
        problem(await neighbour.post(SYNTHESES, json=new), 403, "other-table")
        problem(await ann.post(SYNTHESES, json=new), 403, "role-required")
        await good(anne.post(f"{draft['url']}:share"))
        seen = await good(ann.get(draft["url"]))
        assert (seen["state"], "history" in seen) == ("shared", False)
        problem(await neighbour.patch(draft["url"], json={"title": "Non"}), 403, "other-table")


async def test_tablet_that_dies_loses_nothing_and_the_next_goes_on(tv: House) -> None:
    async with host_of(tv) as tablet, host_of(tv, name="Marc") as next_one:
        draft = await begun(tablet, title="", body="")
        key, seen = {"idempotency-key": "k1"}, {"if-match": f'"{draft["version"]}"'}
        autosaved = await tablet.patch(draft["url"], json={"body": "Un début"}, headers=key | seen)
        again = await tablet.patch(draft["url"], json={"body": "Un début"}, headers=key | seen)
        assert again.json() == autosaved.json()
        [found] = (await good(next_one.get(f"{SYNTHESES}?table={TABLE}")))["items"]
        assert (found["body"], found["version"]) == ("Un début", autosaved.json()["version"])
        mine = {"if-match": f'"{found["version"]}"'}
        later = await good(
            next_one.patch(draft["url"], json={"title": "La fin", "body": "Fini"}, headers=mine)
        )
        assert (later["title"], later["author"], later["versions"]) == ("La fin", "Marc", 1)
        [before] = (await good(next_one.get(draft["url"])))["history"]
        assert (before["body"], before["author"]) == ("Un début", "Anne")


async def test_second_of_two_hosts_is_given_what_the_first_wrote(tv: House) -> None:
    async with host_of(tv) as anne, host_of(tv, name="Marc") as marc, tv.someone() as ann:
        draft = await begun(anne)
        seen = {"if-match": f'"{draft["version"]}"'}
        await good(anne.patch(draft["url"], json={"body": "D’Anne"}, headers=seen))
        late = await marc.patch(draft["url"], json={"body": "De Marc"}, headers=seen)
        current = problem(late, 412, "changed-meanwhile")["current"]
        assert (current["body"], current["kind"]) == ("D’Anne", "synthesis")
        now = {"if-match": f'"{current["version"]}"'}
        both = await good(marc.patch(draft["url"], json={"body": "Des deux"}, headers=now))
        await good(marc.post(f"{draft['url']}:share"))
        problem(
            await marc.patch(draft["url"], json={"body": "Sans voir"}, headers=now),
            412,
            "changed-meanwhile",
        )
        fresh = {"if-match": (await anne.get(draft["url"])).headers["etag"]}
        await good(ann.put(f"{draft['url']}/support"))
        await good(anne.patch(draft["url"], json={"body": "Corrigée"}, headers=fresh))
        history = (await good(anne.get(draft["url"])))["history"]
        assert [each["body"] for each in history] == [both["body"], "D’Anne"]


async def test_paragraphs_stay_and_what_cannot_be_shown_does_not(tv: House) -> None:
    async with host_of(tv) as anne:
        body = "  Un\u200b titre \r\n- une  remise\r\n\r\n\r\n\r\n- un\tatelier\n\n"
        draft = await begun(anne, body=body)
        assert draft["body"] == "Un titre\n- une remise\n\n- un atelier"
        new = {"table": TABLE, "title": "T"}
        problem(await anne.post(SYNTHESES, json=new | {"body": "x" * 2_001}), 422, "text-too-long")
        problem(await anne.post(SYNTHESES, json=new | {"title": "x" * 121}), 422, "text-too-long")
        odd = await anne.post(SYNTHESES, json=new | {"body": "a\x07b"})
        problem(odd, 422, "control-characters")
        many = await anne.post(SYNTHESES, json=new | {"ideas": [f"i{n}" for n in range(301)]})
        problem(many, 422, "too-many-sources")
        unknown = await anne.post(SYNTHESES, json=new | {"ideas": ["idea_none"]})
        problem(unknown, 422, "unknown-reference")
        nowhere = tv.crew(Role.HOST)
        async with nowhere as anywhere:
            lost = await anywhere.post(SYNTHESES, json={"table": "labo-1.9", "title": "T"})
            problem(lost, 404, "unknown-table")
        assert len((await good(anne.get(SYNTHESES)))["items"]) == 1


async def test_unfinished_one_is_not_shared_and_closed_session_lets_one_finish(tv: House) -> None:
    async with host_of(tv) as anne, tv.crew() as crew:
        draft = await begun(anne, body="")
        problem(await anne.post(f"{draft['url']}:share"), 422, "text-empty")
        await good(crew.post(f"/api/v1/cafes/{draft['cafe']}:close"))
        new = await anne.post(SYNTHESES, json={"table": TABLE} | SAID)
        problem(new, 409, "cafe-closed")
        await good(anne.patch(draft["url"], json={"body": "Achevée"}))
        lost = await anne.post(f"{draft['url']}:share", json={"labs": ["labo-9"]})
        problem(lost, 422, "unknown-lab")
        assert (await good(anne.post(f"{draft['url']}:share")))["state"] == "shared"
        problem(await anne.patch(draft["url"], json={"title": " "}), 422, "text-empty")


async def test_sources_are_the_ideas_that_show_with_their_groups(tv: House) -> None:
    async with host_of(tv) as anne, tv.someone(place=TABLE) as ann, tv.someone() as bob:
        cafe = (await good(anne.get("/api/v1/tables/labo-1.3")))["cafe"]
        grouped = await idea_at(ann, cafe, "Une remise")
        named, hidden = await idea_at(ann, cafe, "Un atelier"), await idea_at(ann, cafe, "Oups")
        group = {"table": TABLE, "name": "Réparer", "contributions": [grouped]}
        cluster = await good(anne.post("/api/v1/clusters", json=group), 201)
        draft = await begun(anne, ideas=[named, hidden], clusters=[cluster["id"]])
        await good(anne.post(f"/api/v1/contributions/{hidden}:hide"))
        await good(anne.post(f"{draft['url']}:share", json={"open": True}))
        seen = await good(bob.get(draft["url"]))
        sources = seen["sources"]
        assert sorted(each["text"] for each in sources["ideas"]) == ["Un atelier", "Une remise"]
        assert [each["name"] for each in sources["clusters"]] == ["Réparer"]
        assert {each["table"] for each in sources["ideas"]} == {TABLE}


async def test_open_synthesis_is_on_the_page_of_ideas_until_it_is_hidden(tv: House) -> None:
    async with host_of(tv) as anne, tv.crew(Role.MODERATOR) as crew, tv.someone() as ann:
        async with tv.page(ideas="", shared="") as page:
            await page.view("ideas")
            kept = await shared(anne, labs=["labo-2"])
            assert (await told(page, "shared", "synthesis"))["labs"] == ["labo-2"]
            assert (await good(ann.get(f"{SYNTHESES}?open=1")))["items"] == []
            await good(anne.post(f"{kept['url']}:share", json={"open": True}))
            assert (await told(page, "ideas", "synthesis"))["title"] == SAID["title"]
            for filters in ("open=1&lab=labo-1", "step=Recherche de logement", "sort=support"):
                found = (await good(ann.get(f"{SYNTHESES}?{filters}")))["items"]
                assert [each["id"] for each in found] == [kept["id"]]
            assert (await good(ann.get(f"{SYNTHESES}?lab=labo-2")))["items"] == []
            problem(await ann.get(f"{SYNTHESES}?sort=best"), 422, "unknown-filter")
            await good(crew.post(f"{kept['url']}:hide"))
            while not (gone := (await page.view("ideas"))["removed"]):
                pass
            assert gone == [f"synthesis:{kept['id']}"]
        problem(await ann.get(kept["url"]), 404, "unknown-synthesis")
        problem(await anne.post(f"{kept['url']}:restore"), 403, "role-required")
        await good(crew.post(f"{kept['url']}:restore"))
        await good(anne.post(f"{kept['url']}:hide"))
        assert (await good(anne.post(f"{kept['url']}:restore")))["state"] == "draft"


async def test_supported_once_by_each_as_their_own_view_says(tv: House) -> None:
    async with host_of(tv) as anne, tv.someone() as ann, tv.someone() as bob, tv.client() as nobody:
        draft = await begun(anne)
        problem(await ann.put(f"{draft['url']}/support"), 404, "unknown-synthesis")
        await good(anne.post(f"{draft['url']}:share"))
        for person in (ann, ann, bob):
            seen = await good(person.put(f"{draft['url']}/support"))
        assert (seen["support"], seen["supported"]) == (2, True)
        [own] = (await good(ann.get("/api/v1/views/me:cafe")))["items"]
        assert own["supports"] == [draft["id"]]
        assert (await good(ann.delete(f"{draft['url']}/support")))["support"] == 1
        problem(await nobody.put(f"{draft['url']}/support"), 401, "participant-required")


async def test_comment_is_read_before_it_shows(tv: House) -> None:
    async with (
        host_of(tv) as anne,
        tv.crew(Role.MODERATOR) as crew,
        tv.someone("Ann") as ann,
        tv.someone() as bob,
        tv.page(ideas="") as page,
    ):
        await page.view("ideas")
        url = (await shared(anne, open=True))["url"]
        said = {"text": "Appelez le 06 12 34 56 78"}
        comment = await good(ann.post(f"{url}/comments", json=said), 201)
        assert (comment["state"], comment["mine"], comment["author"]) == ("pending", True, "Ann")
        assert (await good(bob.get(f"{url}/comments")))["items"] == []
        [own] = (await good(ann.get("/api/v1/views/me:cafe")))["items"]
        assert [each["text"] for each in own["comments"]] == [said["text"]]
        [found] = (await good(crew.get(f"{url}/comments")))["items"]
        assert found["flags"] == ["personal"]
        address = f"/api/v1/comments/{comment['id']}"
        problem(await bob.post(f"{address}:withdraw"), 404, "unknown-comment")
        problem(await ann.post(f"{address}:approve"), 403, "role-required")
        problem(await crew.post(f"{address}:pin"), 404, "unknown-act")
        await good(crew.post(f"{address}:approve"))
        shown = await told(page, "ideas", "comment")
        assert (shown["text"], "flags" in shown) == (said["text"], False)
        assert (await good(bob.get(url)))["comments"] == 1
        problem(await bob.post(f"{address}:withdraw"), 403, "not-yours")
        assert (await good(ann.post(f"{address}:withdraw")))["state"] == "withdrawn"
        problem(await crew.post(f"{address}:approve"), 409, "wrong-state")
        assert (await good(bob.get(f"{url}/comments")))["items"] == []


async def test_synthesis_is_on_the_wall_once_and_read_first_unless_a_moderator_shares(
    tv: House,
) -> None:
    async with host_of(tv) as anne, tv.crew(Role.MODERATOR) as crew:
        kept = await shared(anne, wall=True)
        for who in (anne, crew):
            await good(who.post(f"{kept['url']}:share", json={"wall": True}))
        [post] = (await good(crew.get("/api/v1/wall/posts")))["items"]
        assert (post["state"], post["network"]) == ("pending", "Laboratoire")
        assert post["author"] == "Table 3, Chercher"
        assert post["text"] == "Un atelier par immeuble – Pour réparer. Ouvert le soir."
        long = await begun(anne, body="mot " * 400)
        await good(crew.post(f"{long['url']}:share", json={"wall": True}))
        newest, _ = (await good(crew.get("/api/v1/wall/posts")))["items"]
        assert newest["state"] == "approved"
        assert 490 < len(newest["text"]) <= 500
        assert newest["text"].endswith(" mot …")


async def test_wall_says_what_a_synthesis_says_and_shows_nothing_unread(tv: House) -> None:
    async with host_of(tv) as anne, tv.crew(Role.MODERATOR) as crew:
        url = (await shared(anne, wall=True))["url"]

        async def post() -> tuple[str, str]:
            [found] = (await good(crew.get("/api/v1/wall/posts")))["items"]
            return found["state"], found["text"].partition(" – ")[2]

        [on_wall] = (await good(crew.get("/api/v1/wall/posts")))["items"]
        for verb in ("approve", "show"):
            await good(crew.post(f"/api/v1/wall/posts/{on_wall['id']}:{verb}"))
        await good(anne.post(f"{url}:share", json={"wall": True}))  # nothing new to read
        assert await post() == ("shown", "Pour réparer. Ouvert le soir.")
        await good(crew.patch(url, json={"body": "Par le modérateur"}))
        assert await post() == ("shown", "Par le modérateur")
        await good(anne.patch(url, json={"body": "Par l’hôtesse"}))
        assert await post() == ("pending", "Par l’hôtesse")
        await good(anne.post(f"{url}:hide"))
        assert (await post())[0] == "hidden"
        await good(anne.post(f"{url}:restore"))
        await good(anne.patch(url, json={"body": "Pour les labos"}))
        await good(anne.post(f"{url}:share"))
        assert await post() == ("hidden", "Par l’hôtesse")  # it was not asked back
        await good(anne.post(f"{url}:share", json={"wall": True}))
        assert await post() == ("pending", "Pour les labos")
        await good(crew.post(f"{url}:hide"))
        await good(crew.post(f"{url}:restore"))
        await good(crew.post(f"{url}:share", json={"wall": True}))
        assert await post() == ("approved", "Pour les labos")


async def test_synthesis_is_on_air_in_two_actions_and_off_when_it_is_hidden(tv: House) -> None:
    async with host_of(tv) as anne, tv.crew() as crew, tv.page(overlay="") as obs:
        assert await air(obs, "overlay", "overlay") == []
        draft = await begun(anne)
        entry = {"type": "synthesis", "shows": draft["id"]}
        added = await good(crew.post("/api/v1/rundown", json=entry), 201)
        take = f"/api/v1/rundown/{added['id']}:take"
        problem(await crew.post(take), 409, "wrong-state")
        await good(anne.post(f"{draft['url']}:share"))
        await good(crew.post(take))
        [item] = (await obs.view("overlay"))["items"]
        [shown] = item["entries"]
        assert (shown["shows"]["kind"], shown["shows"]["title"]) == ("synthesis", SAID["title"])
        await good(crew.post(f"{draft['url']}:hide"))
        [item] = (await obs.view("overlay"))["items"]
        assert item["entries"] == []
        for bad in (
            {"type": "synthesis", "title": "Sans texte"},
            {"type": "announcement", "text": "x", "shows": draft["id"]},
        ):
            problem(await crew.post("/api/v1/rundown", json=bad), 422, "bad-entry")
        typed = {"type": "synthesis", "title": "Écrite à la main", "text": "Oui"}
        await good(crew.post("/api/v1/rundown", json=typed), 201)


async def test_restitution_tells_one_after_the_other(tv: House) -> None:
    async with (
        host_of(tv) as anne,
        host_of(tv, "labo-2.1") as marc,
        tv.crew(Role.PRESENTER, talk="direct") as presenter,
        tv.crew(Role.PRESENTER, talk="other") as elsewhere,
        tv.crew() as crew,
        tv.page(talk_direct="", overlay="") as page,
    ):
        first = (await shared(anne))["url"]
        second = (await begun(marc, "labo-2.1"))["url"]
        await good(marc.post(f"{second}:share"))
        take = {"talk": "direct"}
        problem(await presenter.post(f"{first}:take", json=take), 409, "talk-not-live")
        await good(crew.post("/api/v1/talks/direct:start"))
        problem(await elsewhere.post(f"{first}:take", json=take), 403, "other-talk")
        problem(await anne.post(f"{first}:take", json=take), 403, "role-required")
        taken = await good(presenter.post(f"{first}:take", json=take))
        assert [(each["talk"], each["end"]) for each in taken["airings"]] == [("direct", None)]
        assert (await told(page, "talk:direct", "synthesis"))["id"] == taken["id"]
        await good(presenter.post(f"{second}:take", json=take))
        [airing] = (await good(crew.get(first)))["airings"]
        assert airing["end"] >= airing["start"]
        done = await good(presenter.post(f"{second}:told"))
        assert done["airings"][0]["end"]
        problem(await presenter.post(f"{second}:told"), 409, "wrong-state")
        await good(presenter.post(f"{first}:take", json=take))
        await good(crew.post("/api/v1/talks/direct:end"))
        again = (await good(crew.get(first)))["airings"]
        assert [bool(each["end"]) for each in again] == [True, True]


async def test_what_the_set_sends_is_on_the_tables_and_goes_with_what_it_shows(tv: House) -> None:
    async with tv.crew(Role.MODERATOR) as crew, tv.someone() as ann, tv.page(sent="") as page:
        await page.view("sent")
        question = await ask(ann)
        send = {"type": "question", "shows": question["id"], "labs": ["labo-1"]}
        problem(await crew.post(SENDINGS, json=send), 409, "wrong-state")
        await good(crew.post(f"/api/v1/questions/{question['id']}:approve"))
        sent = await good(crew.post(SENDINGS, json=send), 201)
        assert (await told(page, "sent", "sending"))["shows"]["body"] == question["body"]
        assert (await good(ann.get(f"{SENDINGS}?lab=labo-1")))["items"] == [sent]
        assert (await good(ann.get(f"{SENDINGS}?lab=labo-2")))["items"] == []
        await good(crew.post(f"/api/v1/questions/{question['id']}:reject"))
        assert (await page.view("sent"))["removed"] == [f"sending:{sent['id']}"]
        assert (await good(ann.get(SENDINGS)))["items"] == []
        message = {"type": "message", "text": "Cinq minutes", "labs": ["labo-2", "labo-2"]}
        note = await good(crew.post(SENDINGS, json=message), 201)
        assert note["labs"] == ["labo-2"]
        assert (await crew.delete(f"{SENDINGS}/{note['id']}")).status_code == 204
        problem(await ann.post(SENDINGS, json=message), 403, "role-required")


async def test_votes_that_are_hidden_stay_hidden_on_the_tables(tv: House) -> None:
    async with tv.crew() as crew, tv.someone() as ann:
        poll = await opened_poll(crew)
        await ann.put(f"/api/v1/polls/{poll['id']}/ballot", json={"round": 1, "choices": ["o1"]})
        sent = await good(crew.post(SENDINGS, json={"type": "poll", "shows": poll["id"]}), 201)
        assert (sent["shows"]["ballots"], sent["shows"]["counts"]) == (1, None)
        for verb in ("close", "publish"):
            await good(crew.post(f"/api/v1/polls/{poll['id']}:{verb}"))
        [now] = (await good(ann.get(SENDINGS)))["items"]
        assert now["shows"]["counts"][0]["votes"] == 1


@pytest.mark.parametrize(
    ("said", "status", "code"),
    [
        ({"type": "question"}, 422, "bad-sending"),
        ({"type": "message", "text": "x", "shows": "q_1"}, 422, "bad-sending"),
        ({"type": "message"}, 422, "text-empty"),
        ({"type": "message", "text": "x" * 281}, 422, "text-too-long"),
        ({"type": "quote", "text": "x"}, 422, "bad-sending"),
        ({"type": "quote", "text": "x", "talk": "none"}, 404, "unknown-talk"),
        ({"type": "clip", "talk": "direct", "start": 5}, 422, "bad-sending"),
        ({"type": "clip", "talk": "direct", "start": 5, "end": 5}, 422, "bad-sending"),
        ({"type": "clip", "talk": "direct", "start": 5, "end": 1e5}, 422, "bad-sending"),
        ({"type": "clip", "talk": "direct", "start": -1, "end": 1}, 422, "invalid-body"),
        ({"type": "poll", "shows": "poll_none"}, 422, "unknown-reference"),
        ({"type": "message", "text": "x", "labs": ["cave"]}, 422, "unknown-lab"),
        ({"type": "film"}, 422, "invalid-body"),
    ],
)
async def test_sending_that_makes_no_sense_is_refused(
    tv: House, said: dict[str, Any], status: int, code: str
) -> None:
    async with tv.crew() as crew:
        problem(await crew.post(SENDINGS, json=said), status, code)
        assert (await good(crew.get(SENDINGS)))["items"] == []


async def test_question_of_a_table_is_asked_by_who_is_there(tv: House) -> None:
    async with tv.someone("Ann", TABLE) as ann, host_of(tv) as anne, tv.someone() as bob:
        said = {"body": "Et le parking\u202f?", "table": TABLE}
        problem(await ann.post(ASK, json=said), 403, "other-table")
        await good(ann.post(f"/api/v1/tables/{TABLE}:sit"))
        for person in (ann, anne):
            asked = await ask(person, **said)
            assert (asked["author"], asked["table"]) == ("Table 3, Chercher", TABLE)
        problem(await bob.post(ASK, json=said), 403, "other-table")
        for sitting in (
            bob.post(f"/api/v1/tables/{TABLE}:sit"),
            bob.put("/api/v1/participants/me", json={"table": TABLE}),
        ):
            await good(sitting)
            problem(await bob.post(ASK, json=said), 403, "code-required")
        problem(await ann.post(ASK, json=said | {"table": "labo-1.9"}), 404, "unknown-table")
        assert (await ask(ann))["table"] == ""
