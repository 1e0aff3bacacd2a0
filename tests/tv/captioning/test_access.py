"""Each address that gives captions, in each state of a talk, for each caller."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from redis.asyncio import Redis

from captions.cues import Cue, Word
from captions.wording.events import CueEdited, CueWritten
from engagement.happening import PhaseSet
from engagement.talks import (
    ScheduleImported,
    TalkCreated,
    TalkEnded,
    TalkPublished,
    TalkRecorded,
    TalkStarted,
    TalkUnpublished,
)
from engagement.talks.plan import Plan
from tests.streaming.archive.recorded import studio
from tests.streaming.hls.film import Announced
from tests.tv.house import House, house
from tests.tv.recorded.test_replay import record
from tv.auth import Role

WORD = "pangolin"  # what is said; an answer that has it gives the captions away
AGO = 100  # seconds: longer than the live window is kept

TALK = "/api/v1/talks/t1"
FORMATS = ("vtt", "srt", "txt", "json")

# Groups of callers with the same access to captions.
CREW = ("moderator", "operator")
ITS_CREW = ("moderator of t1", *CREW)
OTHERS = ("nobody", "participant", "viewer", "presenter of t1", "presenter", "moderator of t2")
ANYBODY = (*ITS_CREW, *OTHERS)

Events = tuple[tuple[type, float, dict[str, Any]], ...]  # with seconds after recording began


@dataclass(frozen=True)
class Readers:
    """The callers who may read the captions of a talk, by kind of address."""

    talk: tuple[str, ...] = ()  # the talk's captions
    direct: tuple[str, ...] = CREW  # those of `direct`
    replay: tuple[str, ...] = ()  # all of the replay
    page: tuple[str, ...] = CREW  # the pages' topic, for a newcomer
    files: tuple[str, ...] = ()  # the live window's files
    cue: tuple[str, ...] = CREW  # the cue itself, to correct it


PLAN = Plan(talk="t1", guid="g1", title="Premier exposé", channel="plateau")
SECOND = Plan(talk="t2", guid="g2", title="Second exposé", channel="plateau")
MADE = ((TalkCreated, -60.0, {"plan": PLAN}), (TalkCreated, -60.0, {"plan": SECOND}))
REHEARSAL = (PhaseSet, -50.0, {"phase": "rehearsal"})
OPEN = (PhaseSet, 20.0, {"phase": "open"})
START = (TalkStarted, 1.0, {"talk": "t1"})
END = (TalkEnded, 8.0, {"talk": "t1"})
PUBLISH = (TalkPublished, 9.0, {"talk": "t1", "consent": True})
WITHDRAW = (TalkUnpublished, 10.0, {"talk": "t1"})
REFUSE = (TalkRecorded, 0.5, {"talk": "t1", "recorded": False})
NOT_RECORDED = Plan(talk="t1", guid="g1", title="Non", channel="plateau", recorded=False)
IMPORT = (ScheduleImported, 11.0, {"plans": (NOT_RECORDED, SECOND)})

LIVE = Readers(talk=ANYBODY, page=ANYBODY, files=ANYBODY, cue=ITS_CREW)
OVER = Readers(talk=ITS_CREW, cue=ITS_CREW)
KEPT = replace(OVER, replay=ITS_CREW)
NO_TALK = Readers()
EVERY = Readers(direct=ANYBODY, page=ANYBODY, files=ANYBODY)

STATES: dict[str, tuple[Events, Readers]] = {
    "live": ((*MADE, START), LIVE),
    "live, not to be recorded": ((*MADE, REFUSE, START), LIVE),
    "ended": ((*MADE, START, END), KEPT),
    "ended, not to be recorded": ((*MADE, REFUSE, START, END), OVER),
    "published": ((*MADE, START, END, PUBLISH), replace(LIVE, replay=ANYBODY)),
    "withdrawn": ((*MADE, START, END, PUBLISH, WITHDRAW), KEPT),
    "published, then not to be recorded": ((*MADE, START, END, PUBLISH, IMPORT), OVER),
    "rehearsal, live": ((*MADE, REHEARSAL, START), LIVE),
    "rehearsal, ended": ((*MADE, REHEARSAL, START, END), KEPT),
    "rehearsal, no talk": ((*MADE, REHEARSAL), NO_TALK),
    "after a rehearsal": ((*MADE, REHEARSAL, START, END, OPEN), NO_TALK),
    "after a rehearsal, left live": ((*MADE, REHEARSAL, START, OPEN), NO_TALK),
    "break": (MADE, NO_TALK),
    "no schedule": ((), EVERY),
    "no schedule, in a rehearsal": ((REHEARSAL,), NO_TALK),
    "no schedule, after a rehearsal": ((REHEARSAL, OPEN), NO_TALK),
}


@pytest.fixture(scope="module")
def film() -> tuple[Announced, float]:
    began = float(int(time.time()) - AGO)
    return Announced(origin=began - 50.0).play(studio(9.0, gop=50).moved(began)), began


@asynccontextmanager
async def in_state(
    redis: Redis, folder: Path, film: tuple[Announced, float], state: str
) -> AsyncIterator[House]:
    """A house whose channel showed and said something; its encoder has stopped since."""
    announced, began = film
    record(folder / "plateau", announced)
    async with house(redis, recordings=folder) as served:
        for number, (kind, at, fields) in enumerate(STATES[state][0]):
            await served.follower.write(kind(id=f"e{number}", at=began + at, by="a", **fields))
        for event in announced.events:
            served.upstream.windows["plateau"].apply(event)
        await served.journal.append(CueWritten("plateau", cue("c1", began + 4.5, WORD)))
        await served.follower.caught_up()
        yield served


def cue(name: str, start: float, *texts: str, revision: int = 1) -> Cue:
    words = tuple(
        Word(text, start + 0.4 * number, start + 0.4 * (number + 1), 0.9)
        for number, text in enumerate(texts)
    )
    return Cue(name, revision, start, words[-1].end, (" ".join(texts),), words)


def callers(tv: House) -> dict[str, str]:
    """The tokens of those who ask, by name."""
    return {
        "nobody": "",
        "participant": tv.passes.welcome("Ann")[1],
        "viewer": tv.passes.issue(Role.VIEWER),
        "presenter of t1": tv.passes.issue(Role.PRESENTER, talk="t1"),
        "presenter": tv.passes.issue(Role.PRESENTER),
        "moderator of t1": tv.passes.issue(Role.MODERATOR, talk="t1"),
        "moderator of t2": tv.passes.issue(Role.MODERATOR, talk="t2"),
        "moderator": tv.passes.issue(Role.MODERATOR),
        "operator": tv.passes.issue(Role.OPERATOR),
    }


def addresses(may: Readers, segment: str) -> dict[str, tuple[str, ...]]:
    """The callers who may read captions, by address."""
    found = {f"{TALK}/captions.{each}": may.talk for each in FORMATS}
    found |= {f"/api/v1/talks/direct/captions.{each}": may.direct for each in FORMATS}
    found |= {f"/plateau/replay/t1/captions.{each}": may.replay for each in FORMATS}
    found |= {
        f"/plateau/replay/t1/{segment}.vtt": may.replay,
        f"{TALK}/replay/transcript.json": may.replay,
        f"{TALK}/replay/search?q={WORD}": may.replay,
        "/api/v1/views/captions:plateau": may.page,
        "/api/v1/views/captions:plateau?since=1-0": may.page,
        "/api/v1/views/captioning:plateau": (),  # nothing that is not hidden
        f"/plateau/{segment}.vtt": may.files,
        "/api/v1/cues/c1": may.cue,
        "/api/v1/cues/c1/history": may.cue,
        "/api/v1/channels/plateau/captions/quality": (),
    }
    return found


# Addresses that must not give captions to any caller.
ELSEWHERE = [
    *("/", "/programme", "/revoir", "/revoir/t1", "/revoir/direct", "/embed/plateau", "/metrics"),
    *("/api/v1/talks", f"{TALK}/questions"),
    *(f"/api/v1/views/{each}" for each in ("talks", "event", "talk:t1", "channel:plateau")),
]


@pytest.mark.parametrize("name", STATES)
async def test_captions_leave_for_those_who_may_read_them(
    name: str, redis: Redis, tmp_path: Path, film: tuple[Announced, float]
) -> None:
    readers_of = STATES[name][1]
    segment = next(
        each.name for each in film[0].opened if each.start <= film[1] + 4.5 < each.start + 2.0
    )
    async with in_state(redis, tmp_path, film, name) as tv:
        tokens = callers(tv)
        expected = addresses(readers_of, segment)
        readers: dict[str, set[str]] = {address: set() for address in expected}
        topic: set[str] = set()
        for who, token in tokens.items():
            async with tv.client(token) as client:
                for address in expected:
                    reply = await client.get(address)
                    assert reply.status_code < 500, (address, reply.text)
                    readers[address] |= {who} if has_words(reply) else set()
            async with tv.page(token, captions_plateau="") as page:
                heard = await page.view("captions:plateau")
                topic |= {who} if [each["id"] for each in heard["items"]] == ["c1"] else set()
        assert readers == {address: set(of) for address, of in expected.items()}
        assert topic == set(readers_of.page)
        for token in ("", tokens["operator"]):
            async with tv.client(token) as client:
                replies = [await client.get(address) for address in ELSEWHERE]
            assert [str(each.url) for each in replies if has_words(each)] == []


def has_words(reply: httpx.Response) -> bool:
    return WORD in reply.text


async def test_open_page_gets_what_is_said_after_a_talk_has_ended(
    redis: Redis, tmp_path: Path, film: tuple[Announced, float]
) -> None:
    async with (
        in_state(redis, tmp_path, film, "ended") as tv,
        tv.page(captions_plateau="") as page,
    ):
        assert (await page.view())["items"] == []
        await tv.journal.append(CueWritten("plateau", cue("c2", tv.upstream.now() - 3.0, "Bien")))
        assert [each["id"] for each in (await page.view())["items"]] == ["c2"]


async def test_what_was_kept_for_one_newcomer_is_not_given_to_the_next_when_it_is_over(
    redis: Redis, tmp_path: Path, film: tuple[Announced, float]
) -> None:
    async with (
        in_state(redis, tmp_path, film, "live") as tv,
        tv.client() as anyone,
        tv.crew(Role.OPERATOR) as crew,
    ):
        view = "/api/v1/views/captions:plateau"
        assert has_words(await anyone.get(view))
        assert (await crew.post(f"{TALK}:end")).status_code == 200
        assert not has_words(await anyone.get(view))
        assert has_words(await crew.get(view))


@pytest.mark.parametrize("name", ["live", "ended"])
async def test_question_quotes_no_captions_that_its_author_may_not_read(
    name: str, redis: Redis, tmp_path: Path, film: tuple[Announced, float]
) -> None:
    """A quote says what its cues say after a correction: a long one would say all of them."""
    async with in_state(redis, tmp_path, film, name) as tv, tv.someone() as asker:
        secret = cue("c1", film[1] + 4.5, WORD, "secret", revision=2)
        hidden = cue("c9", film[1] + 3.0, "Chut")
        await tv.journal.append(CueWritten("plateau", hidden))
        hide = CueEdited(id="h", at=1.0, by="a", channel="plateau", cue="c9", hidden=True)
        await tv.follower.write(hide)
        asked = {
            "body": "Comment cela ?",
            "anchor": {"media_time": film[1] + 4.5, "cues": ["c1", "c9"], "quote": "x" * 300},
        }
        reply = await asker.post(f"{TALK}/questions", json=asked)
        assert reply.status_code == 201
        assert reply.json()["anchor"]["cues"] == (["c1", "c9"] if name == "live" else ["c9"])
        await tv.journal.append(CueWritten("plateau", secret))
        await tv.follower.caught_up()
        question = await asker.get(f"/api/v1/questions/{reply.json()['id']}")
        assert has_words(question) == (name == "live")
