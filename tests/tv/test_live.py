"""The socket: each page gets what changed in what it shows, once, and never what is not for it."""

import asyncio
from contextlib import AbstractAsyncContextManager, suppress
from typing import Any

import pytest
from msgspec.structs import replace
from redis.asyncio import Redis
from websockets.exceptions import ConnectionClosed

from captions.cues import Cue
from captions.wording.events import CueWritten
from streaming.link import ChannelState, FeedState, SourceState
from tests.servers import StoreServer
from tests.tv.house import House, Page, house, named, stuck_page
from tests.tv.test_api import ask, opened_poll
from tv import live, store
from tv.auth import Role


async def test_welcome_says_who_and_when(tv: House) -> None:
    participant, token = tv.passes.welcome("Ann")
    async with tv.page(token, talks="") as page:
        welcome = await page.hear()
        assert welcome["type"] == "welcome"
        assert welcome["version"] == 1
        assert (welcome["role"], welcome["participant"]) == ("viewer", participant.id)
        assert welcome["name"] == "Ann"
        assert 0 <= welcome["retry_after_ms"] < 1000  # there are few pages
        assert abs(welcome["now"] - tv.upstream.now()) < 5
        view = await page.view("talks")
        assert view["reset"]
        assert [item["id"] for item in view["items"]] == ["direct"]


async def test_audience_sees_a_question_once_approved_and_no_more_once_rejected(tv: House) -> None:
    operator = tv.passes.issue(Role.OPERATOR)
    async with (
        tv.someone() as ann,
        tv.client(operator) as crew,
        tv.page(talk_direct="") as viewer,
        tv.page(operator, talk_direct="") as desk,
    ):
        assert list(named(await viewer.view())) == ["talk:direct"]
        await desk.view()
        asked = await ask(ann, "Et l’ascenseur ?")
        item = named(await desk.view())[f"question:{asked['id']}"]
        assert (item["state"], item["body"]) == ("pending", "Et l’ascenseur ?")
        await crew.post(f"/api/v1/questions/{asked['id']}:approve")
        view = await viewer.view()
        assert not view["reset"]
        assert list(named(view)) == [f"question:{asked['id']}"]  # what changed, and that alone
        await crew.post(f"/api/v1/questions/{asked['id']}:reject", json={"reason": "propos"})
        view = await viewer.view()
        assert (view["items"], view["removed"]) == ([], [f"question:{asked['id']}"])


async def test_page_that_comes_back_gets_only_what_it_missed(tv: House) -> None:
    async with tv.someone() as ann, tv.crew() as crew:
        first, second = await ask(ann, "Un"), await ask(ann, "Deux")
        await crew.post(f"/api/v1/questions/{first['id']}:approve")
        async with tv.page(talk_direct="") as page:
            seen = (await page.view())["version"]
        await crew.post(f"/api/v1/questions/{second['id']}:approve")
        async with tv.page(talk_direct=seen) as page:
            view = await page.view()
            assert not view["reset"]
            assert list(named(view)) == [f"question:{second['id']}"]


async def test_page_with_an_unknown_version_gets_the_whole_again(tv: House) -> None:
    for version in ("9999999999999-0", "nonsense"):
        async with tv.page(talk_direct=version) as page:
            view = await page.view()
            assert view["reset"]
            assert list(named(view)) == ["talk:direct"]


async def test_votes_reach_the_crew_live_and_the_audience_when_closed(tv: House) -> None:
    operator = tv.passes.issue(Role.OPERATOR)
    async with (
        tv.someone() as ann,
        tv.client(operator) as crew,
        tv.page(talk_direct="") as viewer,
        tv.page(operator, talk_direct="") as desk,
    ):
        poll = await opened_poll(crew)
        await ann.put(f"/api/v1/polls/{poll['id']}/ballot", json={"round": 1, "choices": ["o2"]})
        item: dict[str, Any] = {}
        while item.get("ballots") != 1:
            item = named(await desk.view()).get(f"poll:{poll['id']}", item)
        assert [each["votes"] for each in item["counts"]] == [0, 1]
        item = {}
        while item.get("ballots") != 1:
            item = named(await viewer.view()).get(f"poll:{poll['id']}", item)
            assert item.get("counts") is None
        await crew.post(f"/api/v1/polls/{poll['id']}:close")
        while item["state"] != "closed":
            item = named(await viewer.view())[f"poll:{poll['id']}"]
        assert [each["votes"] for each in item["counts"]] == [0, 1]


