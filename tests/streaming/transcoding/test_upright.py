"""Pictures that lie on their side stand, and fields become frames; all of them keep their time."""

from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import numpy.typing as npt
import pytest
from av.bitstream import BitStreamFilterContext

from streaming.h264 import parameter_sets, parse_sps
from streaming.packet import Packet
from streaming.transcoding.transcoder import Transcoder
from tests.streaming import numbers
from tests.streaming.transcoding.test_transcoder import START, encode, packets


def luma(made: list[Packet]) -> npt.NDArray[np.uint8]:
    """The first picture."""
    context: Any = av.CodecContext.create("h264", "r")
    context.extradata = made[0].config
    frames = [frame for packet in made for frame in context.decode(av.Packet(packet.data))]
    picture: npt.NDArray[np.uint8] = frames[0].to_ndarray(format="gray")
    return picture


@pytest.mark.parametrize("turn", [90, 180, 270])
def test_a_picture_on_its_side_stands(tmp_path: Path, turn: int) -> None:
    path = tmp_path / "film.mp4"
    numbers.film(path, "libx264", 12, options={"bf": "0"})
    given = []
    with av.open(str(path)) as container:
        stream: Any = container.streams.video[0]
        config = bytes(stream.codec_context.extradata)
        told = BitStreamFilterContext(
            f"h264_metadata=display_orientation=insert:rotate={turn}", stream
        )
        for packet in container.demux(stream):
            for each in told.filter(packet) if packet.size else ():
                time = START + float(each.pts * each.time_base)
                given.append(Packet(bytes(each), time, time, each.is_keyframe, config))
    made = encode(Transcoder("h264", 1080, 30), given)
    assert [packet.pts for packet in made] == [packet.pts for packet in given]
    info = parse_sps(parameter_sets(made[0].config)[0][0])
    lies = turn % 180 == 90
    assert (info.width, info.height) == (numbers.SIZE[::-1] if lies else numbers.SIZE)
    meant = np.rot90(numbers.picture(0)[:, :, 0], turn // 90)  # counterclockwise, too
    assert np.abs(luma(made).astype(int) - meant).mean() < 12


def test_fields_become_frames(tmp_path: Path) -> None:
    path = tmp_path / "film.ts"
    with av.open(str(path), "w") as container:
        options = {"flags": "+ilme+ildct", "b": "4M"}
        stream: Any = container.add_stream("mpeg2video", rate=25, options=options)
        stream.width, stream.height, stream.pix_fmt = *numbers.SIZE, "yuv420p"
        for index in range(30):
            picture = numbers.picture(0)
            picture[0::2] = 40  # one field dark, one light: a comb
            picture[1::2] = 200
            frame = av.VideoFrame.from_ndarray(picture).reformat(format="yuv420p")
            frame.pts, frame.time_base = index, Fraction(1, 25)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    given = packets(list(numbers.read(path)))
    made = encode(Transcoder("mpeg2video", 1080, 30), given)
    times = sorted(packet.pts for packet in given)
    assert len(made) >= len(given) - 4
    assert [packet.pts for packet in made] == times[: len(made)]
    rows = luma(made).astype(int).mean(axis=1)
    assert np.abs(np.diff(rows[8:-8])).max() < 20
