"""Whether what somebody wrote is an address: urllib takes nearly anything, and fails later."""

from collections.abc import Collection
from urllib.parse import urlsplit


def is_url(text: str, schemes: Collection[str]) -> bool:
    """Whether it has one of these schemes, a host, and a port that there may be, if any."""
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:  # a port that is no number, a bracket that is not closed
        return False
    return parts.scheme in schemes and port != 0 and bool(parts.hostname)