async def test_me_is_for_its_owner_alone(tv: House) -> None:
    _, token = tv.passes.welcome()
    async with (
        tv.client(token) as ann,
        tv.crew(Role.MODERATOR) as crew,
        tv.page(token, me_direct="") as hers,
        tv.page(tv.passes.welcome()[1], me_direct="") as his,
    ):
        assert named(await hers.view())["me:direct"]["questions"] == []
        assert named(await his.view())["me:direct"]["questions"] == []
        asked = await ask(ann)
        [mine] = named(await hers.view())["me:direct"]["questions"]
        assert (mine["id"], mine["state"]) == (asked["id"], "pending")
        reject = f"/api/v1/questions/{asked['id']}:reject"
        await crew.post(reject, json={"reason": "hors sujet"})
        [mine] = named(await hers.view())["me:direct"]["questions"]
        assert (mine["state"], mine["reason"]) == ("rejected", "hors sujet")
        poll = await opened_poll(crew)
        await ann.put(f"/api/v1/polls/{poll['id']}/ballot", json={"round": 1, "choices": ["o1"]})
        me = named(await hers.view())["me:direct"]
        assert me["ballots"] == {poll["id"]: {"round": 1, "choices": ["o1"], "texts": []}}
        with pytest.raises(TimeoutError):  # nothing of hers came to him
            async with asyncio.timeout(0.5):
                await his.socket.recv()


async def test_channel_says_what_is_on_air_and_its_health_to_the_crew_alone(tv: House) -> None:
    def on_air(slot: str, bitrate: float) -> None:
        studio = SourceState("primary", "rtmp", True, True, ["Images clés : 2 s"], bitrate=bitrate)
        tv.upstream.states["plateau"] = ChannelState("plateau", slot, 12.5, [studio], 3)  # type: ignore[arg-type]
        for notify in tv.upstream.on_state:
            notify("plateau")

    async with (
        tv.page(channel_plateau="") as viewer,
        tv.page(tv.passes.issue(Role.MODERATOR), channel_plateau="") as desk,
    ):
        assert named(await viewer.view())["channel:plateau"]["on_air"] == "slate"
        await desk.view()
        on_air("primary", 1e6)
        item = named(await viewer.view())["channel:plateau"]
        assert (item["on_air"], item["since"], item["viewers"]) == ("primary", 12.5, 3)
        assert "sources" not in item
        [source] = named(await desk.view())["channel:plateau"]["sources"]
        assert source["advice"] == ["Images clés : 2 s"]
        on_air("primary", 2e6)  # only the studio's bit rate changed
        assert named(await desk.view())["channel:plateau"]["sources"][0]["bitrate"] == 2e6
        on_air("slate", 0.0)
        assert named(await viewer.view())["channel:plateau"]["on_air"] == "slate"


async def test_channel_says_which_moment_the_pictures_of_each_feed_are_of(tv: House) -> None:
    async with tv.page(channel_plateau="") as viewer:
        assert named(await viewer.view())["channel:plateau"]["feeds"] == {}
        feed = FeedState(5, 1000.0, 90_000)
        feeds = {"live": feed, "delayed": replace(feed, delay=6.0)}
        tv.upstream.states["plateau"] = ChannelState("plateau", "slate", 1.0, [], feeds=feeds)
        for notify in tv.upstream.on_state:
            notify("plateau")
        item = named(await viewer.view())["channel:plateau"]
        assert item["feeds"] == {
            "live": {"rtp": 5, "time": 1000.0, "rate": 90_000, "delay": 0.0},
            "delayed": {"rtp": 5, "time": 1000.0, "rate": 90_000, "delay": 6.0},
        }


