"""What all messages of the link are."""

import msgspec


class Message(msgspec.Struct, frozen=True, array_like=True, tag=True):
    """Root of what goes over the link."""
