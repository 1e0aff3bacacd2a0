"""A talk in a folder of its own plays in a browser that has nothing else: no server, no network."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import pytest
from playwright.async_api import Page
from redis.asyncio import Redis

from engagement.questions import QuestionAnswered, QuestionApproved, QuestionAsked, QuestionTaken
from engagement.talks import TalkEnded, TalkStarted
from streaming.recording.index import Index
from tests.streaming.archive.recorded import probe, studio
from tests.streaming.hls.film import Announced
from tests.tv.house import house
from tests.tv.recorded.test_replay import Played, record
from tv.recorded import keepsake
from tv.settings import Event
from tv.tasks import in_thread

SPITEFUL = "<script>document.title = 'taken'</script> Qui répare ?"


@pytest.fixture
async def folder(redis: Redis, tmp_path: Path) -> AsyncIterator[Path]:
    """A talk from 1.5 s to 7 s of the recording, with a word at 3 s and a question at 4 s."""
    began = float(int(time.time()) - 100)
    made = Announced(origin=began - 50.0).play(studio(9.0, 2, gop=50).moved(began))
    record(tmp_path / "recording" / "plateau", made)
    async with house(redis, data=tmp_path) as served:
        played = Played(served, tmp_path, began)
        follower = served.follower
        await follower.write(TalkStarted(id="s", at=began + 1.5, by="c", talk="direct"))
        await played.say("bonjour à tous", 3.0)
        asked = QuestionAsked(
            id="e1", at=began + 2, by="p_1", question="q1", talk="direct", body=SPITEFUL
        )
        await follower.write(asked)
        await follower.write(QuestionApproved(id="e2", at=began + 2, by="c", question="q1"))
        await follower.write(QuestionTaken(id="e3", at=began + 4, by="c", question="q1"))
        await follower.write(QuestionAnswered(id="e4", at=began + 5, by="c", question="q1"))
        await follower.write(TalkEnded(id="e", at=began + 7, by="c", talk="direct"))
        talk = follower.audience.talks.by_id["direct"]
        index = Index(tmp_path / "recording" / "plateau")
        kept = keepsake.keepsake_of(talk, follower, Event())
        await in_thread(partial(keepsake.write, tmp_path / "kept", kept, index, free=0))
        yield tmp_path / "kept"


async def test_a_talks_folder_says_all_of_it_in_seconds_of_its_film(folder: Path) -> None:
    told = json.loads((folder / "talk.json").read_text())
    assert float(probe(folder / "film.mp4")["format"]["duration"]) == pytest.approx(
        told["duration"], abs=0.1
    )
    (paragraph,) = told["paragraphs"]
    assert paragraph["sentences"][0]["text"] == "bonjour à tous"
    # The first picture is the keyframe at 2 s.
    assert paragraph["sentences"][0]["at"] == pytest.approx(1.0, abs=0.01)
    assert told["questions"][0]["at"] == pytest.approx(2.0, abs=0.01)
    assert (folder / "captions.vtt").read_text().startswith("WEBVTT")
    assert "bonjour à tous" in (folder / "transcript.txt").read_text()


@pytest.mark.slow
async def test_its_page_plays_it_from_the_disk_alone(folder: Path, tab: Page) -> None:
    async with asyncio.timeout(60):
        asked: list[str] = []
        tab.on("request", lambda request: asked.append(request.url))
        await tab.goto((folder / "index.html").as_uri())
        assert "En direct du plateau" in await tab.title()  # and nobody took it
        await tab.get_by_role("button", name="Revoir la réponse").click()
        video = tab.locator("video")
        await video.evaluate("(it) => it.readyState > 1 || new Promise((is) => it.oncanplay = is)")
        assert await video.evaluate("(it) => it.currentTime") >= 2.0
        await tab.get_by_role("button", name="bonjour à tous").click()
        assert await video.evaluate("(it) => it.currentTime") < 2.0
        await tab.locator("#said .on", has_text="bonjour").wait_for()
        assert (
            await video.evaluate("(it) => it.textTracks[0].activeCues[0].text") == "bonjour à tous"
        )
        assert SPITEFUL in await tab.locator("strong").first.inner_text()
        assert {url.partition(":")[0] for url in asked} == {"file"}