async def test_viewers_are_counted_over_all_web_processes(redis: Redis) -> None:
    def another() -> AbstractAsyncContextManager[House]:
        return house(redis, refresh=0.2, silence=1.0)

    async with another() as one, another() as other:
        async with one.page(channel_plateau=""), other.page(channel_plateau="") as page:
            await seen_by(page, 2)
            async with other.page(channel_plateau=""):
                await seen_by(page, 3)
            await seen_by(page, 2)
        async with another() as gone:
            leaving = asyncio.create_task(stay(gone))
            async with other.page(channel_plateau="") as page:
                await seen_by(page, 2)
                leaving.cancel()
                await asyncio.gather(leaving, return_exceptions=True)
                await seen_by(page, 1)


async def seen_by(page: Page, viewers: int) -> None:
    async with asyncio.timeout(10):
        while named(await page.view())["channel:plateau"]["viewers"] != viewers:
            pass


async def stay(tv: House) -> None:
    async with tv.page(channel_plateau=""):
        await asyncio.Event().wait()


async def test_page_of_an_older_journal_starts_afresh(tv: House) -> None:
    async with tv.crew() as crew:
        await crew.post("/api/v1/talks/direct:start")
    async with tv.page(talk_direct="1000-0") as page:
        assert (await page.view())["reset"]


async def test_page_changes_its_topics(tv: House) -> None:
    async with tv.someone() as ann, tv.crew() as crew, tv.page(talks="") as page:
        await page.view("talks")
        topics = {"talk:direct": "", "talk:unknown": ""}
        await page.say({"type": "hello", "version": 1, "topics": topics})
        assert {(await page.view())["topic"] for _ in range(2)} == set(topics)
        asked = await ask(ann)
        await crew.post(f"/api/v1/questions/{asked['id']}:approve")
        assert (await page.view())["topic"] == "talk:direct"


@pytest.mark.parametrize(
    "message",
    [
        "nonsense",
        {"type": "hello", "version": 2, "topics": {}},
        {"type": "hello", "version": 1, "topics": {"everything": ""}},
        {"type": "hello", "version": 1, "topics": {f"talk:{n}": "" for n in range(17)}},
        {"type": "vote", "choice": "o1"},
    ],
)
async def test_what_is_no_hello_closes_the_socket_with_a_reason(tv: House, message: Any) -> None:
    async with tv.page(talks="") as witness, tv.page() as page:
        await witness.view()
        await page.say(message)
        with pytest.raises(ConnectionClosed) as closed:
            await page.view("nothing: hear until it closes")
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == live.BAD_HELLO
        assert closed.value.rcvd.reason
        async with tv.crew() as crew:  # nobody else is disturbed
            await crew.post("/api/v1/talks/direct:start")
        assert named(await witness.view())["talk:direct"]["state"] == "live"


async def test_storm_of_votes_is_few_messages_and_ends_with_the_newest_state(redis: Redis) -> None:
    poll: dict[str, Any] = {}
    async with house(redis, interval=0.2) as tv, tv.crew() as crew, tv.page(talk_direct="") as page:
        await page.view()
        poll = await opened_poll(crew)
        people = [tv.passes.welcome()[1] for _ in range(60)]
        messages = 0
        async with tv.client() as shared, asyncio.TaskGroup() as group:
            for token in people:
                group.create_task(
                    shared.put(
                        f"/api/v1/polls/{poll['id']}/ballot",
                        json={"round": 1, "choices": ["o1"]},
                        headers={"authorization": f"Bearer {token}"},
                    )
                )
        ballots = 0
        while ballots < 60:
            messages += 1
            ballots = named(await page.view())[f"poll:{poll['id']}"]["ballots"]
        assert messages < 40  # not one for each ballot


