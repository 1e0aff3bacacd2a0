"""What tests of ingests may ask for."""

from pathlib import Path

import pytest

from tests.streaming.ingest.films import X264_B, Films, Recorder


@pytest.fixture
async def recorder() -> Recorder:
    return Recorder()


@pytest.fixture(scope="session")
def films(tmp_path_factory: pytest.TempPathFactory) -> Films:
    return Films(tmp_path_factory.mktemp("films"))


@pytest.fixture(scope="session")
def plain(films: Films) -> Path:
    """H.264 without B-frames, a keyframe every 2 s, AAC mono at 44.1 kHz."""
    return films("plain.mp4")


@pytest.fixture(scope="session")
def reordered(films: Films) -> Path:
    """The same with B-frames."""
    return films("reordered.mp4", options=X264_B)
