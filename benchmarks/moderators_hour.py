"""A moderators' hour, through the API: hundreds of questions, each of them accounted for.

    python -m benchmarks.moderators_hour [--questions 300] [--json moderators_hour.json]

A whole service, in its own processes. People ask (of the French pairs of tests/engagement/pairs, so
that many ask the same) while two moderators read side by side: each says which card they look at,
publishes, merges what is near, rejects with a reason, and undoes now and then; sometimes both act
on one card, by the version that they saw. The presenter answers. In the end the log is read again,
act by act, and must give what the questions say, and the counts.
"""

import argparse
import asyncio
import csv
import io
import json
import time
from collections import Counter
from pathlib import Path
from typing import Any

import httpx

from benchmarks.duplicates import read
from tests.servers import fabrique
from tv.auth import Role

EACH = 3  # questions of one person
PATIENCE = 900.0  # seconds for the whole hour
HURRY = {  # everybody has just come, and asks within a minute
    "LIMITS__NEWCOMERS_TEXTS__BURST": "1000",
    "LIMITS__NEWCOMERS_TEXTS__PER_SECOND": "1000",
}
MERGED = 0.6  # nearness from which this moderator merges
MERGES_INTO = ("pending", "approved", "live")
REASONS = ("off_topic", "duplicate", "personal", "other")

# What a question is after an act, as the log names them.
BECOMES = {
    "asked": "pending",
    "asked in the room": "live",
    "approved": "approved",
    "rejected": "rejected",
    "merged": "merged",
    "withdrawn": "withdrawn",
    "restored": "approved",
    "taken": "live",
    "released": "approved",
    "answered": "answered",
}


class Hour:
    """The hour of one talk, at `url`; `seen` counts what the moderators met."""

    def __init__(self, url: str, talk: str = "direct") -> None:
        self._url = url
        self._talk = f"/api/v1/talks/{talk}"
        self._asking = f"{self._talk}/questions"
        self.seen: Counter[str] = Counter()
        self.took: list[float] = []  # seconds from a moderator's act to its answer
        self.over = False

    def client(self, token: str = "") -> httpx.AsyncClient:
        headers = {"authorization": f"Bearer {token}"} if token else {}
        return httpx.AsyncClient(base_url=self._url, headers=headers, timeout=30)

    async def ask(self, bodies: list[str]) -> None:
        """Let people ask, each a few questions; every tenth takes one back."""
        for number in range(0, len(bodies), EACH):
            async with self.client() as door:
                joined = (await door.post("/api/v1/participants")).json()
            async with self.client(joined["token"]) as person:
                for body in bodies[number : number + EACH]:
                    asked = await person.post(self._asking, json={"body": body})
                    assert asked.status_code == 201, asked.text
                    self.seen["asked"] += 1
                if number % (10 * EACH) == 0:
                    withdrawn = await person.post(
                        f"/api/v1/questions/{asked.json()['id']}:withdraw"
                    )
                    self.seen[f"withdrawal {withdrawn.status_code}"] += 1

    async def moderate(self, token: str) -> None:
        """Read what waits until nothing does."""
        async with self.client(token) as crew:
            while True:
                waiting = (await crew.get(f"{self._asking}?state=pending")).json()["items"]
                if not waiting and self.over:
                    return
                if not waiting:
                    await asyncio.sleep(0.05)
                # The oldest first; both begin with the same one now and then.
                for question in waiting[::-1][:4]:
                    await self._read(crew, question)

    async def _read(self, crew: httpx.AsyncClient, question: Any) -> None:
        address = f"/api/v1/questions/{question['id']}"
        look = await crew.put(f"{address}/reading")
        if look.status_code == 409:
            self.seen["looked at by the other"] += 1
            if self.seen["looked at by the other"] % 8:
                return  # but one in eight acts all the same
        near = (await crew.get(f"{address}/near")).json()["items"]
        near = [other for other in near if other["state"] in MERGES_INTO]
        known = {"if-match": f'"{question["version"]}"'}
        count = self.seen["read"]
        self.seen["read"] += 1
        if near and near[0]["nearness"] >= MERGED:
            act = ":merge", {"into": near[0]["id"]}
        elif count % 9 == 4:
            act = ":reject", {"reason": REASONS[count % len(REASONS)]}
        else:
            act = ":approve", {}
        began = time.perf_counter()
        done = await crew.post(f"{address}{act[0]}", json=act[1], headers=known)
        self.took.append(time.perf_counter() - began)
        self.seen[f"{act[0]} {done.status_code}"] += 1
        if done.status_code == 200 and act[0] != ":approve" and count % 7 == 0:
            undone = await crew.post(f"{address}:restore")
            self.seen[f":restore {undone.status_code}"] += 1

    async def answer(self, token: str, count: int) -> None:
        """Take the most supported questions, one after the other; one comes from the room."""
        async with self.client(token) as stage:
            best = f"{self._asking}?state=approved&sort=support"
            taken = 0
            while taken < count:
                found = (await stage.get(best)).json()["items"]
                if not found:
                    await asyncio.sleep(0.05)
                    continue
                await stage.post(f"/api/v1/questions/{found[0]['id']}:take")
                taken += 1
                if taken == count // 2:
                    await stage.post(f"{self._asking}:room", json={"body": "Et pour demain ?"})

    async def reconcile(self, token: str) -> dict[str, int]:
        """What became of every question, by its log; raises AssertionError where that differs."""
        async with self.client(token) as crew:
            log = (await crew.get(f"{self._asking}:log")).json()
            every = (await crew.get(self._asking)).json()["items"]
            counts = (await crew.get(f"{self._asking}:counts")).json()
            table = (await crew.get(f"{self._talk}/tables/log.csv")).content.decode("utf-8-sig")
        by_log: dict[str, str] = {}
        for act in log["items"]:
            by_log[act["question"]] = BECOMES.get(act["act"], by_log.get(act["question"], ""))
        assert by_log == {question["id"]: question["state"] for question in every}
        by_state = Counter(by_log.values())
        accounted = {
            "received": len(by_log),
            "pending": by_state["pending"],
            "published": by_state["approved"] + by_state["live"],
            "answered": by_state["answered"],
            "merged": by_state["merged"],
            "rejected": by_state["rejected"],
            "withdrawn": by_state["withdrawn"],
        }
        assert counts == log["counts"] == {"talk": counts["talk"]} | accounted
        assert len(list(csv.reader(io.StringIO(table), delimiter=";"))) == 1 + len(log["items"])
        acts = {"approved", "rejected", "merged", "restored"}
        assert all(act["name"] for act in log["items"] if act["act"] in acts)
        return accounted


