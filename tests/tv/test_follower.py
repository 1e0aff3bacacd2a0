"""The one reader of the journal: what was acknowledged is folded, whatever happens around it."""

import asyncio
import os
import signal
from typing import Any

import pytest
from redis.asyncio import Redis

from captions.cues import Cue
from captions.wording.events import CueEdited, CueWritten, RuleAdded
from engagement.fold import Accepted, Reason, Refused, View
from engagement.happening import PhaseSet
from engagement.polls import PollCreated
from engagement.questions import Anchor, QuestionAsked
from engagement.talks import TalkEnded, TalkStarted
from tests.servers import StoreServer
from tv import journal, store
from tv.follower import TALKS_ALONE, TALKS_AND_CAPTIONING, TALKS_AND_CAPTIONS, Follower
from tv.tasks import running


async def test_listener_that_fails_stops_nothing(
    redis: Redis, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(views: set[View]) -> None:
        raise ValueError("a bug")

    async with journal.opened(redis, "test") as opened:
        follower = Follower(opened)
        follower.changed.append(fail)
        async with asyncio.timeout(10), running(follower.run()):
            for event in (
                TalkStarted(id="a", at=1.0, by="c", talk="direct"),
                TalkEnded(id="b", at=2.0, by="c", talk="direct"),
            ):
                assert isinstance(await follower.write(event), Accepted)
    assert "a bug" in caplog.text


async def test_listener_that_fails_keeps_nothing_from_being_folded(redis: Redis) -> None:
    def fail(views: set[View]) -> None:
        raise ValueError("a bug")

    async with journal.opened(redis, "test") as opened:
        follower = Follower(opened)
        follower.changed.append(fail)
        anchor = Anchor(1.0, ("plateau-1",), "les oyers ont augmenté")
        async with asyncio.timeout(10), running(follower.run()):
            cue = Cue("plateau-1", 1, 1.0, 2.0, ("les oyers ont augmenté",))
            await follower.append(CueWritten("plateau", cue))
            await follower.write(
                QuestionAsked(
                    id="q", at=1.0, by="p", question="q", talk="direct", body="?", anchor=anchor
                )
            )
            text = "les loyers ont augmenté"
            edit = CueEdited(id="e", at=2.0, by="c", channel="plateau", cue="plateau-1", text=text)
            await follower.write(edit)
            await follower.write(TalkStarted(id="a", at=1.0, by="c", talk="direct"))
        assert follower.audience.questions.by_id["q"].quote == "les loyers ont augmenté"


async def test_question_that_comes_after_its_words_were_hidden_does_not_say_them(
    redis: Redis,
) -> None:
    async with journal.opened(redis, "test") as opened:
        follower = Follower(opened)
        async with asyncio.timeout(10), running(follower.run()):
            for number, line in enumerate(("les loyers", "de madame Durand"), 1):
                cue = Cue(f"plateau-{number}", 1, number, number + 1.0, (line,))
                await follower.append(CueWritten("plateau", cue))
            await follower.write(
                CueEdited(id="h", at=3.0, by="c", channel="plateau", cue="plateau-2", hidden=True)
            )
            for name, cues, said in (
                ("whole", ("plateau-1", "plateau-2"), "les loyers de madame Durand"),
                ("part", ("plateau-2",), "madame Durand"),
                ("shown", ("plateau-1",), "les loyers"),
            ):
                anchor = Anchor(1.0, cues, said)
                asked = QuestionAsked(
                    id=name, at=4.0, by="p", question=name, talk="direct", body=name, anchor=anchor
                )
                assert isinstance(await follower.write(asked), Accepted)
        questions = follower.audience.questions.by_id
        assert questions["whole"].quoted == "les loyers"
        assert questions["part"].quoted == ""
        assert questions["shown"].quoted == "les loyers"


async def test_late_old_revision_of_a_cue_does_not_come_back(redis: Redis) -> None:
    async with journal.opened(redis, "test") as opened:
        follower = Follower(opened)
        for revision in (2, 1):
            cue = Cue("plateau-1", revision, 1.0, 2.0, (f"Révision {revision}",))
            await opened.append(CueWritten("plateau", cue))
        async with asyncio.timeout(10), running(follower.run()):
            await follower.ready.wait()
        assert [cue.revision for cue in follower.recent_cues["plateau"]] == [2]


async def test_write_to_a_store_that_hangs_is_given_up(store_server: StoreServer) -> None:
    async with store.connected(store_server.url) as client, journal.opened(client, "test") as book:
        follower = Follower(book, write_within=0.5)
        async with asyncio.timeout(20), running(follower.run()):
            await follower.ready.wait()
            pid = (await client.info("server"))["process_id"]
            os.kill(pid, signal.SIGSTOP)
            try:
                async with asyncio.timeout(3):
                    with pytest.raises(journal.StoreUnavailable):
                        await follower.write(TalkStarted(id="a", at=1.0, by="c", talk="direct"))
            finally:
                os.kill(pid, signal.SIGCONT)


async def test_answer_to_a_write_is_about_that_very_write(redis: Redis) -> None:
    def asked(at: float, body: str) -> QuestionAsked:
        return QuestionAsked(id="e", at=at, by="ann", question="q", talk="direct", body=body)

    async with journal.opened(redis, "test") as book:
        follower = Follower(book)
        async with asyncio.timeout(10), running(follower.run()):
            first, again, other = await asyncio.gather(
                *map(follower.write, (asked(1.0, "Une"), asked(2.0, "Une"), asked(3.0, "Autre")))
            )
    assert isinstance(first, Accepted)
    assert again == first
    assert isinstance(other, Refused)
    assert other.reason == Reason.KEY_REUSED


@pytest.mark.parametrize("by_snapshot", [False, True])
async def test_process_keeps_what_it_asks_for_alone(redis: Redis, by_snapshot: bool) -> None:
    poll: dict[str, Any] = {"poll": "p", "talk": "direct", "kind": "text", "prompt": "?"}
    cue = Cue("plateau-1", 1, 1.0, 2.0, ("Bonjour",))
    async with asyncio.timeout(10), journal.opened(redis, "test") as book:
        for event in (
            PhaseSet(id="a", at=1.0, by="c", phase="rehearsal"),
            PollCreated(id="b", at=2.0, by="c", options=(), **poll),
            TalkStarted(id="d", at=3.0, by="c", talk="direct"),
            PhaseSet(id="e", at=4.0, by="c", phase="open"),
            PollCreated(id="f", at=5.0, by="c", options=(), **poll),
            TalkStarted(id="g", at=6.0, by="c", talk="direct"),
            CueWritten("plateau", cue),
            RuleAdded(id="h", at=7.0, by="c", heard="oyer", written="loyer"),
        ):
            await book.append(event)
        whole = Follower(book)
        async with running(whole.run()):
            await whole.ready.wait()
            if by_snapshot:
                await book.snapshots.keep(whole.position, whole.saved())
        talks = Follower(book, heeds=TALKS_ALONE)
        captioning = Follower(book, heeds=TALKS_AND_CAPTIONING)
        captions = Follower(book, heeds=TALKS_AND_CAPTIONS)
        those = (talks, captioning, captions)
        async with running(*(each.run() for each in those)):
            for each in those:
                await each.ready.wait()
                assert each.audience.talks.by_id["direct"].state == "live"
                assert each.audience.talks.saved() == whole.audience.talks.saved()
    assert captions.cues("plateau", 0.0, 9.0) == whole.cues("plateau", 0.0, 9.0) == [cue]
    assert talks.cues("plateau", 0.0, 9.0) == captioning.cues("plateau", 0.0, 9.0) == []
    assert captions.captions.made_rules == captioning.captions.made_rules
    assert [len(each.captions.made_rules) for each in (whole, captioning)] == [1, 1]
    if not by_snapshot:  # it holds what others ask for, too
        assert [len(each.audience.polls.by_id) for each in (whole, *those)] == [1, 0, 0, 0]
        assert talks.captions.made_rules == {}
