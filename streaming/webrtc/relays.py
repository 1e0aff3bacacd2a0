"""Who sends a channel to its WebRTC viewers: live and, where it is offered, some seconds later."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from streaming.feed import Feed
from streaming.webrtc.delayed import Delayed
from streaming.webrtc.relay import Relay


@dataclass
class Relays:
    """The relays of one feed; `delayed` is None where it is not offered."""

    live: Relay
    delayed: Delayed | None = None

    def of(self, feed: str) -> Relay | None:
        """Who answers viewers of a feed; the delayed one begins with that. None: no such feed."""
        if feed == "delayed":
            return self.delayed.open() if self.delayed else None
        return self.live if feed in ("", "live") else None

    def __iter__(self) -> Iterator[Relay]:
        """All that send to viewers now."""
        yield self.live
        if self.delayed and self.delayed.relay:
            yield self.delayed.relay

    @property
    def viewers(self) -> int:
        """How many watch."""
        return sum(relay.viewers for relay in self)

    async def close(self) -> None:
        """Part from all viewers."""
        if self.delayed:
            await self.delayed.close()
        await self.live.close()


def relays(feed: Feed, delay: float, make_relay: Callable[[Feed], Relay]) -> Relays:
    """Those of `feed`; `delay` in seconds, 0: there is no delayed one."""
    return Relays(make_relay(feed), Delayed(feed, delay, make_relay) if delay else None)
