"""A small picture of a moment: the first keyframe of a segment, as JPEG."""

import io

import av
from av.error import FFmpegError

from streaming.archive.boxes import Unreadable
from streaming.archive.fragments import PICTURE, Frame, configuration, read_init, read_runs
from streaming.decoders import picture_decoder

WIDTH = 320  # pixels
QUALITY = 75  # of JPEG: some 10 kB


def thumbnail(init: bytes, media: bytes) -> bytes:
    """The first keyframe in `media`, which are whole parts of a segment. Raises Unreadable.

    Decoding takes some 10 ms at 1080p, in the thread that calls.
    """
    frame = _first_key(media)
    try:
        decoder = picture_decoder("h264", configuration(read_init(init).picture))
        decoder.thread_count = 1
        packet = av.Packet(media[frame.offset : frame.offset + frame.size])
        pictures = decoder.decode(packet) or decoder.decode(None)
        if not pictures:
            raise Unreadable("a keyframe that shows nothing")
        picture = pictures[0]
        height = max(2, round(WIDTH * picture.height / picture.width / 2) * 2)
        small = picture.reformat(width=WIDTH, height=height, format="rgb24")
        jpeg = io.BytesIO()
        small.to_image().save(jpeg, "JPEG", quality=QUALITY)
        return jpeg.getvalue()
    except (FFmpegError, ValueError, OSError) as error:
        raise Unreadable(f"a keyframe that cannot be decoded: {error}") from error


def _first_key(media: bytes) -> Frame:
    for run in read_runs(io.BytesIO(media)):
        if run.track == PICTURE:
            for frame in run.frames:
                if frame.key:
                    return frame
    raise Unreadable("no keyframe")
