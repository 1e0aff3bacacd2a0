"""What is on air, sent on to other platforms by RTMP and RTMPS, without encoding it again.

No native code, and nothing that waits: a target that is slow, dead or hostile costs only itself.
"""

from streaming.errors import StreamingError


class TargetLost(StreamingError):
    """A target that cannot be reached, or not any more; the message says why, in French.

    It names the host alone: keys, and what else is secret in an address, are never in it.
    """