def bodies(count: int) -> list[str]:
    """What people ask: both of each pair, and questions that nobody else asks."""
    pairs = [*read("tuning"), *read("test")]
    every = [question for _, *two in pairs for question in two]
    every += [question for (question,) in read("alone")]
    return [every[number % len(every)] for number in range(count)]


async def run(hour: Hour, tokens: dict[str, str], questions: int) -> dict[str, int]:
    async def asking() -> None:
        await hour.ask(bodies(questions))
        hour.over = True

    async with asyncio.timeout(PATIENCE), asyncio.TaskGroup() as group:
        group.create_task(asking())
        group.create_task(hour.moderate(tokens["Anne"]))
        group.create_task(hour.moderate(tokens["Paul"]))
        group.create_task(hour.answer(tokens["Régie"], max(2, questions // 15)))
    return await hour.reconcile(tokens["Anne"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--questions", type=int, default=300)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    with fabrique(CAPTIONS__CHANNELS="plateau", **HURRY) as server:
        roles = {"Anne": Role.MODERATOR, "Paul": Role.MODERATOR, "Régie": Role.OPERATOR}
        tokens = {name: server.make_pass(role, name) for name, role in roles.items()}
        hour = Hour(server.url)
        accounted = asyncio.run(run(hour, tokens, arguments.questions))
    took = sorted(hour.took)
    row = {
        "accounted for": accounted,
        "met": dict(hour.seen),
        "act ms p50": round(1000 * took[len(took) // 2], 1),
        "act ms p95": round(1000 * took[int(len(took) * 0.95)], 1),
    }
    print(json.dumps(row, indent=2, ensure_ascii=False))
    print("the log accounts for every question")
    if arguments.json:
        arguments.json.write_text(json.dumps(row))


if __name__ == "__main__":
    main()
