"""What each channel shows now, who watches, whether its captions come; and the restreams."""

import logging
import time
from collections.abc import Callable
from typing import Literal, TypeVar

import msgspec

from engagement.changes import order
from tv.captioning.partial import OpenWord, Partial
from tv.items import Rendered, channel_item, restream_item
from tv.settings import Settings
from tv.sockets import Message
from tv.upstream import Upstream

logger = logging.getLogger(__name__)

K = TypeVar("K")

SILENCE = 6.0  # seconds without a word from another process: three of its heartbeats or more

NOTHING_SAID = Message("", "")

CaptionsState = Literal["on", "late", "interrupted", "off"]


class Watching(msgspec.Struct, frozen=True):
    """What each web process publishes: how many of its pages show each channel."""

    process: str
    viewers: dict[str, int]


_heard = msgspec.json.Decoder(Partial)
_watching = msgspec.json.Decoder(Watching)


class Airing:
    """The channels' and the restreams' items, each with a version that grows when it changes.

    `viewers` counts the pages of this process, whose own count is heard like the others' and told
    from them by the name `process`.
    """

    def __init__(
        self,
        upstream: Upstream,
        settings: Settings,
        viewers: Callable[[str], int],
        process: str = "",
        silence: float = SILENCE,
    ) -> None:
        self._upstream = upstream
        self._settings = settings
        self._viewers = viewers
        self._process = process
        self._silence = silence
        # When each channel's captions were heard of, how they are, and what ails them.
        self._captions: dict[str, tuple[float, CaptionsState, str]] = {}
        self._by_person: dict[str, bool] = {}  # whether it was a person who was heard of last
        self._elsewhere: dict[str, tuple[float, dict[str, int]]] = {}  # process -> heard, viewers
        self._partial: dict[str, Message] = {}
        self._words: dict[str, list[OpenWord]] = {}
        self._items: dict[tuple[str, bool], Rendered] = {}
        self._restreams: dict[str, Rendered] = {}
        # What each channel has on air and chosen, and the version since which that is so.
        self._settled: dict[str, tuple[str, tuple[str, ...]]] = {}
        self._changes = 0
        self._latest = 0  # milliseconds of the newest version
        for channel in settings.channels:
            self.refresh(channel)

    def item(self, channel: str, crew: bool) -> Rendered | None:
        """What a channel shows, with its `version`; None for a channel that does not exist."""
        return self._items.get((channel, crew))

    def every(self, kind: str, crew: bool) -> list[Rendered]:
        """All items of a view: "channels", or "restreams", which only the crew sees."""
        if kind == "channels":
            return [self._items[channel, crew] for channel in self._settings.channels]
        return list(self._restreams.values()) if crew else []

    def switched_since(self, channel: str, version: str) -> bool:
        """Whether something else is on air or chosen than in the crew's item of that version.

        Figures make a new version every second, which is no reason not to switch.
        """
        return order(version) < order(self._settled[channel][0])

    def partial(self, channel: str) -> Message:
        """The newest message with the words still open; its version is "" before any."""
        return self._partial.get(channel, NOTHING_SAID)

    def watching(self) -> bytes:
        """What to publish of this process's viewers."""
        viewers = {channel: self._viewers(channel) for channel in self._settings.channels}
        return msgspec.json.encode(Watching(self._process, viewers))

    def hear_watching(self, message: bytes) -> None:
        """Take in what a web process published of its viewers."""
        heard = _watching.decode(message)
        now = time.monotonic()
        self._elsewhere = {
            process: known for process, known in self._elsewhere.items() if self._lives(known[0])
        }
        if heard.process != self._process:
            self._elsewhere[heard.process] = now, heard.viewers

    def hear(self, message: bytes) -> str:
        """Take in what captions published; return the channel it changed, or ""."""
        try:
            heard = _heard.decode(message)
        except ValueError as error:  # msgspec's own, or a text's that is no UTF-8
            logger.warning("captions sent what cannot be read (%s)", error)
            return ""
        channel = heard.channel
        if channel not in self._settings.channels:
            return ""
        self._captions[channel] = (time.monotonic(), heard.state, heard.reason)
        self._by_person[channel] = heard.source != "machine"
        changed = self._say(channel, heard.words)
        return channel if self.refresh(channel) or changed else ""

    def refresh_restream(self, name: str) -> bool:
        """Look again at how a restream does; say whether anything changed."""
        return self._keep(self._restreams, name, restream_item(self._upstream.restreams[name]))

    def refresh(self, channel: str) -> bool:
        """Look again at what a channel shows; say whether anything changed."""
        state = self._upstream.states.get(channel)
        captions, reason = self._captions_state(channel)
        # Words that nobody settles any more are not left on screens.
        changed = captions in ("interrupted", "off") and self._say(channel, [])
        watching = self._viewers(channel) + sum(
            viewers.get(channel, 0)
            for heard, viewers in self._elsewhere.values()
            if self._lives(heard)
        )
        if state:  # players that are no page of ours have no socket
            watching = max(watching, state.webrtc_viewers)
        for crew in (False, True):
            item = channel_item(
                channel,
                self._settings.channels[channel].name or channel,
                state,
                captions,
                self._by_person.get(channel, False),
                reason,
                watching,
                self._upstream.interrupted,
                crew,
                self._settings.channels[channel].signs,
            )
            changed = self._keep(self._items, (channel, crew), item) or changed
        shown = (item["on_air"], item["chosen"])  # to the crew
        if shown != self._settled.get(channel, ("", ()))[1]:
            self._settled[channel] = (item["version"], shown)
        return changed

    def _keep(self, kept: dict[K, Rendered], key: K, item: Rendered) -> bool:
        """Keep an item, under a new version if it is another one than before."""
        item["version"] = kept[key]["version"] if key in kept else ""
        if item == kept.get(key):
            return False
        self._changes += 1
        self._latest = max(self._latest, int(self._upstream.now() * 1000))
        item["version"] = f"{self._latest}-{self._changes}"
        kept[key] = item
        return True

    def _say(self, channel: str, words: list[OpenWord]) -> bool:
        """Make the message with the words still open, if they are other ones than before."""
        if words == self._words.get(channel, []):
            return False
        self._words[channel] = words
        body = {"type": "partial", "channel": channel, "words": words}
        version = int(self.partial(channel).version or 0) + 1
        self._partial[channel] = Message(msgspec.json.encode(body).decode(), str(version))
        return True

    def _lives(self, heard: float) -> bool:
        return time.monotonic() - heard < self._silence

    def _captions_state(self, channel: str) -> tuple[CaptionsState, str]:
        at, state, reason = self._captions.get(channel, (float("-inf"), "interrupted", ""))
        if self._lives(at):  # a person may write them on any channel
            return state, reason
        return ("interrupted" if channel in self._settings.captions.channels else "off"), ""
