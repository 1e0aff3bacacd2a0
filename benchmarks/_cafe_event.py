"""A world café as it would be held: rounds, ideas that travel, dots, syntheses, one of them on air.

The numbers are the reader's to choose; in the end everything that was sent is accounted for.
"""

import asyncio
import contextlib
import itertools
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks import _phones
from benchmarks._cafe_people import Device, Host, Ledger, Participant, Said
from benchmarks._phones import Page
from benchmarks._venue import Server, Venue
from engagement.origin import EVERYWHERE
from tv.auth import Role

Row = dict[str, Any]
Interrupt = Callable[[], AsyncIterator[None]]  # breaks something, yields, ends when it is whole

STEPS = (
    "Recherche de logement",
    "Installation",
    "Vie dans le logement",
    "Vie dans le quartier",
    "Entretien et travaux",
    "Départ",
)
COLOURS = ("#0a6e4f", "#b3261e", "#1d4ed8", "#d97a00", "#7c3aed", "#0e7490")
PICTOGRAMS = "🔍📦🏠🏘🔧🚪"
TWICE = 10  # one idea in so many is sent twice, as by a phone that did not hear the answer
DOTS = 5  # of each participant
DONE_WITHIN = 1800.0  # seconds


@dataclass(frozen=True)
class Size:
    """`people` at each table; `ideas` in all, one in each round late; a round's ideas come within
    so many `seconds`."""

    labs: int = 6
    tables: int = 8
    rounds: int = 3
    people: int = 5
    ideas: int = 1500
    seconds: float = 20.0

    @property
    def slugs(self) -> list[str]:
        return [f"labo-{number}" for number in range(1, self.labs + 1)]

    @property
    def every_table(self) -> list[str]:
        numbers = range(1, self.tables + 1)
        return [f"{lab}.{number}" for lab, number in itertools.product(self.slugs, numbers)]

    def settings(self) -> dict[str, str]:
        """The laboratories, as the environment has them."""
        found: dict[str, str] = {}
        for slug, step, colour, sign in zip(self.slugs, STEPS, COLOURS, PICTOGRAMS, strict=False):
            section = f"LABS__{slug.upper().replace('-', '_')}"
            found[f"{section}__NAME"] = f"Laboratoire {slug[-1]}"
            found[f"{section}__STEP"] = step
            found[f"{section}__COLOUR"] = colour
            found[f"{section}__PICTOGRAM"] = sign
        return found

    def table(self, place: int, person: int, round: int) -> str:
        """Where somebody is in a round: all leave, and no two who sat together meet again soon.

        The fourth of table 3 is at table 7 in the second round.
        """
        lab, number = divmod(place, self.tables)
        moved = (number + (round - 1) * (person + 1)) % self.tables
        return f"{self.slugs[lab]}.{moved + 1}"

    def quotas(self) -> Iterator[int]:
        """How many ideas each participant has in each round in time, in that order."""
        turns, ideas = len(self.every_table) * self.people * self.rounds, self.ideas - self.rounds
        for turn in range(turns):
            yield (turn + 1) * ideas // turns - turn * ideas // turns


async def held(venue: Venue, server: Server, size: Size, interrupt: Interrupt | None = None) -> Row:
    """Hold it, and account for it. With `interrupt`, something breaks in the first round."""
    async with asyncio.timeout(DONE_WITHIN), _Event(venue, server, size).open() as event:
        return await event.hold(interrupt)


