"""Messages from the control room to whoever is on stage, acknowledged in one tap."""

from collections.abc import Collection
from typing import ClassVar, get_args

import msgspec
from msgspec.structs import replace

from engagement.fold import (
    Accepted,
    Event,
    Fold,
    Item,
    MakingInTalk,
    Outcome,
    Reason,
    Refused,
    View,
    outdated,
)

UNREAD = 10  # messages of a talk that may wait to be acknowledged


class MessageSent(MakingInTalk, frozen=True):
    """The control room writes to whoever is on stage in a talk."""

    makes: ClassVar[str] = "message"

    message: str
    text: str
    author: str = ""


class MessageAcknowledged(Event, frozen=True):
    """It was read on stage."""

    message: str


AnyMessageEvent = MessageSent | MessageAcknowledged


class Message(Item, frozen=True, kw_only=True):
    """For the crew of `talk` alone."""

    talk: str
    text: str
    author: str
    sent_at: float
    acknowledged_at: float | None = None

    @property
    def views(self) -> tuple[View, ...]:
        return (("talk", self.talk, ""),)

    @property
    def public(self) -> bool:
        return False


class Saved(msgspec.Struct, frozen=True):
    messages: tuple[Message, ...]


class Messages(Fold):
    """All messages by id."""

    events: ClassVar[Collection[type[Event]]] = get_args(AnyMessageEvent)
    saves: ClassVar[type[msgspec.Struct]] = Saved

    def __init__(self) -> None:
        super().__init__()
        self._by_id: dict[str, Message] = {}

    def find(self, message: str) -> Message | None:
        return self._by_id.get(message)

    def of(self, talk: str) -> list[Message]:
        """Those of a talk, the oldest first."""
        return [message for message in self._by_id.values() if message.talk == talk]

    def apply(self, position: str, event: AnyMessageEvent) -> Outcome:
        if isinstance(event, MessageSent):
            return self._send(position, event)
        message = self._by_id.get(event.message)
        if message is None:
            return Refused(Reason.UNKNOWN_MESSAGE)
        if outdated(event, message):
            return Refused(Reason.CHANGED, message)
        if message.acknowledged_at is not None:
            return Accepted(message)  # two of the crew may tap at once
        return Accepted(self._put(position, replace(message, acknowledged_at=event.at)))

    def standing(self, event: AnyMessageEvent) -> Item | None:
        return self._by_id.get(event.message)

    def items(self) -> Collection[Item]:
        return self._by_id.values()

    def saved(self) -> Saved:
        return Saved(tuple(self._by_id.values()))

    def restore(self, saved: Saved) -> None:
        self._by_id = {message.id: message for message in saved.messages}

    def _send(self, position: str, event: MessageSent) -> Outcome:
        if known := self._by_id.get(event.message):
            same = (known.talk, known.text) == (event.talk, event.text)
            return Accepted(known) if same else Refused(Reason.KEY_REUSED, known)
        unread = sum(message.acknowledged_at is None for message in self.of(event.talk))
        if unread >= UNREAD:
            return Refused(Reason.TOO_MANY_MESSAGES)
        message = Message(
            id=event.message,
            talk=event.talk,
            text=event.text,
            author=event.author,
            sent_at=event.at,
        )
        return Accepted(self._put(position, message))

    def _put(self, position: str, message: Message) -> Message:
        self._by_id[message.id] = message = replace(message, version=position)
        self.touched.append(message)
        return message
