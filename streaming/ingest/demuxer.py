"""The demuxer process: an MPEG-TS on standard input, frames for the link on standard output.

Strangers' bytes meet libav here, and here only: what they break is this process, which has no key,
no socket and nobody else's picture.
"""

import ctypes
import logging
import os
import signal
import sys

from streaming.errors import SourceLost, UnsupportedMedia
from streaming.ingest.demux import Pass, ts_frames
from streaming.link import AnyMessage, Unusable, frame

COMMAND = (sys.executable, "-m", "streaming.ingest.demuxer")
PR_SET_PDEATHSIG = 1  # prctl(2)

logger = logging.getLogger(__name__)


def main() -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    out = os.dup(1)
    os.dup2(2, 1)  # whoever prints something does not break the frames

    def tell(message: AnyMessage) -> None:
        data = memoryview(frame(message))
        while data:
            data = data[os.write(out, data) :]

    try:
        for each in ts_frames(lambda size: os.read(0, size), Pass(begin=None)):
            tell(each)
    except (UnsupportedMedia, SourceLost) as error:
        tell(Unusable(str(error)))
    except BrokenPipeError:
        pass  # nobody wants it any more


if __name__ == "__main__":
    main()
