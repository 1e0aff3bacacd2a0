"""Who follows the live windows and the channels' states over the link: web processes, edges."""

import asyncio
from collections.abc import Callable, Iterable, Mapping

from streaming import link
from streaming.hls.window import Window, WindowEvent


class Followers:
    """All who follow; each is told first what there is, then what changes.

    `streams` are the windows by what they are called over the link, `states` what else a newcomer
    needs to know: for an edge that is all.
    """

    def __init__(
        self,
        streams: Callable[[], Mapping[str, Window]],
        states: Callable[[], Iterable[link.AnyMessage]],
    ) -> None:
        self._streams = streams
        self._states = states
        self._there: set[link.Link] = set()
        self._of_windows: set[link.Link] = set()
        self._noted: dict[str, list[WindowEvent]] = {}  # by stream, told in a moment

    def tell(self, message: link.AnyMessage) -> None:
        """Send `message`, encoded once, to all of them."""
        _send(message, self._there)

    def note(self, stream: str, event: WindowEvent) -> None:
        """Tell them of `event`, together with what happens with it."""
        if not self._noted:
            asyncio.get_running_loop().call_soon(self._tell_windows)
        self._noted.setdefault(stream, []).append(event)

    def _tell_windows(self) -> None:
        noted, self._noted = self._noted, {}
        for stream, events in noted.items():
            _send(link.WindowChanged(stream, events), self._of_windows)

    def welcome(self, peer: link.Link) -> None:
        """Tell a newcomer how things are, and from now on what becomes of them."""
        for state in self._states():
            peer.send(state)
        self._there.add(peer)

    async def show(self, peer: link.Link) -> None:
        """The same with the windows: as fast as it reads, then at once what came meanwhile."""
        there = {name: list(window.snapshot()) for name, window in self._streams().items()}
        for name, events in there.items():
            for event in events:
                peer.send(link.WindowChanged(name, [event]))
                await peer.drain()
        told = {id(event) for events in there.values() for event in events}
        self._tell_windows()  # to the others: the newcomer gets it below
        for name, window in self._streams().items():
            for event in window.snapshot():
                if id(event) not in told:
                    peer.send(link.WindowChanged(name, [event]))
        self._of_windows.add(peer)
        self.welcome(peer)

    def part(self, peer: link.Link) -> None:
        """One that is gone."""
        self._there.discard(peer)
        self._of_windows.discard(peer)


def _send(message: link.AnyMessage, peers: Iterable[link.Link]) -> None:
    """Encode once what goes to several."""
    data = link.frame(message)
    for peer in peers:
        peer.send_frame(data)
