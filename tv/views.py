"""Views: what a page shows of a topic, and what changed in it since the page last heard.

A view's message is built once for all pages of the same audience that have the same version.
"""

import re
from dataclasses import dataclass, field
from math import inf
from typing import Any

import msgspec

from engagement.audience import key
from engagement.batches import ReadThing
from engagement.changes import START, order
from engagement.fold import Item, View
from engagement.questions import Question
from engagement.talks import TALKS
from engagement.talks.public import Span
from tv import items
from tv.airing import Airing
from tv.auth import MODERATORS, Identity
from tv.captioning.access import CaptionAccess, is_in
from tv.devices import sender_item
from tv.duplicates import Duplicates
from tv.follower import Follower
from tv.sockets import Message

POSITION = re.compile(r"\d{1,15}(?:-\d{1,10})?")
TOPIC = re.compile(
    r"(event|wall|talks|channels|restreams|rundown|screens|overlay|cafes|labs|shared|sent|ideas|alerts"
    r"|blocks)"
    r"|(screen|talk|channel|captions|captioning|me|reactions|lab|table)"
    r":([A-Za-z0-9][A-Za-z0-9._-]{0,63})"
)
LAG = 10_000  # milliseconds by which another process's fold may be ahead of ours
AIRED = ("channel", "channels", "restreams")  # their items say what is so now, not what was done
OVERLAP = 5_000  # milliseconds by which our version of what another process told may be older
EVERY_TIME = ((-inf, inf),)
CACHED = 64  # messages kept per view: pages that have different versions of it


def view_of(topic: str, participant: str) -> View | None:
    """The view that a topic names; None for what is not a topic."""
    found = TOPIC.fullmatch(topic)
    if found is None:
        return None
    kind = found[1] or found[2]
    return kind, found[3] or "", participant if kind == "me" else ""


def topic_of(view: View) -> str:
    """What a page calls a view."""
    kind, name, _ = view
    return f"{kind}:{name}" if name else kind


def sees_all(who: Identity, view: View) -> bool:
    """Whether somebody gets what the crew alone is told of a view."""
    kind, name, _ = view
    if kind == "screen" and who.screen == name:
        return True
    if kind in ("alerts", "blocks") and who.role not in MODERATORS:
        return False
    if kind == "captions":  # of every talk of the channel: see tv/captioning/access.py
        return who.role in MODERATORS and not who.talk
    return who.crew(name if kind in ("talk", "me") else "")


@dataclass
class _Cache:
    version: str
    opened: tuple[Span, ...] = ()  # the times of the captions in `messages`
    messages: dict[str, Message] = field(default_factory=dict)


