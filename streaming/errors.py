"""What can go wrong with media, each under one root so that a caller may catch them together."""


class StreamingError(Exception):
    """Root of every error raised by `streaming`."""


class OfferRejected(StreamingError):
    """A WebRTC offer that we cannot answer; the message says why."""


class UnsupportedMedia(StreamingError):
    """A codec, profile or structure that we do not carry; the message says what to change."""


class SourceLost(StreamingError):
    """A studio that stopped sending."""


class PublishRefused(StreamingError):
    """A publisher turned away: an unknown key, or a slot already taken."""


class WrongKey(PublishRefused):
    """A publisher whose key opens nothing: it is told no more than that."""


class LinkLost(StreamingError):
    """The connection to another of our processes ended."""


class NotAdmitted(LinkLost):
    """Another machine does not accept our pass."""
