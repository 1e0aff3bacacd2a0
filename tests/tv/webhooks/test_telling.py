"""Another server hears how talks go: signed, once it is so, and until it has it."""

import asyncio
import base64
import hashlib
import hmac
import json
import queue
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any

import pytest
from msgspec.structs import replace
from redis.asyncio import Redis

from engagement.happening import PhaseSet
from engagement.talks import ScheduleImported, TalkEnded, TalkPublished, TalkStarted
from engagement.talks.events import TalkCreated, TalkUnpublished
from engagement.talks.plan import Plan
from tv import journal
from tv.follower import Follower
from tv.settings import SettingsError, load
from tv.tasks import running
from tv.webhooks.target import PREFIX, Target, signature
from tv.webhooks.telling import Telling

SECRET = PREFIX + base64.b64encode(b"s" * 32).decode()


class Receiver:
    """A server of somebody else's, which answers what it is told to."""

    def __init__(self) -> None:
        self.heard: queue.Queue[tuple[dict[str, str], bytes]] = queue.Queue()
        self.answers: queue.Queue[int] = queue.Queue()  # then 204
        self.minds = ""  # a talk's title that it never takes
        self.url = ""

    async def next(self) -> dict[str, Any]:
        """The next message, whose signature is looked at as a receiver would."""
        headers, body = await asyncio.to_thread(self.heard.get, True, 20)
        signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
        digest = base64.b64encode(hmac.digest(b"s" * 32, signed, hashlib.sha256)).decode()
        assert headers["webhook-signature"] == f"v1,{digest}"
        assert abs(int(headers["webhook-timestamp"]) - time.time()) < 60
        message: dict[str, Any] = json.loads(body)
        return message | {"id": headers["webhook-id"]}


@contextmanager
def receiver() -> Iterator[Receiver]:
    made = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            made.heard.put(({k.lower(): v for k, v in self.headers.items()}, body))
            try:
                status = made.answers.get_nowait()
            except queue.Empty:
                status = 400 if json.loads(body)["data"]["title"] == made.minds else 204
            self.send_response(status)
            if status == 302:
                self.send_header("location", "/elsewhere")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Nothing: the test's output is for failures."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        made.url = f"http://127.0.0.1:{server.server_port}/hook"
        thread = Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield made
        server.shutdown()


@asynccontextmanager
async def following(redis: Redis) -> AsyncIterator[Follower]:
    """A process that follows the journal, caught up."""
    async with asyncio.timeout(90), journal.opened(redis, "test") as book:
        follower = Follower(book)
        async with running(follower.run()):
            await follower.ready.wait()
            yield follower


@asynccontextmanager
async def telling(redis: Redis, follower: Follower, url: str) -> AsyncIterator[None]:
    target = Target(url=url, secret=SECRET)
    base = "https://tv.example.org"
    one = Telling(redis, "test", "site", target, base, follower, look=0.02, pause=0.1)
    async with running(one.run()):
        yield


def event(kind: type, number: int, **more: Any) -> Any:
    return kind(id=f"e{number}", by="regie", at=1_000.0 + number, talk="direct", **more)


async def known(redis: Redis) -> None:
    """Wait until the target's first look is over."""
    while not await redis.exists("fabrique:{test}:webhooks:site"):  # noqa: ASYNC110  # nothing tells
        await asyncio.sleep(0)


async def test_how_a_talk_goes_is_told_in_order(redis: Redis) -> None:
    async with following(redis) as follower:
        with receiver() as site:
            async with telling(redis, follower, site.url):
                await known(redis)
                await follower.write(event(TalkStarted, 1))
                told = await site.next()
                assert (told["type"], told["data"]["talk"]) == ("talk.started", "direct")
                assert told["data"]["watch"] == "https://tv.example.org/?canal=plateau"
                await follower.write(event(TalkEnded, 2))
                ended = await site.next()
                assert ended["type"] == "talk.ended"
            # The clerk is killed, perhaps before it has noted that, and another takes over:
            async with telling(redis, follower, site.url):
                await follower.write(event(TalkPublished, 3, consent=True))
                while (told := await site.next())["id"] == ended["id"]:
                    pass
                assert told["type"] == "talk.published"
                assert told["data"]["replay"] == "https://tv.example.org/revoir/direct"
            assert site.heard.empty()


async def test_what_a_target_does_not_take_is_told_again_under_the_same_id(redis: Redis) -> None:
    async with following(redis) as follower:
        with receiver() as site:
            site.answers.put(503)
            site.answers.put(302)  # it may not send us elsewhere
            async with telling(redis, follower, site.url):
                await known(redis)
                await follower.write(event(TalkStarted, 1))
                heard = [(await site.next())["id"] for _ in range(3)]
            assert len(set(heard)) == 1
            assert site.heard.empty()


async def test_a_new_target_hears_nothing_of_what_was_before(redis: Redis) -> None:
    async with following(redis) as follower:
        await follower.write(event(TalkStarted, 1))
        with receiver() as site:
            async with telling(redis, follower, site.url):
                await known(redis)
                await follower.write(event(TalkEnded, 2))
                assert (await site.next())["type"] == "talk.ended"


