"""Whatever studios do, the channel's picture is whole."""

from hypothesis import example, given, settings
from hypothesis import strategies as st

from streaming.continuity import SLOTS
from streaming.failover import DARK, Slot
from streaming.link import Observed
from streaming.packet import Packet
from tests.streaming import studios
from tests.streaming.stage import Studio, stage

Steps = st.lists(
    st.tuples(
        st.sampled_from(
            [
                *("publish", "end", "stall", "resume", "pause", "skip", "trim"),
                *("choose", "card", "auto", "black", "bright"),
            ]
        ),
        st.sampled_from(SLOTS),
        st.sampled_from([0.04, 0.3, 1.0, 1.7, 3.0, 6.0]),
    ),
    min_size=4,
    max_size=16,
)
FILMS = ((25, 0), (30, 0), (25, 2), (12, 0))


# A studio with B-frames whose time steps back, or forth, while it is on air.
@example([("publish", "primary", 0.04)] * 3 + [("trim", "primary", 0.04)], (25, 2), (25, 0))
@example([("publish", "backup", 0.04), ("trim", "backup", 6.0)], (25, 0), (25, 2))
@example(
    [
        ("publish", "primary", 0.04),
        ("publish", "backup", 0.04),
        ("end", "primary", 3.0),
        ("trim", "backup", 3.0),
    ],
    (25, 0),
    (25, 2),
)
@settings(max_examples=20)
@given(Steps, st.sampled_from(FILMS), st.sampled_from(FILMS))
async def test_whatever_studios_do_the_picture_is_whole(
    steps: list[tuple[str, Slot, float]], first: tuple[int, int], second: tuple[int, int]
) -> None:
    films: dict[Slot, tuple[Packet, ...]] = {
        slot: studios.film(40, rate=rate, gop=20, b_frames=b_frames)
        for slot, (rate, b_frames) in zip(SLOTS, (first, second), strict=True)
    }
    async with stage() as on:
        there: dict[Slot, Studio] = {}
        for act, slot, seconds in steps:
            match act, there.get(slot):
                case "publish", None:
                    there[slot] = on.publish(slot, films[slot])
                case "end", Studio() as studio:
                    on.end(there.pop(slot))
                case "stall", Studio() as studio:
                    studio.stalled = True
                case "resume", Studio() as studio:
                    studio.stalled = False
                case "pause", Studio() as studio:
                    studio.pause(seconds)
                case "skip", Studio() as studio:
                    studio.skip(seconds)
                case "trim", Studio() as studio:
                    studio.source.timeline.delay = seconds - 1
                case "choose", _:
                    on.channel.switch(slot)
                case "card", _:
                    on.channel.switch("slate")
                case "auto", _:
                    on.channel.switch("auto")
                case "black" | "bright", Studio() as studio:
                    since = on.time - 60 if act == "black" else None
                    studio.source.observe(
                        Observed("plateau", slot, None, since, frozen_since=None, silent_since=None)
                    )
            await on.run(seconds)
        await on.run(3)
        # A source's own gaps of less than DARK stay; no other hole is ever left.
        on.assert_whole(longest=DARK + 0.3)
        assert on.shown[-1].dts > on.time - 2.5
