"""Studios that real peers publish to, each with a recorder for its place in a channel."""

from collections.abc import AsyncIterator

import pytest

from streaming.errors import PublishRefused
from streaming.ingest.whip.studio import Patience
from streaming.ingest.whip.studios import Studios
from streaming.packet import Packet
from streaming.webrtc.mux import Mux
from tests.streaming.ingest.films import Recorder
from tests.streaming.webrtc.media import encode_pictures, encode_sounds

PLACE = ("plateau", "primary")


class Stage:
    """Two slots, whose holders are recorders."""

    def __init__(self, mux: Mux, patience: Patience) -> None:
        self.mux = mux
        self.studios = Studios(mux, self.take, patience)
        self.sources: list[Recorder] = []
        self.held: dict[tuple[str, str], Recorder] = {}

    @property
    def source(self) -> Recorder:
        return self.sources[-1]

    def take(self, channel: str, slot: str, kind: str) -> Recorder:
        assert kind == "whip"
        holder = self.held.get((channel, slot))
        if holder is not None and holder.closed is None:
            raise PublishRefused("Déjà occupé.")
        source = self.held[channel, slot] = Recorder()
        self.sources.append(source)
        return source

    async def publish(self, sdp: str) -> tuple[str, str]:
        session, answer, _ = await self.studios.publish(PLACE, sdp)
        return session, answer

    async def publish_backup(self, sdp: str) -> tuple[str, str]:
        session, answer, _ = await self.studios.publish(("plateau", "backup"), sdp)
        return session, answer


@pytest.fixture(scope="session")
def pictures() -> list[Packet]:
    return encode_pictures(100)


@pytest.fixture(scope="session")
def larger() -> list[Packet]:
    return encode_pictures(25, size=(640, 360))


@pytest.fixture(scope="session")
def sounds() -> list[Packet]:
    return encode_sounds(100)


@pytest.fixture
def patience() -> Patience:
    return Patience(repair=5.0)  # the machine may be busy


@pytest.fixture
async def stage(patience: Patience) -> AsyncIterator[Stage]:
    mux = Mux()
    stage = Stage(mux, patience)
    yield stage
    await stage.studios.close()
    assert all(source.closed for source in stage.sources)
    assert not mux.parties
    await mux.close()