async def test_what_is_published_again_is_told_under_another_id(redis: Redis) -> None:
    async with following(redis) as follower:
        with receiver() as site:
            async with telling(redis, follower, site.url):
                await known(redis)
                heard = []
                for number, kind in enumerate(
                    (TalkStarted, TalkEnded, TalkPublished, TalkUnpublished, TalkPublished)
                ):
                    more = {"consent": True} if kind is TalkPublished else {}
                    await follower.write(event(kind, number, **more))
                    heard.append(await site.next())
        types = [told["type"].removeprefix("talk.") for told in heard]
        assert types == ["started", "ended", "published", "ended", "published"]
        assert len({told["id"] for told in heard}) == len(heard)


async def test_a_replay_that_must_not_be_any_more_is_told_to_be_over(redis: Redis) -> None:
    async with following(redis) as follower:
        plan = Plan(talk="a", guid="a", title="Le toit", channel="plateau")
        barred = replace(plan, recorded=False)
        with receiver() as site:
            async with telling(redis, follower, site.url):
                await known(redis)
                made = TalkCreated(id="c", by="regie", at=1.0, plan=plan)
                file = ScheduleImported(id="i", by="regie", at=5.0, plans=(barred,))
                await follower.write(made)
                about: dict[str, Any] = {"by": "regie", "talk": "a"}
                for step in (
                    TalkStarted(id="s", at=2.0, **about),
                    TalkEnded(id="e", at=3.0, **about),
                    TalkPublished(id="p", at=4.0, consent=True, **about),
                ):
                    await follower.write(step)
                    told = await site.next()
                assert told["data"]["replay"] == "https://tv.example.org/revoir/a"
                await follower.write(file)
                told = await site.next()
        assert (told["type"], told["data"]["state"]) == ("talk.ended", "ended")
        assert told["data"]["replay"] is None


@pytest.mark.parametrize(
    ("lab", "watch"), [("labo-1", "https://tv.example.org/labo/labo-1"), ("", None)]
)
async def test_a_talk_without_a_channel_is_watched_in_its_lab_or_nowhere(
    redis: Redis, lab: str, watch: str | None
) -> None:
    async with following(redis) as follower:
        with receiver() as site:
            async with telling(redis, follower, site.url):
                await known(redis)
                plan = Plan(talk="a", guid="a", title="Le toit", lab=lab)
                await follower.write(TalkCreated(id="c", by="regie", at=1.0, plan=plan))
                await follower.write(TalkStarted(id="s", by="regie", at=2.0, talk="a"))
                assert (await site.next())["data"]["watch"] == watch


async def test_a_rehearsal_is_nobody_elses_business(redis: Redis) -> None:
    async with following(redis) as follower:
        with receiver() as site:
            async with telling(redis, follower, site.url):
                await known(redis)
                await follower.write(PhaseSet(id="p1", by="regie", at=1_000.0, phase="rehearsal"))
                await follower.write(event(TalkStarted, 1))
                with pytest.raises(queue.Empty):
                    await asyncio.to_thread(site.heard.get, True, 0.5)
                await follower.write(PhaseSet(id="p2", by="regie", at=1_001.0, phase="open"))
                await follower.write(event(TalkStarted, 2))
                told = await site.next()
            assert told["type"] == "talk.started"
            assert told["data"]["started_at"] == "1970-01-01T00:16:42+00:00"
            assert site.heard.empty()


async def test_one_talk_that_a_target_never_takes_does_not_hold_up_the_others(redis: Redis) -> None:
    async with following(redis) as follower:
        with receiver() as site:
            site.minds = "Un titre trop long pour elle"
            async with telling(redis, follower, site.url):
                await known(redis)
                for talk, title in (("a", site.minds), ("b", "Un autre")):
                    plan = Plan(talk=talk, guid=talk, channel=talk, title=title)
                    await follower.write(TalkCreated(id=f"c{talk}", by="regie", at=1.0, plan=plan))
                    begun = TalkStarted(id=f"s{talk}", by="regie", at=2.0, talk=talk)
                    await follower.write(begun)
                heard: list[str] = []
                while "b" not in heard or heard.count("a") < 3:  # and it is asked again
                    heard.append((await site.next())["data"]["talk"])
        assert heard.count("b") == 1


def test_the_signature_is_that_of_standard_webhooks() -> None:
    # The example of the specification's own libraries.
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    body = b'{"test": 2432232314}'
    made = signature(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, body)
    assert made == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


@pytest.mark.parametrize(
    ("url", "secret", "said"),
    [
        ("ftp://site", SECRET, "http://"),
        ("https://", SECRET, "http://"),
        ("https://site", "motdepasse", "whsec_"),
        ("https://site", PREFIX + "c2hvcnQ=", "whsec_"),
    ],
)
def test_a_target_that_cannot_be_told_is_refused_without_its_secret(
    url: str, secret: str, said: str
) -> None:
    environment = {"FABRIQUE_WEBHOOKS__SITE__URL": url, "FABRIQUE_WEBHOOKS__SITE__SECRET": secret}
    with pytest.raises(SettingsError, match=said) as error:
        load(environment=environment)
    assert secret.removeprefix(PREFIX) not in str(error.value)
