"""What can go wrong with captions, each under one root so that a caller may catch them together."""


class CaptionsError(Exception):
    """Root of every error raised by `captions`; the message is for people, in French."""


class ModelUnavailable(CaptionsError):
    """The speech model cannot be found or loaded; the message says what to do."""


class SoundUnreadable(CaptionsError):
    """A file or a packet that holds no sound we can decode."""
