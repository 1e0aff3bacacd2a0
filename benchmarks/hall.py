"""Free tokens against a full hall: who is refused, how long votes take, what the crew sees.

    python -m benchmarks.hall [--seconds 60] [--rate 300] [--against CHECKOUT] [--json FILE]

One address has 500 fresh tokens. It asks, votes, gives dots, writes on the wall and at a table,
joins, and waits for screens, so many times a second in all. Beside it 250 people take part once
each: 200 from the same address, 50 from ten others. Some have shown the code of a table and sit
there, some have had their token for a while, some just came. A screen elsewhere asks for its code.

The service is a whole one, with `--against` that of another checkout (git worktree), so that one
load tells two versions apart. What the people did is told by kind and by act: how many of their
requests were refused, with which codes. Addresses are made by X-Forwarded-For, from loopback.
"""

import argparse
import asyncio
import itertools
import json
import random
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import msgspec
import uvloop

from benchmarks import _phones
from benchmarks._venue import Desk
from tests.servers import Fabrique, running
from tv.auth import Role
from tv.passes import Passes
from tv.studios.keys import load_secret

ATTACKERS, CONNECTIONS = 500, 48
HERE, ELSEWHERE = "198.51.100.7", [f"203.0.113.{number}" for number in range(1, 11)]
LAB, TABLE = "labo-1", "labo-1.2"
AGE_S = 1_800.0  # of a token that somebody has had for a while
NEW_S = 240.0  # that of somebody who just came, at most; people come one after the other
SHOWN = 20  # questions that are there to be supported
AT_ONCE = 200  # questions that a moderator rejects with one press, where that can be done
PRESSED_MOST = 50
TALK = "/api/v1/talks/direct"

Row = dict[str, Any]


@dataclass(frozen=True)
class Hall:
    """The poll, session, idea and questions that people act on."""

    port: int
    poll: str
    cafe: str
    idea: str
    questions: list[str]


@dataclass(frozen=True)
class Act:
    """One request; `what` is the kind of act under which it is counted."""

    what: str
    method: str
    path: str
    body: object = None

    def sent(self, token: str, address: str) -> bytes:
        """The request as it goes over the line."""
        asked = _phones.request(self.method, f"/api/v1{self.path}", token, self.body)
        return asked.replace(b"host: x\r\n", f"host: x\r\nx-forwarded-for: {address}\r\n".encode())


@dataclass
class Counted:
    """Results of requests: codes by kind of person and act, seconds of the accepted ones by act."""

    codes: defaultdict[tuple[str, str], Counter[str]] = field(
        default_factory=lambda: defaultdict(Counter)
    )
    took: defaultdict[str, list[float]] = field(default_factory=lambda: defaultdict(list))

    def note(self, kind: str, act: Act, status: int, body: bytes, began: float) -> None:
        code = "ok" if 200 <= status < 300 else _code(status, body)
        self.codes[kind, act.what][code] += 1
        if code == "ok":
            self.took[act.what].append(time.monotonic() - began)

    def by_kind(self) -> Row:
        """Requests and refusals by kind of person, with the codes of each act that had refusals."""
        rows: dict[str, Row] = {}
        for (kind, what), codes in sorted(self.codes.items()):
            row = rows.setdefault(kind, {"requests": 0, "refused": 0, "at": {}})
            refused = codes.total() - codes["ok"]
            row["requests"] += codes.total()
            row["refused"] += refused
            if refused:
                row["at"][what] = dict(codes)
        for row in rows.values():
            row["refused_percent"] = _percent(row["refused"], row["requests"])
        return rows

    def asked(self) -> Row:
        """Figures for the goal: no refusal for people who have shown a code, 1 % for others."""
        codes = {True: Counter[str](), False: Counter[str]()}
        for (kind, _), became in self.codes.items():
            if not kind.startswith("a screen"):
                codes[kind.startswith("at a table")].update(became)
        with_code, others = codes[True], codes[False]
        return {
            "with_code_refused": with_code.total() - with_code["ok"],
            "others_refused_percent": _percent(others.total() - others["ok"], others.total()),
        }


@contextmanager
def served(checkout: Path | None) -> Iterator[Fabrique]:
    """The whole service, of this checkout or of another."""
    with tempfile.TemporaryDirectory(prefix="fabrique-") as folder:
        server = Fabrique(Path(folder) / "data", LABS__LABO_1__NAME="Labo Un")
        if checkout is not None:
            # Else Python looks for modules where it was started first.
            server.environment |= {"PYTHONSAFEPATH": "1", "PYTHONPATH": str(checkout.resolve())}
        server.log = Path(folder) / "log"
        with running(server):
            yield server


