"""Captions on the pages' socket: cues, their corrections, words as they are guessed."""

import asyncio
from typing import Any

import msgspec
from redis.asyncio import Redis

from captions.cues import Cue
from captions.wording.events import CueWritten
from tests.servers import StoreServer
from tests.tv.house import House, house, named
from tv import store
from tv.captioning.partial import PARTIALS


async def test_cues_come_in_order_and_corrections_replace(tv: House) -> None:
    async with tv.page(captions_plateau="") as page:
        await page.view()
        for number in range(20):
            cue = Cue(
                f"plateau-{number}", 1, number * 2.0, number * 2.0 + 2.0, (f"ligne {number}",)
            )
            await tv.journal.append(CueWritten(channel="plateau", cue=cue))
        shown: list[str] = []
        while len(shown) < 20:
            shown += [item["id"] for item in (await page.view())["items"]]
        assert shown == [f"plateau-{number}" for number in range(20)]
        corrected = Cue("plateau-3", 2, 6.0, 8.0, ("ligne trois",))
        await tv.journal.append(CueWritten(channel="plateau", cue=corrected))
        [item] = (await page.view())["items"]
        assert (item["id"], item["revision"], item["lines"]) == ("plateau-3", 2, ["ligne trois"])


async def test_newcomer_gets_the_last_ten_minutes_of_cues(tv: House) -> None:
    for number in range(40):
        cue = Cue(f"plateau-{number}", 1, number * 60.0, number * 60.0 + 2.0, (f"{number}",))
        await tv.journal.append(CueWritten(channel="plateau", cue=cue))
    async with tv.page(captions_plateau="") as page:
        shown: list[str] = []
        while "plateau-39" not in shown:
            view = await page.view()
            shown = ([] if view["reset"] else shown) + [item["id"] for item in view["items"]]
        assert shown == [f"plateau-{number}" for number in range(29, 40)]
    assert len(tv.follower.recent_cues["plateau"]) == 11
    assert len(tv.follower.cues("plateau", 0.0, 1e9)) == 40


async def test_partial_words_and_the_state_of_captions_arrive(tv: House) -> None:
    async def publish(state: str, *words: str) -> None:
        spoken = [{"text": word, "start": 1.0, "end": 1.5} for word in words]
        message = {"channel": "plateau", "words": spoken, "state": state, "at": 2.0}
        await tv.store.publish(PARTIALS, msgspec.json.encode(message))

    async with tv.page(channel_plateau="", captions_plateau="") as page:
        channel = named(await page.view("channel:plateau"))["channel:plateau"]
        assert channel["captions"] == "interrupted"  # nobody captions yet
        while not await tv.store.publish(PARTIALS, b"{}"):
            pass  # until the process listens
        await publish("on", "Bonjour", "à")
        heard = await page.hear()
        while heard["type"] != "partial":
            heard = await page.hear()
        assert heard["channel"] == "plateau"
        assert [word["text"] for word in heard["words"]] == ["Bonjour", "à"]
        await publish("late")
        states = []
        while "late" not in states:
            states += [item["captions"] for item in (await page.view("channel:plateau"))["items"]]


async def test_partial_words_come_again_after_the_store_restarted(
    store_server: StoreServer,
) -> None:
    async def publish(client: Redis, word: str) -> None:
        spoken = [{"text": word, "start": 1.0, "end": 1.5}]
        message = msgspec.json.encode({"channel": "plateau", "words": spoken, "state": "on"})
        async with asyncio.timeout(20):
            while not await client.publish(PARTIALS, message):
                pass  # until the process listens

    async with (
        store.connected(store_server.url) as client,
        house(client) as tv,
        tv.page(captions_plateau="") as page,
    ):
        for word in ("avant", "après"):
            await publish(client, word)
            heard = await page.hear()
            while heard["type"] != "partial":
                heard = await page.hear()
            assert [each["text"] for each in heard["words"]] == [word]
            if word == "avant":
                store_server.kill()
                store_server.start()
                await store_server.wait()


async def test_words_left_open_go_when_captions_stop(redis: Redis) -> None:
    spoken = [{"text": "Bonjour", "start": 1.0, "end": 1.5}]
    message = msgspec.json.encode({"channel": "plateau", "words": spoken, "state": "on"})
    async with house(redis, refresh=0.2, silence=0.2) as tv, tv.page(captions_plateau="") as page:
        async with asyncio.timeout(10):
            while not await redis.publish(PARTIALS, message):
                pass  # until the process listens
        words: list[list[Any]] = []
        while len(words) < 2:
            heard = await page.hear()
            if heard["type"] == "partial":
                words.append(heard["words"])
        assert words == [spoken, []]
