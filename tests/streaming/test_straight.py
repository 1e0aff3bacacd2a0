"""The WebRTC side of a channel: in order, always forward, each change at a keyframe."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from streaming.feed import Feed
from streaming.ladder import Ladder
from streaming.packet import Packet
from streaming.ring import Ring
from streaming.straight import TELLING, Straight


def frame(dts: float, delay: float = 0.0, key: bool = False, config: bytes = b"studio") -> Packet:
    return Packet(b"frame", dts, dts + delay, key, config)


class Remembering(Ring[Packet]):
    """A ring that knows all that was ever put into it."""

    def __init__(self) -> None:
        super().__init__(size=600)
        self.all: list[Packet] = []

    def append(self, item: Packet) -> None:
        super().append(item)
        self.all.append(item)


def straight() -> tuple[Straight, Feed, list[Packet]]:
    """A line without a ladder, its feed, and what it puts there."""
    feed, ring = Feed(), Remembering()
    feed.webrtc = ring
    return Straight(feed, Ladder(), "plateau"), feed, ring.all


def test_a_picture_in_order_passes_untouched() -> None:
    line, _, shown = straight()
    given = [frame(index / 25, key=index % 50 == 0) for index in range(120)]
    for each in given:
        line.put(each)
    assert shown == given
    assert all(one is other for one, other in zip(shown, given, strict=True))


def test_a_delay_that_all_pictures_share_is_found_to_mean_nothing() -> None:
    line, feed, shown = straight()
    for index in range(TELLING + 100):
        line.put(frame(index / 25, 0.08, key=index % 50 == 0))
        if index < TELLING:
            assert feed.out_of_order
    assert not feed.out_of_order
    assert len(shown) == 100


def test_b_frames_that_were_not_announced_stop_until_the_next_keyframe_at_least() -> None:
    line, feed, shown = straight()
    line.put(frame(0.0, key=True))
    line.put(frame(0.04, 0.08))
    line.put(frame(0.08))
    line.put(frame(0.12))
    assert [packet.dts for packet in shown] == [0.0, 0.04]
    assert not feed.out_of_order
    line.put(frame(2.0, key=True))
    assert feed.out_of_order
    assert len(shown) == 2
    line.put(frame(3.0, key=True, config=b"slate"))
    assert not feed.out_of_order
    assert shown[-1].config == b"slate"


@given(
    st.lists(
        st.tuples(
            st.sampled_from([b"slate", b"one", b"two"]),
            st.booleans(),
            st.floats(0.0001, 0.2),
            st.sampled_from([0.0, 0.0, 0.04, 0.12]),
        ),
        max_size=80,
    )
)
def test_whatever_is_on_air_time_goes_forward_and_changes_begin_with_keyframes(
    frames: list[tuple[bytes, bool, float, float]],
) -> None:
    line, _, shown = straight()
    dts, config = 0.0, b""
    for name, key, step, delay in frames:
        dts += step
        if key or not config:
            config = name
        line.put(frame(dts, delay, key or dts == step, config))
    for before, after in pairwise(shown):
        assert after.dts > before.dts
        assert after.key or after.config == before.config
    assert all(packet.pts >= packet.dts for packet in shown)
    assert not shown or shown[0].key