def furnished(desk: Desk, server: Fabrique) -> Hall:
    """A hall with a talk, a poll, a café and questions to support."""
    with desk.crew(server) as crew:

        def made(url: str, by: str = "", **body: Any) -> Any:
            headers = {"authorization": f"Bearer {by}"} if by else {}
            answer = crew.post(f"/api/v1{url}", json=body, headers=headers)
            return answer.raise_for_status().json()

        crew.post(f"{TALK}:start").raise_for_status()
        plan: dict[str, Any] = {
            "title": "Demain",
            "prompts": ["Que faut-il ?"],
            "tables": {LAB: 4},
            "dots": 5,
        }
        cafe = str(made("/cafes", **plan)["id"])
        made(f"/cafes/{cafe}:open")
        shown = [
            made("/talks/direct/questions", by, body=f"Faut-il le numéro {number} ?")["id"]
            for number, by in enumerate(desk.people(SHOWN, age=AGE_S))
        ]
        for question in shown:
            made(f"/questions/{question}:approve")
        idea = made("/contributions", cafe=cafe, table=TABLE, text="Des bancs")["id"]
    return Hall(server.port, desk.open_poll(server), cafe, idea, shown)


def asking(number: object) -> Act:
    body = {"body": f"Pourquoi le numéro {number} ?"}
    return Act("question", "POST", "/talks/direct/questions", body)


def voting(hall: Hall, number: int) -> Act:
    body = {"round": 1, "choices": [f"o{number % 3 + 1}"]}
    return Act("vote", "PUT", f"/polls/{hall.poll}/ballot", body)


def dotting(hall: Hall) -> Act:
    return Act("dot", "PUT", f"/contributions/{hall.idea}/dots", {"dots": 1})


def posting(number: object) -> Act:
    return Act("post", "POST", "/wall/posts", {"text": f"Bonjour du numéro {number}"})


def having_idea(hall: Hall, number: object) -> Act:
    body = {"cafe": hall.cafe, "table": TABLE, "text": f"L’idée numéro {number}"}
    return Act("idea", "POST", "/contributions", body)


def pairing() -> Act:
    return Act("pairing", "POST", "/displays")


def attack(hall: Hall) -> Iterator[Act]:
    """Acts of the flood in random order: 40 % questions, 5 to 15 % of each other kind."""
    chance = random.Random(1)
    kinds: list[Callable[[int], Act]] = [
        asking,
        lambda number: voting(hall, number),
        lambda number: dotting(hall),
        posting,
        lambda number: having_idea(hall, number),
        lambda number: pairing(),
        lambda number: Act("join", "POST", "/participants", {}),
    ]
    for number in itertools.count():
        (kind,) = chance.choices(kinds, (40, 10, 10, 15, 15, 5, 5))
        yield kind(number)


@dataclass(frozen=True)
class Person:
    """An honest participant, who sends `acts` once each over the measured time."""

    kind: str
    token: str
    address: str
    acts: list[Act]


def people(desk: Desk, hall: Hall) -> list[Person]:
    """200 at the flood's address, 50 at ten others."""
    kinds = (
        [("at a table, same address", HERE)] * 60
        + [("there for a while, same address", HERE)] * 80
        + [("just came, same address", HERE)] * 60
        + [("at a table, elsewhere", "")] * 10
        + [("there for a while, elsewhere", "")] * 20
        + [("just came, elsewhere", "")] * 20
    )
    found, chance = [], random.Random(3)
    for number, (kind, address) in enumerate(kinds):
        present, old = kind.startswith("at"), kind.startswith("there")
        age = AGE_S if old else chance.uniform(0.0, NEW_S)
        _, token = desk.passes.welcome(joined=time.time() - age, place=TABLE if present else "")
        acts = [voting(hall, number), dotting(hall)]
        acts += [Act("reaction", "POST", "/talks/direct/reactions", {"kind": "heart"})] * 4
        acts += [
            Act("support", "PUT", f"/questions/{hall.questions[(number + step) % SHOWN]}/support")
            for step in range(2)
        ]
        if number % 3 == 0:
            acts.append(asking(f"{number} de la salle"))
        if number % 6 == 1:
            acts.append(posting(f"{number} de la salle"))
        if present:
            acts.append(having_idea(hall, f"{number} de la salle"))
        found.append(Person(kind, token, address or ELSEWHERE[number % 10], acts))
    return found


async def flood(hall: Hall, tokens: list[str], rate: float, seconds: float) -> Counted:
    """Act `rate` times a second in all, or as fast as the server answers."""
    counted, acts, turns = Counted(), attack(hall), itertools.count()
    began = time.monotonic()

    async def work() -> None:
        while (due := next(turns) / rate) < seconds:
            await asyncio.sleep(max(0.0, began + due - time.monotonic()))
            if time.monotonic() - began > seconds:
                return
            act, number = next(acts), random.randrange(len(tokens))
            token = "" if act.what in ("pairing", "join") else tokens[number]
            await _ask(hall.port, counted, "attacker", act, token, HERE)

    await asyncio.gather(*(work() for _ in range(CONNECTIONS)))
    return counted