class Views:
    """Builds views from the fold and from what is on air."""

    def __init__(
        self,
        follower: Follower,
        airing: Airing,
        duplicates: Duplicates,
        access: CaptionAccess,
    ) -> None:
        self._follower = follower
        self._airing = airing
        self._duplicates = duplicates
        self._access = access
        self._caches: dict[tuple[View, bool], _Cache] = {}

    def version(self, view: View, crew: bool) -> str:
        """The version that a view has now."""
        kind, name, participant = view
        audience = self._follower.audience
        match kind:
            case "captions":
                cues = self._follower.recent_cues.get(name)
                version = cues.version if cues else ""
            case "captioning":
                talks = self._version_of(TALKS)
                version = max(talks, self._follower.captions.version, key=order)
            case "me":
                version = audience.version_of_theirs(name, participant)
            case "channels" | "restreams":
                every = self._airing.every(kind, crew)
                version = max((item["version"] for item in every), key=order, default="")
            case "channel":
                item = self._airing.item(name, crew)
                version = item["version"] if item else ""
            case _:
                version = self._version_of(view)
        return version or START

    def _version_of(self, view: View) -> str:
        changes = self._follower.audience.changes(view)
        return changes.version if changes else ""

    def message(self, view: View, crew: bool, since: str) -> Message:
        """What brings a page from `since` to now ("" for a page that has nothing)."""
        if not POSITION.fullmatch(since):
            since = ""
        version = self.version(view, crew)
        if since == version:
            return Message("", version)
        if view[0] == "me":  # one page's own: nobody to share it with
            return self._build(view, crew, since, version)
        opened = self._opened(view, crew)
        cache = self._caches.get((view, crew))
        known_of = (cache.version, cache.opened) if cache else None
        if cache is None or known_of != (version, opened) or len(cache.messages) >= CACHED:
            cache = self._caches[view, crew] = _Cache(version, opened)
            self._forget_unused()
        if (known := cache.messages.get(since)) is None:
            known = cache.messages[since] = self._build(view, crew, since, version)
        return known

    def compared(self, view: View, version: str, since: str) -> Message:
        """The questions of a talk that others were found near to, for the crew.

        `version` is what the view has; `since` and the message's version are of the comparisons. A
        page that has none yet ("") got what is known with the questions.
        """
        compared = self._duplicates.compared(view[1])
        newest = compared.version or START
        if since in ("", newest):
            return Message("", newest)
        by_id = self._follower.audience.questions.by_id
        questions = [by_id[name] for name in compared.since(since) if name in by_id]
        shown = [self._item(each, crew=True) for each in questions if each.state == "pending"]
        if not shown:
            return Message("", newest)
        return Message(_written(view, version, False, shown, []), newest)

    def _build(self, view: View, crew: bool, since: str, version: str) -> Message:
        kind, name, participant = view
        reset = not since
        if since and kind not in AIRED:
            if order(version) < order(since) <= (order(version)[0] + LAG, 0):
                return Message("", since)  # it comes from a process that is ahead: wait
            # What is older than the journal, or far ahead of it, is the version of another one.
            known = order(self._follower.first) <= order(since) <= order(version)
            reset = not known and since != START
        after = "" if reset else since
        shown: list[items.Rendered] = []
        removed: list[str] = []
        audience = self._follower.audience
        match kind:
            case "captions" if cues := self._follower.recent_cues.get(name):
                if order(after) < order(cues.forgotten):
                    after, reset = "", True
                opened = self._opened(view, crew)
                for cue in cues.since(after):
                    if cue.hidden:
                        removed += [] if reset else [f"cue:{cue.id}"]
                    elif is_in(cue, opened):
                        shown.append(items.cue_item(cue))
            case "captioning" if crew:
                reset, shown = True, self._captioning(name)
            case "channel" if channel := self._airing.item(name, crew):
                shown = [channel]
            case "channels" | "restreams":
                older = order(since)[0] - OVERLAP
                every = self._airing.every(kind, crew)
                shown = [item for item in every if order(item["version"])[0] > older]
            case "me":
                shown = [items.me_item(audience, name, participant)]
            case _ if changes := audience.changes(view):
                if order(after) < order(changes.forgotten):
                    after, reset = "", True
                for item in changes.since(after):
                    if items.seen(item, crew):
                        shown.append(self._item(item, crew))
                    elif items.was_seen(item, crew) and not reset:
                        removed.append(key(item))
        if not (shown or removed or reset):
            return Message("", version)
        return Message(_written(view, version, reset, shown, removed), version)

    def _item(self, item: Item, crew: bool) -> items.Rendered:
        """An item as pages receive it; for the crew, with its sender and the questions near it."""
        shown = items.item(item, crew)
        if crew and isinstance(item, ReadThing):
            shown |= sender_item(item)
        if crew and isinstance(item, Question) and item.state == "pending":
            shown["near"] = self._duplicates.to(item)
        return shown

    def _opened(self, view: View, crew: bool) -> tuple[Span, ...]:
        """The times whose captions an audience gets."""
        if view[0] != "captions":
            return ()
        return EVERY_TIME if crew else self._access.opened(view[1])

    def _captioning(self, channel: str) -> list[items.Rendered]:
        """All that the crew is told of a channel's captions, beside the cues that show."""
        captions = self._follower.captions
        talk = self._follower.audience.talks.live_on(channel)
        hidden = [cue for cue in self._follower.recent_cues.get(channel, ()) if cue.hidden]
        return [
            items.captioning_item(channel, captions, talk),
            *map(items.rule_item, captions.made_rules.values()),
            *map(items.hidden_cue_item, hidden),
        ]

    def _forget_unused(self) -> None:
        # Topics are named by pages: names of what does not exist must not pile up.
        if len(self._caches) > 10_000:
            self._caches.clear()


def _written(
    view: View, version: str, reset: bool, shown: list[items.Rendered], removed: list[str]
) -> str:
    body: dict[str, Any] = {
        "type": "view",
        "topic": topic_of(view),
        "version": version,
        "reset": reset,
        "items": shown,
        "removed": removed,
    }
    return msgspec.json.encode(body).decode()