class _Event:
    def __init__(self, venue: Venue, server: Server, size: Size) -> None:
        self._venue = venue
        self._server = server
        self._size = size
        self._ledger = Ledger()
        self._quotas = size.quotas()
        port, ledger = server.port, self._ledger
        self._desk = Device(port, venue.passes.issue(Role.OPERATOR, name="Régie"), ledger)
        self._hosts = [Host(port, self._pass_of(table), ledger) for table in size.every_table]
        count = len(self._hosts) * size.people
        self._people = [
            Participant(port, token, ledger, f"n° {number}")
            for number, token in enumerate(venue.people(count, EVERYWHERE))
        ]

    @contextlib.asynccontextmanager
    async def open(self) -> AsyncIterator["_Event"]:
        try:
            yield self
        finally:
            for device in (*self._people, *self._hosts):
                device.leave()

    async def hold(self, interrupt: Interrupt | None) -> Row:
        size, memory = self._size, self._server.memory()
        began, used = time.monotonic(), self._server.cpu()
        cafe = await self._planned()
        self._cafe = str(cafe["id"])
        tables = zip(self._hosts, size.every_table, strict=True)
        await _all(
            host.open(table, f"Dominique {number}") for number, (host, table) in enumerate(tables)
        )
        figures: list[Row] = []
        for round in range(1, size.rounds + 1):
            broken = interrupt if round == 1 else None
            figures.append(await self._round(round, broken))
        await self._drive("gathering")
        await self._give_dots()
        syntheses = await _all(host.formalise(self._cafe) for host in self._hosts)
        on_air = await self._air(syntheses[0])
        took, used = time.monotonic() - began, self._server.cpu() - used
        accounted = await self._reconcile(syntheses)
        return {
            "people": len(self._people),
            "tables": len(self._hosts),
            "rounds": figures,
            "same_table_ms": _phones.milliseconds(self._ledger.here),
            "other_table_ms": _phones.milliseconds(self._ledger.there),
            "answers_ms": _phones.milliseconds(self._ledger.log.acted),
            "statuses": {str(status): n for status, n in self._ledger.log.statuses.items()},
            "on_air_ms": milliseconds(on_air),
            "took_s": rounded(took),
            "web_cpu_s": rounded(used),
            "web_memory_mb": [megabytes(memory), megabytes(self._server.memory())],
            **accounted,
        }

    async def _planned(self) -> Row:
        """A café in all laboratories, opened."""
        size = self._size
        plan = {
            "title": "Le parcours du locataire",
            "prompts": [f"Que changer d’abord ? ({n})" for n in range(1, size.rounds + 1)],
            "tables": dict.fromkeys(size.slugs, size.tables),
            "rounds": size.rounds,
            "round_seconds": 1200,
            "moving_seconds": 120,
            "seats": 8,
            "dots": DOTS,
        }
        made: Row = await self._desk.ask("POST", "/cafes", plan, "plan")
        await self._desk.ask("POST", f"/cafes/{made['id']}:open", {}, "open")
        return made

    async def _drive(self, step: str) -> None:
        """Go on until all laboratories are at a step of their rounds."""
        for number in range(3):
            cafe = await self._desk.ask("GET", f"/cafes/{self._cafe}")
            if all(each["step"] == step for each in cafe["progress"]):
                return
            versions = ", ".join(f'"{each["version"]}"' for each in cafe["progress"])
            key = f"{step}-{number}-{versions}"
            await self._desk.ask("POST", f"/cafes/{self._cafe}:advance", {}, key)
        raise AssertionError(f"not every laboratory is at {step}: {cafe['progress']}")

    async def _round(self, round: int, interrupt: Interrupt | None) -> Row:
        size = self._size
        await self._drive("round")
        await _all(host.go(host.table, round) for host in self._hosts)
        await _all(
            person.sit(size.table(number // size.people, number % size.people, round), round)
            for number, person in enumerate(self._people)
        )
        began, used = time.monotonic(), self._server.cpu()
        thinking = asyncio.gather(*self._carrying(round), *self._ideas(round))
        if interrupt is not None:
            await asyncio.sleep(size.seconds / 4)
            steps = interrupt()
            await anext(steps)
            await anext(steps, None)
        await thinking
        took, used = time.monotonic() - began, self._server.cpu() - used
        await self._drive("moving" if round < size.rounds else "gathering")
        # Written in the round, sent when that is over: it still belongs to it.
        late = self._people[round % len(self._people)]
        await late.think(self._cafe, round, f"Trop tard pour le tour {round}")
        return {"took_s": rounded(took), "web_cores": rounded(used / took)}

    def _carrying(self, round: int) -> Iterator[Any]:
        """Everybody lays their last idea on the table where they are now, in the first half."""
        for number, person in enumerate(self._people):
            if person.own and person.own[-1].table != person.table:
                after = self._size.seconds / 2 * number / len(self._people)
                yield self._carry(person, person.own[-1], round, after)

    async def _carry(self, person: Participant, said: Said, round: int, after: float) -> None:
        await asyncio.sleep(after)
        await person.carry(said, round)

    def _ideas(self, round: int) -> Iterator[Any]:
        """Everybody's ideas of a round, evenly within its seconds."""
        quotas = [next(self._quotas) for _ in self._people]
        total = sum(quotas)
        turns = [
            (person, nth)
            for nth in range(max(quotas, default=0))
            for person, quota in zip(self._people, quotas, strict=True)
            if nth < quota
        ]
        for number, (person, nth) in enumerate(turns):
            text = f"Idée {nth + 1} de {person.name}, au tour {round}"
            yield self._think(person, round, text, self._size.seconds * number / total, number)

    async def _think(
        self, person: Participant, round: int, text: str, after: float, number: int
    ) -> None:
        await asyncio.sleep(after)
        await person.think(self._cafe, round, text, twice=number % TWICE == 0)

    async def _give_dots(self) -> None:
        """Everybody gives theirs to ideas that were made where they are, two at most to one."""

        async def give(person: Participant) -> None:
            here = [said for said in self._ledger.said.values() if said.table == person.table]
            left = DOTS
            for said in here[:3]:
                await person.dot(said, min(2, left))
                left -= min(2, left)

        await _all(map(give, self._people))

    async def _air(self, synthesis: str) -> float:
        """Put a synthesis on air in two acts; seconds from the second to a page that shows it."""
        shown: asyncio.Future[float] = asyncio.get_running_loop().create_future()

        def hear(page: Page, message: bytes) -> None:
            if synthesis.encode() in message and not shown.done():
                shown.set_result(time.monotonic())

        page = await _phones.open_page(self._server.port, "", {"overlay": ""}, hear)
        entry = {"type": "synthesis", "shows": synthesis, "target": "both"}
        queued = await self._desk.ask("POST", "/rundown", entry, "queue")
        began = time.monotonic()
        await self._desk.ask("POST", f"/rundown/{queued['id']}:take", {}, "take")
        async with asyncio.timeout(10):
            at = await shown
        page.transport.close()
        return at - began

    async def _reconcile(self, syntheses: Sequence[str]) -> Row:
        """Hold all that the server says against what people did; raise AssertionError."""
        said = self._ledger.said
        with self._venue.crew(self._server) as crew:

            def get(path: str) -> Any:
                return crew.get(f"/api/v1{path}").raise_for_status().json()

            ideas, after = [], ""
            while after is not None:
                listed = get(f"/contributions?cafe={self._cafe}&limit=500&after={after}")
                ideas += listed["items"]
                after = listed["next"]
            shared = get(f"/syntheses?cafe={self._cafe}")["items"]
            compared = get(f"/cafes/{self._cafe}/comparison")
            tables = get(f"/cafes/{self._cafe}/tables.json")
            counted = get("/tables")["items"]
        texts = Counter(idea["text"] for idea in ideas)
        lost = [text for text in said if text not in texts]
        double = sum(texts.values()) - len(texts)
        assert not lost, lost[:5]
        assert double == 0, double
        for idea in ideas:
            _same(idea, said[idea["text"]])
        assert {each["id"] for each in shared if each["state"] == "shared"} == set(syntheses)
        dots = sum(each.dots for each in said.values())
        totals = compared["totals"]
        assert totals["ideas"] == len(said), totals
        assert totals["people"] == len(self._people) or totals["people"] is None, totals
        assert totals["dots"] in (dots, None), totals
        assert totals["shared"] == len(syntheses), totals
        assert sum(each["ideas"] for each in compared["items"]) == len(said)
        assert sum(each["ideas"] for each in counted) == len(said)
        assert len(tables["ideas"]) == len(said)
        assert sum(row["dots"] for row in tables["ideas"]) == dots
        assert len(tables["syntheses"]) == len(syntheses)
        made_at = Counter((idea["table"], idea["round"]) for idea in ideas)
        assert made_at == Counter((each.table, each.round) for each in said.values())
        return {
            "ideas": len(ideas),
            "lost": 0,
            "double": 0,
            "carried": sum(len(each.stops) for each in said.values()),
            "dots": dots,
            "syntheses": len(syntheses),
            "seen_elsewhere": self._met(),
        }

    def _met(self) -> Row:
        """How often pages showed ideas of another table; those of table 3's first round at table
        7 in the second are named, which is one person's way."""
        met = self._ledger.met
        named = sum(
            times
            for (table, first, at, second), times in met.items()
            if (table.rpartition(".")[2], first, at.rpartition(".")[2], second) == ("3", 1, "7", 2)
        )
        return {"in_all": sum(met.values()), "T3/R1 at T7/R2": named}

    def _pass_of(self, table: str) -> str:
        return self._venue.passes.issue(Role.HOST, name=f"Hôte de {table}", table=table)


def _same(idea: Row, said: Said) -> None:
    """Assert that an idea is where its author says, and came the way that they took it."""
    stops = [(stop["table"], stop["round"]) for stop in idea["stops"]]
    assert (idea["table"], idea["round"]) == (said.table, said.round), (idea, said)
    assert stops == said.stops, (idea, said)
    assert idea["dots"] == said.dots, (idea, said)
    assert idea["state"] == "shown", idea


async def _all(work: Any) -> list[Any]:
    return list(await asyncio.gather(*work))


def milliseconds(seconds: float) -> float:
    return round(1000 * seconds, 1)


def megabytes(size: int) -> int:
    return round(size / 1e6)


def rounded(number: float) -> float:
    return round(number, 2)
