"""Media that has run for a day: its counters pass 2^32 and 2^33 ticks, and nothing else changes."""

import io
import itertools

import av
import pytest

from streaming.hls import fmp4
from tests.streaming.hls.film import Announced, film

MOMENTS = [
    pytest.param(2**32 / fmp4.VIDEO_TIMESCALE, id="2^32 ticks of the picture"),
    pytest.param(2**32 / 48_000, id="2^32 samples"),
    pytest.param(2**33 / 90_000, id="2^33 ticks of MPEG-TS"),
]


@pytest.mark.parametrize("b_frames", [0, 2])
@pytest.mark.parametrize("moment", MOMENTS)
def test_segments_go_on_over_the_wrap(moment: float, b_frames: int) -> None:
    made = film(7.0, b_frames=b_frames).moved(round(moment) - 3.0)
    announced = Announced().play(made)
    assert len(announced.closed) == 3
    assert {opened.discontinuity for opened in announced.opened} == {1}
    times: dict[str, list[float]] = {"video": [], "audio": []}
    for closed in announced.closed:
        with av.open(io.BytesIO(announced.media(closed.msn))) as file:
            for packet in file.demux():
                if packet.size and packet.dts is not None:
                    time = float(packet.dts * packet.time_base)
                    times[packet.stream.type].append(time)
    for kind, packets in (("video", made.video), ("audio", made.sound)):
        steps = [after - before for before, after in itertools.pairwise(times[kind])]
        assert min(steps) > 0
        assert max(steps) < 0.05
        assert packets[0].dts - 0.001 <= times[kind][0] < packets[0].dts + 0.1
        assert times[kind][0] < moment < times[kind][-1]
