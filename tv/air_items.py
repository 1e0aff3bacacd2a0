"""What pages and the API say of the rundown, of screens, and of messages to the stage."""

from collections.abc import Callable
from typing import Any

from engagement.fold import Item
from engagement.messages import Message
from engagement.rundown.entry import Air, Entry
from engagement.screens import Screen
from tv.problems import rfc3339

Rendered = dict[str, Any]
Render = Callable[[Item, bool], Rendered]


def entry_item(entry: Entry, crew: bool, render: Render) -> Rendered:
    """`shows` is the question, poll, post or synthesis that it is about, said by `render`, or null.

    `ends_at`: when it goes off by itself, or when its countdown reaches zero.
    """
    content = entry.content
    return {
        "kind": "entry",
        "id": entry.id,
        "type": entry.kind,
        "state": entry.state,
        "title": content.title,
        "text": content.text,
        "shows": render(entry.shows, crew) if entry.shows and (crew or entry.ready) else None,
        "target": content.target,
        "channel": content.channel,
        "to": list(content.to),
        "duration": content.duration,
        "until": rfc3339(content.until),
        "rank": entry.rank,
        "automatic": entry.automatic,
        "layer": entry.layer,
        "on_at": rfc3339(entry.on_at),
        "off_at": rfc3339(entry.off_at),
        "ends_at": rfc3339(entry.ends_at),
        "version": entry.version,
    }


def air_item(air: Air, render: Render) -> Rendered:
    """`entries` are as everybody may see them, in the order in which they were taken."""
    return {
        "kind": "air",
        "id": air.id,
        "cleared": air.cleared,
        "entries": [entry_item(entry, False, render) for entry in air.entries],
        "version": air.version,
    }


def screen_item(screen: Screen) -> Rendered:
    setting = screen.setting
    return {
        "kind": "screen",
        "id": screen.id,
        "name": setting.name,
        "face": setting.face,
        "channel": setting.channel,
        "lab": setting.lab,
        "group": setting.group,
        "carries_overlay": setting.carries_overlay,
        "sound": setting.sound,
        "paired_at": rfc3339(screen.paired_at),
        "spotted_at": rfc3339(screen.spotted_at),
        "version": screen.version,
    }


def message_item(message: Message) -> Rendered:
    return {
        "kind": "message",
        "id": message.id,
        "talk": message.talk,
        "text": message.text,
        "author": message.author,
        "sent_at": rfc3339(message.sent_at),
        "acknowledged_at": rfc3339(message.acknowledged_at),
        "version": message.version,
    }
