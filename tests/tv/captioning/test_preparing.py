"""Until there is a model, pages know why; once there is one, captions begin by themselves."""

import asyncio
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
from redis.asyncio import Redis

from captions.errors import ModelUnavailable
from captions.hearing.whisper import Whisper
from tests.captions.model_folders import nano
from tests.captions.speech import CLIP, model_cache
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


# Prints by how many MB what is not free has grown when the process has heard all lengths of window.
GROWTH = """
import sys
from pathlib import Path

import numpy as np
import psutil

from captions.hearing import sound
from captions.hearing.live import Tuning
from captions.hearing.sound import SAMPLE_RATE
from tv import process
from tv.captioning.preparing import loaded


def held():
    process.trim_heap()
    return psutil.Process().memory_info().rss / 1e6


process.share_one_heap()
whisper = loaded("base", Path(sys.argv[1]), lambda done, total: None, channels=1)
samples = np.concatenate([piece.samples for piece in sound.read(Path(sys.argv[2]))])
before = held()
for seconds in range(1, round(Tuning().hardest) + 1):
    encoded = whisper.encode(samples[: seconds * SAMPLE_RATE])
    decoded = whisper.decode(encoded, previous=[], beginning=[], beam=5)
    whisper.align(encoded, decoded.tokens)
print(held() - before)
"""


@pytest.mark.slow  # the real model
def test_memory_that_windows_need_is_taken_before_the_talk() -> None:
    told = subprocess.run(
        [sys.executable, "-c", GROWTH, str(model_cache()), str(CLIP)],
        check=True,
        timeout=120,
        capture_output=True,
        text=True,
    )
    assert float(told.stdout) < 5.0


# The model is in memory, and little more than it: captions are told so before anybody speaks.
SHORT = """
import resource
import sys
from pathlib import Path

from captions.errors import ModelUnavailable
from captions.models import loading
from tv import process

process.share_one_heap()  # of many, some would have room that is already counted
whisper = loading.load("base", Path(sys.argv[1]))
size = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (size + int(sys.argv[2]) * 1_000_000,) * 2)
try:
    whisper.warm_up(16.0, 5)
except ModelUnavailable as error:
    print(error)
"""


@pytest.mark.slow  # the real model
@pytest.mark.parametrize("room", ["10", "60"])  # MB: for no window, for some of their lengths
def test_memory_that_does_not_suffice_for_windows_is_said_as_such(room: str) -> None:
    told = subprocess.run(
        [sys.executable, "-c", SHORT, str(model_cache()), room],
        timeout=120,
        capture_output=True,
        text=True,
    )
    assert "la mémoire n’y suffit pas" in told.stdout, told
