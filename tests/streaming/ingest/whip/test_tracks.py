"""Streams as studios send them, in a time that the test moves: wraps, jumps, losses, keyframes."""

import itertools
from collections.abc import Callable

import pytest

from streaming.clock import Clock
from streaming.errors import UnsupportedMedia
from streaming.h264 import nal_units, parameter_sets
from streaming.ingest.intake import Intake
from streaming.ingest.whip.tracks import (
    HOLD_BACK,
    KEY_INTERVAL,
    RATE,
    PictureTrack,
    SoundTrack,
)
from streaming.packet import Packet
from streaming.webrtc import rtp
from streaming.webrtc.rtp import Received
from tests.streaming.ingest.films import Recorder

REPAIR = 0.4  # seconds
NTP = 3_900_000_000 << 32


class Studio:
    """Sends a film and a tone, in time; `wire` says which packets come, and as what."""

    def __init__(
        self,
        pictures: list[Packet],
        sounds: list[Packet],
        *,
        sequence: int = 100,
        picture_at: int = 1000,
        sound_at: int = 5000,
        wire: Callable[[Received], list[Received]] = lambda packet: [packet],
    ) -> None:
        self.now = 1000.0
        self.source = Recorder(Clock(monotonic=lambda: self.now).now)
        intake = Intake(self.source, RATE)
        self.sound = SoundTrack(intake)
        self.picture = PictureTrack(intake, self.sound.line, REPAIR)
        self.keys_wanted: list[float] = []
        self.shift = 0  # of the picture's timestamps, in their units
        self.picture_at, self.sound_at = picture_at, sound_at
        self._pictures, self._sounds = pictures, sounds
        self._sequence, self._sound_sequence = sequence, sequence
        self._wire = wire
        self._step = 0

    def run(self, seconds: float) -> None:
        for _ in range(round(seconds * 50)):
            at = self._step / 50
            if self._step % 50 == 25:
                self.report(at)
            if self._step % 2 == 0:
                self._show(self._step // 2, round(at * 90_000))
            packet = self._sounds[self._step % len(self._sounds)]
            stamp = round(self.sound_at + at * 48_000) % 2**32
            number = self._sound_sequence = self._sound_sequence + 1 & 0xFFFF
            self.sound.receive(Received(111, number, stamp, 2, False, packet.data), self.now)
            self._step += 1
            self.now += 0.02
            self.sound.advance(self.now)
            self.picture.advance(self.now)
            if self.picture.wants_key(self.now):
                self.keys_wanted.append(self.now)

    def report(self, at: float) -> None:
        ntp = NTP + int(at * 2**32)
        stamp = round(self.picture_at + at * 90_000) + self.shift
        self.picture.note_clock(ntp, stamp % 2**32, self.now)
        self.sound.note_clock(ntp, round(self.sound_at + at * 48_000) % 2**32, self.now)

    def _show(self, index: int, at: int) -> None:
        picture = self._pictures[index % len(self._pictures)]
        units: list[bytes | memoryview] = [*nal_units(picture.data)]
        if picture.key:
            sps, pps = parameter_sets(picture.config)
            units = [*sps, *pps, *units]
        stamp = (self.picture_at + at + self.shift) % 2**32
        payloads = rtp.h264_payloads(units, 200)
        for place, payload in enumerate(payloads):
            self._sequence = self._sequence + 1 & 0xFFFF
            last = place == len(payloads) - 1
            for packet in self._wire(Received(96, self._sequence, stamp, 1, last, payload)):
                self.picture.receive(packet, self.now)

    @property
    def steps(self) -> list[float]:
        return [b.dts - a.dts for a, b in itertools.pairwise(self.source.pictures)]

    def assert_together(self, within: float = 0.04) -> None:
        """The newest sound and picture were sent at the same time."""
        apart = self.source.pictures[-1].pts - self.source.sounds[-1][1].pts
        assert abs(apart) <= within


@pytest.mark.parametrize(
    ("sequence", "picture_at", "sound_at"),
    [
        (0xFFFF - 40, 1000, 5000),
        (100, 2**32 - 90_000, 5000),
        (100, 1000, 2**32 - 48_000),
        (0xFFFE, 2**32 - 1, 2**32 - 1),
        (0x7FFF - 3, 2**31 - 5000, 2**31 - 5000),
    ],
)
def test_counters_wrap_and_nothing_is_seen_or_heard_of_it(
    pictures: list[Packet], sounds: list[Packet], sequence: int, picture_at: int, sound_at: int
) -> None:
    studio = Studio(pictures, sounds, sequence=sequence, picture_at=picture_at, sound_at=sound_at)
    studio.run(4)
    assert len(studio.source.pictures) == 100
    assert len(studio.source.sounds) == 200
    assert all(step == pytest.approx(0.04, abs=0.001) for step in studio.steps)
    studio.assert_together(0.021)
    assert studio.picture.lost == studio.sound.lost == 0
    report = studio.picture.reception(studio.now)
    assert report is not None
    assert report.lost == 0
    assert report.fraction_lost == 0


def test_a_loss_at_the_wrap_is_repaired(pictures: list[Packet], sounds: list[Packet]) -> None:
    held: list[Received] = []

    def wire(packet: Received) -> list[Received]:
        if packet.sequence in (0xFFFF, 0):
            held.append(packet)
            return []
        return [packet]

    studio = Studio(pictures, sounds, sequence=0xFFFF - 60, wire=wire)
    while not (asked := studio.picture.missing(studio.now)):
        studio.run(0.02)
    assert asked == [packet.sequence for packet in held] == [0xFFFF, 0]
    for packet in held:
        again = packet._replace(
            payload_type=97,
            sequence=7,
            source=99,
            payload=packet.sequence.to_bytes(2, "big") + packet.payload,
        )
        studio.picture.receive_again(again, studio.now)
    studio.run(1)
    assert studio.picture.lost == 0
    assert all(step == pytest.approx(0.04, abs=0.001) for step in studio.steps)


def test_what_leans_on_a_lost_picture_is_held_back_until_a_keyframe(
    pictures: list[Packet], sounds: list[Packet]
) -> None:
    lost: list[int] = []

    def wire(packet: Received) -> list[Received]:
        if len(studio.source.pictures) == 20 and not lost:
            lost.append(packet.sequence)
            return []
        return [packet]

    studio = Studio(pictures[:40], sounds, wire=wire)  # a keyframe every 1.6 s
    studio.run(3)
    sent = [picture.data for picture in pictures[:40]]
    shown = [picture.data for picture in studio.source.pictures]
    assert shown[:20] == sent[:20]
    # 20 came not; those behind it wait, for its return and then for a keyframe.
    assert sent[20] not in shown[:30]
    assert shown[20] == sent[0]
    assert studio.picture.lost == 1
    asked = [at for at in studio.keys_wanted if at > 1000 + 0.8]
    assert asked[0] == pytest.approx(1000 + 0.8 + REPAIR, abs=0.1)
    studio.assert_together()


def test_without_a_keyframe_damage_is_shown_rather_than_the_slate(
    pictures: list[Packet], sounds: list[Packet]
) -> None:
    lost: list[int] = []

    def wire(packet: Received) -> list[Received]:
        if len(studio.source.pictures) == 20 and not lost:
            lost.append(packet.sequence)
            return []
        return [packet]

    endless = [pictures[0], *[picture for picture in pictures[1:50] for _ in range(4)]]
    studio = Studio(endless, sounds, wire=wire)
    studio.run(4)
    assert max(studio.steps) < HOLD_BACK + REPAIR + 0.15 < 1.3
    assert len(studio.source.pictures) > 60
    steps = [b - a for a, b in itertools.pairwise(studio.keys_wanted)]
    assert min(steps) >= 0.49


def test_keyframes_are_asked_for_before_hls_misses_them(
    pictures: list[Packet], sounds: list[Packet]
) -> None:
    often = Studio(pictures[:25], sounds)
    often.run(5)
    assert len(often.keys_wanted) <= 1  # the very first
    seldom = Studio([pictures[0], *pictures[1:50] * 8], sounds)
    seldom.run(KEY_INTERVAL + 1.1)
    assert len([at for at in seldom.keys_wanted if at > 1000 + KEY_INTERVAL]) == 3


def test_viewers_who_lost_the_picture_are_heard_at_most_twice_a_second(
    pictures: list[Packet], sounds: list[Packet]
) -> None:
    often = Studio(pictures[:25], sounds)
    often.run(5)
    before = len(often.keys_wanted)
    for _ in range(100):
        often.picture.want_key()
        often.run(0.02)
    asked = often.keys_wanted[before:]
    assert 4 <= len(asked) <= 5
    assert min(b - a for a, b in itertools.pairwise(asked)) >= 0.49
    # A keyframe that comes meanwhile serves them all.
    often.run(1)
    assert len(often.keys_wanted) <= before + len(asked) + 1


def test_a_jump_of_the_pictures_time_leaves_no_hole(
    pictures: list[Packet], sounds: list[Packet]
) -> None:
    for jump in (90_000 * 3600, -90_000 * 60, 2**31):
        studio = Studio(pictures, sounds)
        studio.run(2)
        studio.shift = jump
        studio.run(2)
        assert len(studio.source.pictures) == 100
        assert max(studio.steps) < 0.1
        assert min(studio.steps) > 0
        studio.assert_together()


def test_a_picture_that_lags_is_brought_to_its_sound(
    pictures: list[Packet], sounds: list[Packet]
) -> None:
    studio = Studio(pictures, sounds)
    # The first picture took 0.2 s more than its sound, which nobody can know before the reports.
    studio.picture.line.place(studio.picture_at, studio.now + 0.2)
    studio.run(4)
    studio.assert_together(0.022)
    assert min(studio.steps) > 0.03


def test_b_frames_are_refused_with_the_setting_to_change(
    pictures: list[Packet], sounds: list[Packet]
) -> None:
    def turned(packet: Received) -> list[Received]:
        frame = (packet.timestamp - 1000) // 3600
        swap = {1: 2, 2: 1}.get(frame % 3, 0)
        stamp = packet.timestamp + (swap - frame % 3) * 3600 if swap else packet.timestamp
        return [packet._replace(timestamp=stamp)]

    studio = Studio(pictures, sounds, wire=turned)
    with pytest.raises(UnsupportedMedia, match="images B à 0"):
        studio.run(2)


def test_a_change_of_size_in_mid_stream_is_followed(
    pictures: list[Packet], sounds: list[Packet], larger: list[Packet]
) -> None:
    studio = Studio([*pictures[:50], *larger], sounds)
    studio.run(3)
    configs = list(dict.fromkeys(picture.config for picture in studio.source.pictures))
    assert configs == [pictures[0].config, larger[0].config]
    assert len(studio.source.pictures) == 75


def test_another_source_takes_over_when_the_first_is_silent(
    pictures: list[Packet], sounds: list[Packet]
) -> None:
    taken = False

    def wire(packet: Received) -> list[Received]:
        return [packet._replace(source=7)] if taken else [packet]

    studio = Studio(pictures, sounds, wire=wire)
    studio.run(1)
    taken = True
    studio.run(0.9)
    assert studio.picture.source == 1  # it may only have paused
    count = len(studio.source.pictures)
    studio.run(3)
    assert studio.picture.source == 7
    assert len(studio.source.pictures) > count + 25
    studio.assert_together()
