"""Who is in a scripted world café: participants who go from table to table, hosts who stay.

Each has a page open, of the table where they are, and knows what they did: the ledger that what the
server says is held against.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from benchmarks import _phones, _regulars
from benchmarks._phones import Page

PATIENCE = 30.0  # seconds for a page to show its table


class Refusal(Exception):
    """The server refused what it should take."""


@dataclass
class Said:
    """An idea as its author knows it; `carried` are the tables where it was laid, and when."""

    text: str
    table: str
    round: int
    began: float  # when it was sent
    id: str = ""
    stops: list[tuple[str, int]] = field(default_factory=list)
    carried: dict[str, float] = field(default_factory=dict)
    dots: int = 0


@dataclass
class Ledger:
    """What all of them did, and saw; times in seconds."""

    said: dict[str, Said] = field(default_factory=dict)  # by text: each is the only one
    here: list[float] = field(default_factory=list)  # from sending to another page of the table
    there: list[float] = field(default_factory=list)  # from carrying to a page of that table
    # Ideas seen on a page of a table in a round that come from another table and round.
    met: Counter[tuple[str, int, str, int]] = field(default_factory=Counter)
    log: _regulars.Log = field(default_factory=_regulars.Log)


class Device:
    """Somebody's device: it insists on what it sends, and has a page open of one table."""

    def __init__(self, port: int, token: str, ledger: Ledger) -> None:
        self.token = token
        self.table = ""
        self.ledger = ledger
        self.seen: set[tuple[str, str]] = set()  # ideas, each at a table
        self._port = port
        self._round = 0
        self._page: Page | None = None
        self._since: float | None = None  # when the page began to show its table
        self._there = asyncio.Event()

    async def go(self, table: str, round: int) -> None:
        """Show a table from now on."""
        self.table, self._round = table, round
        self._since = None
        self._there.clear()
        topics = self.topics(table)
        if self._page is None:
            self._page = await _phones.open_page(self._port, self.token, topics, self._hear)
        else:
            self._page.show(topics)
        async with asyncio.timeout(PATIENCE):
            await self._there.wait()

    def topics(self, table: str) -> dict[str, str]:
        lab = table.rpartition(".")[0]
        return {f"lab:{lab}": "", f"table:{table}": "", "me:cafe": ""}

    def leave(self) -> None:
        if self._page is not None:
            self._page.transport.close()

    async def ask(
        self, method: str, path: str, body: object = None, key: str = "", twice: bool = False
    ) -> Any:
        """Send until it is in; return the answer. With `twice`, the same is sent again."""
        asked = _phones.request(method, f"/api/v1{path}", self.token, body, key)
        tries = [_regulars.insist(self._port, asked, self.ledger.log) for _ in range(1 + twice)]
        answer = msgspec.json.decode((await asyncio.gather(*tries))[0])
        if str(answer.get("type", "")).startswith("urn:fabrique-tv:problem"):
            raise Refusal(f"{method} {path}: {answer}")
        return answer

    def _hear(self, page: Page, message: bytes) -> None:
        view = msgspec.json.decode(message)
        if view["type"] != "view" or view["topic"] != f"table:{self.table}":
            return
        now = time.monotonic()
        for item in view["items"]:
            if item["kind"] == "idea":
                self._see(item, now)
        if self._since is None:
            self._since = now
            self._there.set()

    def _see(self, item: Mapping[str, Any], now: float) -> None:
        said = self.ledger.said.get(item["text"])
        if said is None or (said.text, self.table) in self.seen:
            return
        self.seen.add((said.text, self.table))
        if said.table != self.table:
            origin = item["table"], item["round"]
            self.ledger.met[(*origin, self.table, self._round)] += 1
        elsewhere = said.table != self.table
        sent = said.carried.get(self.table) if elsewhere else said.began
        if sent is not None and self._since is not None and self._since < sent:
            (self.ledger.there if elsewhere else self.ledger.here).append(now - sent)


class Participant(Device):
    """Somebody who has ideas, and takes one along to each next table."""

    def __init__(self, port: int, token: str, ledger: Ledger, name: str) -> None:
        super().__init__(port, token, ledger)
        self.name = name
        self.own: list[Said] = []

    async def sit(self, table: str, round: int) -> None:
        await asyncio.gather(
            self.go(table, round),
            self.ask("POST", f"/tables/{table}:sit", {}, f"sit-{table}-{round}"),
        )

    async def think(self, cafe: str, round: int, text: str, twice: bool = False) -> None:
        """Have an idea at the table where they are, written in a round."""
        said = Said(text, self.table, round, time.monotonic())
        self.ledger.said[text] = said
        self.seen.add((text, self.table))  # one's own page is no measure
        self.own.append(said)
        body = {"cafe": cafe, "table": self.table, "round": round, "text": text}
        answer = await self.ask("POST", "/contributions", body, f"idea-{len(self.own)}", twice)
        said.id = answer["id"]

    async def carry(self, said: Said, round: int) -> None:
        """Lay an idea on the table where they are."""
        said.carried[self.table] = time.monotonic()
        said.stops.append((self.table, round))
        self.seen.add((said.text, self.table))
        body = {"table": self.table}
        await self.ask("POST", f"/contributions/{said.id}:carry", body, f"carry-{said.id}-{round}")

    async def dot(self, said: Said, dots: int) -> None:
        said.dots += dots
        body = {"dots": dots}
        await self.ask("PUT", f"/contributions/{said.id}/dots", body, f"dots-{said.id}")


class Host(Device):
    """Who stays at a table: groups its ideas, and writes what comes of them."""

    async def open(self, table: str, name: str) -> None:
        await self.ask("POST", f"/tables/{table}:host", {"name": name}, f"host-{table}")
        await self.go(table, 0)

    async def formalise(self, cafe: str) -> str:
        """Two groups, and a synthesis of them that is written in two goes, and shared; its id."""
        listed = await self.ask("GET", f"/contributions?cafe={cafe}&table={self.table}&limit=500")
        ideas = [item["id"] for item in listed["items"]]
        await self.ask("POST", "/clusters:suggest", {"table": self.table})
        groups = []
        for number, some in enumerate((ideas[::2], ideas[1::2]), 1):
            body = {"table": self.table, "name": f"Groupe {number}", "contributions": some}
            made = await self.ask("POST", "/clusters", body, f"group-{self.table}-{number}")
            groups.append(made["id"])
        body = {"table": self.table, "title": f"Ce que propose la {self.table}"}
        begun = await self.ask("POST", "/syntheses", body, f"synthesis-{self.table}")
        text = {"body": "Nous proposons un guide du locataire.\nIl est écrit avec les gardiens."}
        address = f"/syntheses/{begun['id']}"
        await self.ask("PATCH", address, text | {"clusters": groups}, f"draft-{self.table}")
        await self.ask("POST", f"{address}:share", {"open": True}, f"share-{self.table}")
        return str(begun["id"])
