"""libav's decoders, opened by what their packets are: some are not called as their codec."""

from typing import Any

import av

NAMES = {"av1": "libdav1d"}  # what FFmpeg itself calls "av1" needs a graphics card


def picture_decoder(codec: str, config: bytes) -> Any:
    """A decoder of pictures. Raises ValueError when libav has none."""
    context: Any = av.CodecContext.create(NAMES.get(codec, codec), "r")
    if config:
        context.extradata = config
    return context
