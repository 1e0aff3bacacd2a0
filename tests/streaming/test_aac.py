"""AAC's configuration, read and written."""

from contextlib import suppress

import av
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streaming import aac
from streaming.errors import UnsupportedMedia


@pytest.mark.parametrize(
    ("rate", "layout", "channels"),
    [(48_000, "stereo", 2), (44_100, "mono", 1), (24_000, "5.1", 6)],
)
def test_libavs_own_configuration_is_read(rate: int, layout: str, channels: int) -> None:
    encoder = av.CodecContext.create("aac", "w")
    assert isinstance(encoder, av.AudioCodecContext)
    encoder.sample_rate, encoder.layout, encoder.format = rate, layout, "fltp"
    encoder.open()
    assert encoder.extradata
    assert aac.parse_config(encoder.extradata) == (aac.LOW_COMPLEXITY, rate, channels)
    assert aac.codec_string(encoder.extradata) == "mp4a.40.2"


@given(
    st.sampled_from([96_000, 48_000, 44_100, 32_000, 16_000, 8_000]),
    st.sampled_from([1, 2, 6, 8]),
)
def test_what_is_made_reads_the_same(rate: int, channels: int) -> None:
    config = aac.make_config(rate, channels)
    assert aac.parse_config(config) == (aac.LOW_COMPLEXITY, rate, channels)


def test_rate_spelled_out_is_read() -> None:
    config = (2 << 35 | 15 << 31 | 44_100 << 7 | 2 << 3).to_bytes(5, "big")
    assert aac.parse_config(config) == (aac.LOW_COMPLEXITY, 44_100, 2)


@given(st.binary(max_size=12))
def test_noise_is_refused_by_name(noise: bytes) -> None:
    with suppress(UnsupportedMedia):
        assert aac.parse_config(noise).sample_rate > 0


def test_what_aac_cannot_carry_is_refused() -> None:
    with pytest.raises(UnsupportedMedia):
        aac.make_config(48_001, 2)
    with pytest.raises(UnsupportedMedia):
        aac.make_config(48_000, 7)
