"""All that a channel has is cut by the source's cuts, whatever becomes of a rendition."""

from itertools import pairwise

import pytest

from streaming.hls.cutter import PART_TARGET
from streaming.hls.picture import GAPS, PATIENCE
from streaming.hls.renditions import in_step
from streaming.hls.window import InitAdded, PartAdded, SegmentOpened, Stopped, Window
from tests.streaming.hls.film import film
from tests.streaming.hls.streams import LINES, Channel, made

SIZE = {"width": 320, "height": 180}


@pytest.mark.parametrize(
    ("kind", "frame_rate"),
    [
        ({}, 30.0),
        ({"b_frames": 2}, 30.0),
        ({"gop": 15}, 30.0),
        ({"rate": 60, "gop": 91}, 30.0),
        ({"gop": 150, "b_frames": 2}, 30.0),
        ({"rate": 24, "gop": 48}, 30.0),
    ],
    ids=["plain", "b-frames", "short", "sixty", "long", "cinema"],
)
def test_all_renditions_have_the_same_segments(kind: dict[str, int], frame_rate: float) -> None:
    given = made(film(9.0, **SIZE, **kind), frame_rate)
    channel = Channel().play(given.film, given.frames)
    source, audio, small = channel.streams
    assert len(source.closed) >= 2
    assert audio.outline() == source.outline()
    assert audio.lengths() == source.lengths()
    for msn, length in audio.lengths().items():
        parts = [part.duration for part in audio.parts(msn)]
        assert sum(parts) == pytest.approx(length, abs=1e-6)
        assert max(parts) <= 0.5 * PART_TARGET
    count = len(small.opened)
    assert count >= len(source.closed)
    assert small.outline() == source.outline()[:count]
    assert small.lengths().items() <= source.lengths().items()
    for msn in small.lengths():
        independent = source.parts(msn)[0].independent
        assert small.parts(msn)[0].independent == independent
        assert [round(part.duration, 6) for part in small.parts(msn)] == [
            round(part.duration, 6) for part in source.parts(msn)
        ]


def test_keyframes_are_the_sources_and_nobody_elses() -> None:
    given = made(film(9.0, gop=45, b_frames=2, **SIZE))
    keys = [packet.pts for packet in given.film.video if packet.key]
    assert [frame.pts for frame in given.frames if frame.key] == keys
    assert all(frame.dts == frame.pts for frame in given.frames)
    times = {packet.pts for packet in given.film.video}
    assert {frame.pts for frame in given.frames} <= times


@pytest.mark.parametrize("b_frames", [0, 2])
def test_players_go_from_one_rendition_to_another_at_any_segment(b_frames: int) -> None:
    given = made(film(9.0, b_frames=b_frames, **SIZE))
    source, audio, small = Channel().play(given.film, given.frames).streams
    numbers = [closed.msn for closed in small.closed]
    assert len(numbers) == 4
    for kind in ("video", "audio"):
        steps: list[float] = []
        last: float | None = None
        for index, msn in enumerate(numbers):
            times = (source, small)[index % 2].times(msn, kind)
            if last is not None:
                steps.append(times[0] - last)
            steps += [after - before for before, after in pairwise(times)]
            last = times[-1]
        usual = 1 / 30 if kind == "video" else 1024 / 48_000
        assert max(abs(step - usual) for step in steps) < 0.002
    heights = {height for _, height in small.decoded(numbers[0], "video")}
    assert heights == {LINES}
    assert audio.times(numbers[1], "audio") == pytest.approx(
        source.times(numbers[1], "audio"), abs=0.001
    )


def test_sound_alone_is_played_by_itself() -> None:
    given = film(7.0, b_frames=2)
    channel = Channel().play(given)
    (init,) = channel.audio.inits.values()
    assert (init.codecs, init.width, init.height) == ("mp4a.40.2", 0, 0)
    times = [time for it in channel.audio.closed for time in channel.audio.times(it.msn, "audio")]
    assert len(times) > 250
    assert max(abs(after - before - 1024 / 48_000) for before, after in pairwise(times)) < 0.001
    parts = [event for event in channel.audio.events if isinstance(event, PartAdded)]
    assert all(part.independent for part in parts)


def test_a_discontinuity_is_every_renditions() -> None:
    studio = made(film(4.0, **SIZE))
    slate = made(film(4.0, rate=25, gop=50, width=256, height=144)).moved(4.0)
    channel = Channel().play(studio.film, studio.frames)
    channel.play(slate.film, slate.frames).play(studio.moved(8.0).film, studio.moved(8.0).frames)
    assert [it.discontinuity for it in channel.source.opened] == [1, 1, 2, 2, 3, 3]
    assert channel.audio.outline() == channel.source.outline()
    assert channel.small.outline() == channel.source.outline()
    assert not channel.small.gaps


def test_a_rendition_that_is_late_holds_nobody_up_and_is_given_up_for_a_while() -> None:
    given = made(film(20.0, **SIZE))
    channel = Channel()
    # Nothing comes for what is shown from the third second to the sixteenth.
    held = tuple(frame for frame in given.frames if not 2.9 < frame.pts < 15.9)
    channel.play(given.film, held)
    source, audio, small = channel.streams
    assert len(source.closed) == len(audio.closed) == 9
    assert not source.gaps
    assert len(small.gaps) == GAPS
    numbers = [opened.msn for opened in small.opened]
    assert numbers == [101, 102, 103, 104, 105, 109, 110]
    assert small.lengths().items() <= source.lengths().items()
    # Those who join see it begin anew, with all that it takes.
    (stopped,) = (place for place, event in enumerate(small.events) if isinstance(event, Stopped))
    init, again = small.events[stopped + 1 : stopped + 3]
    assert isinstance(init, InitAdded)
    assert isinstance(again, SegmentOpened)
    assert (again.msn, again.init) == (109, init.name)


def test_frames_that_are_being_made_are_waited_for_and_not_for_ever() -> None:
    given = made(film(9.0, **SIZE))
    patient = Channel(late=PATIENCE - 0.6).play(given.film, given.frames)
    assert patient.small.outline() == patient.source.outline()
    assert not patient.small.gaps
    hopeless = Channel(late=PATIENCE + 1.0).play(given.film.between(0.0, 8.5), given.frames)
    # It has caught up in the end, when there was nothing more to come.
    assert [opened.msn for opened in hopeless.small.opened] == [104, 105]


def test_an_encoder_that_is_gone_ends_the_segment_at_once() -> None:
    given = made(film(7.0, **SIZE))
    channel = Channel()
    first = given.film.between(0.0, 4.7)
    channel.play(first, tuple(frame for frame in given.frames if frame.pts < 3.2))
    assert [opened.msn for opened in channel.small.opened] == [101, 102]
    channel.give_up()
    channel.play(given.film.between(4.7, 7.0))
    assert [opened.msn for opened in channel.small.opened] == [101, 102, 103, 104]
    assert channel.small.gaps == [103]
    assert channel.small.lengths() == channel.source.lengths()


def test_a_rendition_is_in_step_until_it_stays_behind() -> None:
    given = made(film(20.0, **SIZE))
    channel = Channel()
    channel.play(given.film.between(0.0, 4.5), given.frames[:135])
    source, small = Window(), Window()
    for event in channel.source.events:
        source.apply(event)
    assert not in_step(source, small)
    for event in channel.small.events:
        small.apply(event)
    assert in_step(source, small)
    channel.give_up()
    channel.play(given.film.between(4.5, 20.0))
    for event in channel.source.events:
        source.apply(event)
    assert not in_step(source, small)