async def test_view_that_cannot_be_made_holds_up_no_other(
    tv: House, caplog: pytest.LogCaptureFixture
) -> None:
    broken: Any = None
    tv.follower.recent_cues["plateau"].put("1-0", "plateau-0", broken)
    async with tv.page(captions_plateau="", talk_direct="") as page, tv.crew() as crew:
        await page.view("talk:direct")
        cue = Cue("plateau-1", 1, 1.0, 2.0, ("Bonjour",))
        await tv.journal.append(CueWritten("plateau", cue))
        (await crew.post("/api/v1/talks/direct:start")).raise_for_status()
        assert named(await page.view("talk:direct"))["talk:direct"]["state"] == "live"
    assert "captions:plateau cannot be made" in caplog.text


async def test_page_that_reads_nothing_is_cut_off_and_others_go_on(redis: Redis) -> None:
    async with (
        house(redis, unread_for=1.0, refresh=0.3) as tv,
        tv.page(channel_plateau="") as witness,
    ):
        for number in range(300):  # more than the kernel's buffers hold
            cue = Cue(f"plateau-{number}", 1, number, number + 1.0, ("mot" * 10_000,))
            await tv.journal.append(CueWritten(channel="plateau", cue=cue))
        async with stuck_page(tv.address, "channel:plateau", "captions:plateau") as reader:
            for expected in (2, 1):
                while named(await witness.view())["channel:plateau"]["viewers"] != expected:
                    pass
            with suppress(ConnectionResetError):  # or an end, when all of it was on its way
                async with asyncio.timeout(10):
                    while await reader.read(1 << 20):
                        pass


async def test_views_come_by_get_where_sockets_are_blocked(tv: House) -> None:
    async with tv.someone() as ann, tv.client() as page, tv.crew() as crew:
        url = "/api/v1/views/talk:direct"
        first = await page.get(url)
        assert first.json()["reset"]
        tag = {"if-none-match": first.headers["etag"]}
        since = {"since": first.json()["version"]}
        assert (await page.get(url, params=since, headers=tag)).status_code == 304
        asked = await ask(ann)
        hidden = await page.get(url, params=since, headers=tag)
        assert (hidden.status_code, hidden.json()["items"]) == (200, [])
        await crew.post(f"/api/v1/questions/{asked['id']}:approve")
        shown = await page.get(url, params={"since": hidden.json()["version"]})
        assert list(named(shown.json())) == [f"question:{asked['id']}"]
        assert (await page.get("/api/v1/views/everything")).status_code == 404
        mine = (await ann.get("/api/v1/views/me:direct")).json()
        assert len(named(mine)["me:direct"]["questions"]) == 1


async def test_store_killed_and_started_again_loses_nothing(store_server: StoreServer) -> None:
    async with (
        store.connected(store_server.url) as client,
        house(client) as tv,
        tv.someone() as ann,
        tv.crew() as crew,
        tv.page(talk_direct="") as page,
    ):
        first = await ask(ann, "Avant")
        store_server.kill()
        key = {"idempotency-key": "once"}
        url = "/api/v1/talks/direct/questions"
        refused = await ann.post(url, json={"body": "Pendant"}, headers=key, timeout=30)
        assert refused.status_code == 503
        assert refused.headers["retry-after"]
        assert (await ann.get(url)).status_code == 200  # what is known is still served
        store_server.start()
        await store_server.wait()
        answer = refused
        async with asyncio.timeout(20):
            while answer.status_code == 503:
                answer = await ann.post(url, json={"body": "Pendant"}, headers=key, timeout=30)
        assert answer.status_code == 201
        for asked in (first, answer.json()):
            await crew.post(f"/api/v1/questions/{asked['id']}:approve")
        shown: set[str] = set()
        while len(shown) < 2:  # the same page goes on
            shown |= {item["body"] for item in (await page.view())["items"] if "body" in item}
        assert shown == {"Avant", "Pendant"}
        assert len((await crew.get(url)).json()["items"]) == 2
