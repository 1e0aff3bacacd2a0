"""What each channel shows now, who watches, and whether its captions come."""

import logging
from collections.abc import Callable
from typing import Literal

import msgspec

from tv.items import Rendered, channel_item
from tv.settings import Settings
from tv.upstream import Upstream

logger = logging.getLogger(__name__)

SILENCE = 6.0  # seconds without a word from the captions process: three of its heartbeats

CaptionsState = Literal["on", "late", "interrupted", "off"]


class PartialWord(msgspec.Struct, frozen=True):
    """A word that may still change."""

    text: str
    start: float
    end: float


class Heard(msgspec.Struct, frozen=True):
    """What the captions process publishes: the words still open, and how it fares."""

    channel: str
    words: list[PartialWord] = []
    state: Literal["on", "late", "interrupted"] = "on"
    at: float = 0.0


_heard = msgspec.json.Decoder(Heard)


class Airing:
    """The channels' items, each with a version that grows when it changes."""

    def __init__(
        self, upstream: Upstream, settings: Settings, viewers: Callable[[str], int]
    ) -> None:
        self._upstream = upstream
        self._settings = settings
        self._viewers = viewers
        self._captions: dict[str, tuple[float, CaptionsState]] = {}  # when heard, and what
        self._partial: dict[str, tuple[int, str]] = {}  # number, message
        self._words: dict[str, list[PartialWord]] = {}
        self._items: dict[tuple[str, bool], Rendered] = {}
        self._changes = 0
        for channel in settings.channels:
            self.refresh(channel)

    def item(self, channel: str, crew: bool) -> Rendered | None:
        """What a channel shows, with its `version`; None for a channel that does not exist."""
        return self._items.get((channel, crew))

    def partial(self, channel: str) -> tuple[int, str]:
        """The newest message with the words still open, and its number; (0, "") before any."""
        return self._partial.get(channel, (0, ""))

    def hear(self, message: bytes) -> str:
        """Take in what captions published; return the channel it changed, or ""."""
        try:
            heard = _heard.decode(message)
        except msgspec.DecodeError as error:
            logger.warning("captions sent what cannot be read (%s)", error)
            return ""
        channel = heard.channel
        if channel not in self._settings.channels:
            return ""
        self._captions[channel] = (self._upstream.now(), heard.state)
        changed = self.refresh(channel)
        if heard.words != self._words.get(channel, []):
            self._words[channel] = heard.words
            body = {"type": "partial", "channel": channel, "words": heard.words}
            number, _ = self.partial(channel)
            self._partial[channel] = (number + 1, msgspec.json.encode(body).decode())
            changed = True
        return channel if changed else ""

    def refresh(self, channel: str) -> bool:
        """Look again at what a channel shows; say whether anything changed."""
        changed = False
        state = self._upstream.states.get(channel)
        watching = self._viewers(channel)
        if state:
            watching = max(watching, state.webrtc_viewers)
        for crew in (False, True):
            item = channel_item(
                channel,
                self._settings.channels[channel].name or channel,
                state,
                self._captions_state(channel),
                watching,
                crew,
            )
            known = self._items.get((channel, crew))
            if known is None or {**known, "version": ""} != {**item, "version": ""}:
                self._changes += 1
                item["version"] = f"{int(self._upstream.now() * 1000)}-{self._changes}"
                self._items[channel, crew] = item
                changed = True
        return changed

    def _captions_state(self, channel: str) -> CaptionsState:
        if channel not in self._settings.captions.channels:
            return "off"
        at, state = self._captions.get(channel, (float("-inf"), "interrupted"))
        return state if self._upstream.now() - at < SILENCE else "interrupted"