async def take_part(hall: Hall, every: list[Person], seconds: float) -> Counted:
    """Let people act at moments of their own; a screen asks for its code ten times."""
    counted, chance = Counted(), random.Random(2)

    async def one(person: Person) -> None:
        if person.kind.startswith("at"):
            sit = Act("seat", "POST", f"/tables/{TABLE}:sit")
            await _ask(hall.port, counted, person.kind, sit, person.token, person.address)
        moments = sorted(chance.uniform(1.0, seconds) for _ in person.acts)
        began = time.monotonic()
        for moment, act in zip(moments, chance.sample(person.acts, len(moments)), strict=True):
            await asyncio.sleep(max(0.0, began + moment - time.monotonic()))
            await _ask(hall.port, counted, person.kind, act, person.token, person.address)

    screen = Person("a screen, elsewhere", "", ELSEWHERE[0], [pairing()] * 10)
    await asyncio.gather(*map(one, [*every, screen]))
    return counted


async def _ask(port: int, counted: Counted, kind: str, act: Act, token: str, address: str) -> None:
    began = time.monotonic()
    status, body = 0, b""
    with suppress(OSError):  # it is counted as lost
        status, body = await _phones.ask(port, act.sent(token, address))
    counted.note(kind, act, status, body, began)


def _percent(some: int, of: int) -> float:
    return round(100 * some / max(1, of), 2)


def _code(status: int, body: bytes) -> str:
    try:
        return str(msgspec.json.decode(body)["type"]).rpartition(":")[2]
    except (msgspec.DecodeError, KeyError, TypeError):
        return str(status or "lost")


async def crew_page(port: int, token: str) -> float:
    """Seconds until a moderator who opens the talk's page has it."""
    first: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def hear(page: _phones.Page, message: bytes) -> None:
        if b'"type":"view"' in message[:40] and not first.done():
            first.set_result(None)

    began = time.monotonic()
    page = await _phones.open_page(port, token, {"talk:direct": ""}, hear)
    async with asyncio.timeout(_phones.PATIENCE):
        await first
    page.transport.close()
    return time.monotonic() - began


def seen_by_crew(desk: Desk, server: Fabrique) -> Row:
    """Counts of the items that the crew must read, and of the presses that clear the questions."""
    with desk.crew(server) as crew:
        pending = crew.get(f"{TALK}/questions?state=pending").raise_for_status().json()["items"]
        posts = crew.get("/api/v1/wall/posts?state=pending").raise_for_status().json()["items"]
        ideas = crew.get(f"/api/v1/contributions?table={TABLE}&limit=500").json()["items"]
        return {
            "questions_pending": len(pending),
            "posts_pending": len(posts),
            "ideas_at_the_table": len(ideas),
            "presses_to_clear_questions": _presses(crew, [each["id"] for each in pending]),
        }


def _presses(crew: httpx.Client, questions: list[str]) -> int | None:
    """The number of bulk rejections that clear the questions; None if bulk rejection fails."""
    for presses in range(PRESSED_MOST):
        if not questions:
            return presses
        some, questions = questions[:AT_ONCE], questions[AT_ONCE:]
        done = crew.post(f"{TALK}/questions:reject", json={"questions": some, "reason": "other"})
        if not done.is_success:
            return None
    return None


def run(seconds: float, rate: float, checkout: Path | None) -> Row:
    with served(checkout) as server:
        desk = Desk(Passes(load_secret(server.folder.path)))
        hall = furnished(desk, server)
        tokens, every = desk.people(ATTACKERS), people(desk, hall)

        async def minute() -> tuple[Counted, Counted, float]:
            both = flood(hall, tokens, rate, seconds), take_part(hall, every, seconds)
            attacked, honest = await asyncio.gather(*both)
            page = await crew_page(server.port, desk.passes.issue(Role.MODERATOR))
            return attacked, honest, page

        attacked, honest, page = uvloop.run(minute())
        crew = seen_by_crew(desk, server) | {"page_opens_s": round(page, 2)}
    return {
        "asked": honest.asked(),
        "people": honest.by_kind(),
        "ms": {what: _percentiles(took) for what, took in sorted(honest.took.items())},
        "attacker": {what: dict(codes) for (_, what), codes in sorted(attacked.codes.items())},
        "crew": crew,
    }


def _percentiles(took: list[float]) -> dict[str, float]:
    return {name: ms for name, ms in _phones.milliseconds(took).items() if name in ("p50", "p99")}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--rate", type=float, default=300.0, help="of the flood, a second")
    parser.add_argument("--against", type=Path, help="a checkout of another version")
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    told = run(asked.seconds, asked.rate, asked.against)
    print(json.dumps(told, indent=2, ensure_ascii=False))
    if asked.json:
        asked.json.write_text(json.dumps(told, indent=2) + "\n")


if __name__ == "__main__":
    main()
