"""A laboratory with a session of world café, for tests of its pages."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
from playwright.sync_api import BrowserContext

from tests import servers
from tests.servers import Fabrique
from tv.auth import Role

LAB, TABLE = "labo-1", "labo-1.3"
QUESTION = "Qu’est-ce qui rend un emménagement plus doux ?"
LABS = {
    "LABS__LABO_1__NAME": "Emménager",
    "LABS__LABO_1__STEP": "Installation",
    "LABS__LABO_1__COLOUR": "#f0a24b",
    "LABS__LABO_1__PICTOGRAM": "⌂",
    "LABS__LABO_2__NAME": "Voisiner",
    "LABS__LABO_2__STEP": "Vie dans le quartier",
    "LABS__LABO_2__COLOUR": "#6cc0a2",
    "LABS__LABO_2__PICTOGRAM": "✿",
}
PLAN = {
    "type": "world_cafe",
    "title": "Premier café",
    "prompts": [QUESTION],
    "tables": {LAB: 4, "labo-2": 4},
    "rounds": 3,
    "round_seconds": 1200,
    "moving_seconds": 120,
    "seats": 10,
    "dots": 5,
    "private": False,
}


class Laboratory:
    """A service with two laboratories, and what its crew does with them."""

    def __init__(self, served: Fabrique) -> None:
        self.served = served
        self.crew = served.crew(name="Régie")
        self.cafe = ""

    @contextmanager
    def someone(self, table: str = TABLE) -> Iterator[httpx.Client]:
        """A participant who sits at a table, and has scanned its code."""
        with self.served.someone(place=table) as client:
            done(client.post(f"/api/v1/tables/{table}:sit"))
            yield client

    def scan(self, device: BrowserContext, place: str = TABLE) -> None:
        """Scan the code of a table or a laboratory with somebody's device."""
        codes = done(self.crew.get("/api/v1/join/codes"))["items"]
        (code,) = [each["code"] for each in codes if each["id"] == place]
        assert device.request.get(f"{self.served.url}/rejoindre/{code}").ok

    def open(self, **plan: Any) -> None:
        """A session in its first round, in the place of the one before."""
        self.close()
        self.cafe = done(self.crew.post("/api/v1/cafes", json=PLAN | plan))["id"]
        self.drive("open")
        self.drive("advance")

    def close(self) -> None:
        if self.cafe:
            self.drive("close")
            self.cafe = ""

    def drive(self, verb: str) -> None:
        done(self.crew.post(f"/api/v1/cafes/{self.cafe}:{verb}", json={}))

    def idea(self, text: str, table: str = TABLE) -> str:
        """An idea of somebody who sits at a table."""
        with self.someone(table) as person:
            said = {"cafe": self.cafe, "table": table, "text": text}
            return str(done(person.post("/api/v1/contributions", json=said))["id"])

    def ideas(self, table: str = TABLE) -> list[dict[str, Any]]:
        query = {"table": table, "cafe": self.cafe}
        found: list[dict[str, Any]] = done(self.crew.get("/api/v1/contributions", params=query))[
            "items"
        ]
        return found

    def address(self, role: Role, more: str = "", name: str = "") -> str:
        """The page of the table, with a pass for it."""
        token = self.served.make_pass(role, name, lab=LAB, table=TABLE)
        return f"{self.served.url}/labo/{LAB}/table/3{more}#pass={token}"


@contextmanager
def laboratory() -> Iterator[Laboratory]:
    with servers.fabrique(**LABS) as served:
        there = Laboratory(served)
        with there.crew:
            yield there


def done(reply: httpx.Response) -> Any:
    """What a request answered that was done."""
    assert reply.is_success, reply.text
    return reply.json()
