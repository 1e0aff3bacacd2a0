"""Until there is a model, pages know why; once there is one, captions begin by themselves."""

import asyncio
from pathlib import Path

import msgspec
import pytest
from redis.asyncio import Redis

from captions.errors import ModelUnavailable
from captions.hearing.whisper import Whisper
from tests.captions.model_folders import nano
from tv.captioning.partial import PARTIALS, Partial
from tv.captioning.preparing import Preparation, prepared
from tv.follower import Follower
from tv.journal import opened
from tv.tasks import running


async def test_trouble_with_the_model_is_told_until_it_is_mended(
    tmp_path: Path, redis: Redis, caplog: pytest.LogCaptureFixture
) -> None:
    model = nano(tmp_path / "model")
    whole = (model / "model.bin").read_bytes()
    (model / "model.bin").write_bytes(whole[:1000])
    async with (
        asyncio.timeout(30),
        opened(redis, "test") as book,
        redis.pubsub(ignore_subscribe_messages=True) as pages,
    ):
        follower = Follower(book)
        await pages.subscribe(PARTIALS)
        async with running(follower.run()):
            work = asyncio.create_task(
                prepared(str(model), tmp_path, ["plateau", "labo"], redis, follower, pause=0.2)
            )
            told: set[tuple[str, str]] = set()
            while sum("ne se charge pas" in reason for _, reason in told) < 2:
                message = await pages.get_message(timeout=5)
                if message:
                    partial = msgspec.json.decode(message["data"], type=Partial)
                    told.add((partial.channel, partial.reason))
                    assert partial.state == "interrupted"
            assert {channel for channel, _ in told} == {"plateau", "labo"}
            (tmp_path / "whole").write_bytes(whole)
            (tmp_path / "whole").rename(model / "model.bin")  # it is never there by half
            assert isinstance(await work, Whisper)
    assert caplog.text.count("ne se charge pas") == 1


def test_progress_is_told_and_ends_with_the_wait() -> None:
    attempt = Preparation("")
    assert attempt.reason == "Le modèle de sous-titrage se prépare."
    attempt.progress(34, 100)
    assert attempt.reason == "Le modèle de sous-titrage se prépare\u00a0: 34 %."
    attempt.over = True
    with pytest.raises(ModelUnavailable):
        attempt.progress(35, 100)
