"""The crew corrects captions: pages see it, the audience never who did it, and nobody else may."""

import asyncio
from collections.abc import Set
from typing import Any

import httpx

from captions.cues import Cue, Word
from captions.wording.events import CueWritten
from tests.tv.house import House, Page
from tests.tv.test_api import problem
from tv.auth import Role
from tv.follower import View

START = 1_700_000_000.0
SAID = ("les", "biaires", "sociaux")


def said(number: int, *texts: str, revision: int = 0) -> Cue:
    start = START + number * 5.0
    words = tuple(Word(t, start + n * 0.5, start + n * 0.5 + 0.4, 0.9) for n, t in enumerate(texts))
    return Cue(f"plateau-{number}", revision, start, start + 4.0, (" ".join(texts),), words)


async def hear(tv: House, *heard: Cue) -> str:
    """Cues that the machine writes, folded; the last one's id."""
    folded = asyncio.Event()

    def look(views: Set[View]) -> None:
        found = tv.follower.captions.find(heard[-1].id)
        if found and found[1].heard == heard[-1]:
            folded.set()

    tv.follower.changed.append(look)
    await asyncio.gather(*(tv.journal.append(CueWritten("plateau", each)) for each in heard))
    async with asyncio.timeout(5):
        await folded.wait()
    tv.follower.changed.remove(look)
    return heard[-1].id


async def cues(page: Page) -> dict[str, Any]:
    """The next view of captions, by id."""
    return {item["id"]: item for item in (await page.view("captions:plateau"))["items"]}


def correct(crew: httpx.AsyncClient, cue: str, seen: int | None = None, **what: Any) -> Any:
    headers = {} if seen is None else {"if-match": f'"{seen}"'}
    return crew.patch(f"/api/v1/cues/{cue}", json=what, headers=headers)


async def test_correction_reaches_pages_and_exports(tv: House) -> None:
    cue = await hear(tv, said(1, *SAID))
    async with tv.crew(Role.MODERATOR, name="Ann") as crew, tv.page(captions_plateau="") as page:
        assert (await cues(page))[cue]["corrected"] is False
        answer = await correct(crew, cue, 0, text=" Les bailleurs  sociaux ", speaker="Omar")
        assert answer.headers["etag"] == '"1"'
        item = (await cues(page))[cue]
        assert answer.json() == item | {"hidden": False}
        assert (item["lines"], item["speaker"], item["revision"], item["corrected"]) == (
            ["Les bailleurs sociaux"],
            "Omar",
            1,
            True,
        )
        assert (await crew.get(f"/api/v1/cues/{cue}")).json() == answer.json()
        for format in ("vtt", "srt", "txt", "json"):
            text = (await crew.get(f"/api/v1/talks/direct/captions.{format}")).text
            assert "bailleurs" in text
            assert "biaires" not in text
            assert "Ann" not in text


async def test_history_is_for_the_crew(tv: House) -> None:
    cue = await hear(tv, said(1, *SAID))
    async with tv.crew(Role.OPERATOR, name="Ann") as crew, tv.someone() as viewer:
        await correct(crew, cue, text="Les bailleurs sociaux")
        history = (await crew.get(f"/api/v1/cues/{cue}/history")).json()["items"]
        assert [(each["how"], each["by"], each["text"]) for each in history] == [
            ("heard", "", "les biaires sociaux"),
            ("edit", "Ann", "Les bailleurs sociaux"),
        ]
        assert history[1]["at"].endswith("Z")
        for answer in (
            await viewer.get(f"/api/v1/cues/{cue}/history"),
            await viewer.get(f"/api/v1/cues/{cue}"),
            await correct(viewer, cue, text="Moi"),
            await viewer.get("/api/v1/cues/plateau-99"),  # nor whether it is there
            await viewer.get("/api/v1/captions/rules"),
            await viewer.get("/api/v1/glossary"),
            await viewer.post("/api/v1/channels/plateau/captions:take", json={"source": "stream"}),
        ):
            problem(answer, 403, "role-required")
        async with tv.page(captioning_plateau="") as page:
            assert (await page.view())["items"] == []


async def test_correction_of_what_another_corrected_meanwhile_is_refused(tv: House) -> None:
    cue = await hear(tv, said(1, "les", "biaires"))
    async with tv.crew() as crew:
        await hear(tv, said(1, *SAID, revision=1))
        # Words that came behind are no conflict, and are kept.
        answer = await correct(crew, cue, 0, text="Les bailleurs")
        assert answer.json()["lines"] == ["Les bailleurs sociaux"]
        refused = problem(await correct(crew, cue, 1, text="Autre"), 412, "changed-meanwhile")
        assert refused["current"] == answer.json()
        problem(await correct(crew, cue, text="x" * 301), 422, "text-too-long")
        problem(await correct(crew, cue, text="  "), 422, "text-empty")
        problem(await correct(crew, cue), 422, "nothing-to-change")
        problem(await correct(crew, cue, hidden="oui"), 422, "invalid-body")
        problem(await correct(crew, "plateau-99", text="Un"), 404, "unknown-cue")
        for version in ("encore", "9" * 30):
            header = {"if-match": f'"{version}"'}
            wrong = await crew.patch(f"/api/v1/cues/{cue}", json={"hidden": True}, headers=header)
            problem(wrong, 412, "changed-meanwhile")


async def test_hidden_cue_is_gone_for_all_but_the_crew(tv: House) -> None:
    await hear(tv, said(1, "Un"))
    cue = await hear(tv, said(2, "Deux"))
    operator = tv.passes.issue(Role.OPERATOR)
    async with (
        tv.client(operator) as crew,
        tv.page(captions_plateau="") as page,
        tv.page(operator, captioning_plateau="") as desk,
    ):
        await cues(page)
        assert [item["kind"] for item in (await desk.view())["items"]] == ["captioning"]
        await correct(crew, cue, hidden=True)
        view = await page.view()
        assert (view["items"], view["removed"]) == ([], [f"cue:{cue}"])
        hidden = (await desk.view())["items"][-1]
        assert (hidden["id"], hidden["hidden"], hidden["lines"]) == (cue, True, ["Deux"])
        for format in ("vtt", "srt", "txt", "json"):
            assert "Deux" not in (await crew.get(f"/api/v1/talks/direct/captions.{format}")).text
        async with tv.page(captions_plateau="") as newcomer:
            assert list(await cues(newcomer)) == ["plateau-1"]
        await correct(crew, cue, hidden=False)
        assert list(await cues(page)) == [cue]
        assert len((await desk.view())["items"]) == 1


async def test_rule_rewrites_what_pages_show_until_it_is_removed(tv: House) -> None:
    first = await hear(tv, said(1, *SAID))
    async with tv.crew(Role.OPERATOR, name="Ann") as crew, tv.page(captions_plateau="") as page:
        await cues(page)
        body = {"heard": "biaires", "written": "bailleurs"}
        made = await crew.post(
            "/api/v1/captions/rules", json=body, headers={"idempotency-key": "k"}
        )
        again = await crew.post(
            "/api/v1/captions/rules", json=body, headers={"idempotency-key": "k"}
        )
        rule = made.json()
        assert made.status_code == 201
        assert again.json() == rule
        assert rule | body == rule
        assert (await cues(page))[first]["lines"] == ["les bailleurs sociaux"]
        await hear(tv, said(2, "biaires"))
        assert (await cues(page))["plateau-2"]["lines"] == ["bailleurs"]
        assert (await crew.get("/api/v1/captions/rules")).json() == {"items": [rule]}
        removed = await crew.delete(made.headers["location"])
        assert removed.json() == rule
        assert {item["lines"][0] for item in (await cues(page)).values()} == {
            "les biaires sociaux",
            "biaires",
        }
        problem(await crew.delete(made.headers["location"]), 404, "unknown-rule")
        wrong = {"heard": "oui", "written": "oui"}
        problem(await crew.post("/api/v1/captions/rules", json=wrong), 422, "wrong-rule")


async def test_page_of_the_crew_sees_rules_of_channels_without_captions(tv: House) -> None:
    operator = tv.passes.issue(Role.OPERATOR)
    async with tv.client(operator) as crew, tv.page(operator, captioning_plateau="") as desk:
        await desk.view()
        await crew.post("/api/v1/captions/rules", json={"heard": "a", "written": "à"})
        view = await desk.view()
        assert view["reset"]
        assert [item["kind"] for item in view["items"]] == ["captioning", "rule"]


async def test_glossary_of_the_live_talk_is_told_to_the_crew(tv: House) -> None:
    operator = tv.passes.issue(Role.OPERATOR)
    async with tv.client(operator) as crew, tv.page(operator, captioning_plateau="") as desk:
        assert (await desk.view())["items"][0]["talk"] == ""
        given = await crew.put(
            "/api/v1/talks/direct/glossary", json={"terms": ["USH", " USH ", "Anne  Morel"]}
        )
        assert given.json()["terms"] == ["USH", "Anne Morel"]
        await crew.put("/api/v1/glossary", json={"terms": ["bailleurs sociaux"]})
        await crew.post("/api/v1/talks/direct:start")
        while (item := (await desk.view())["items"][0])["talk"] == "":
            pass
        assert item == {
            "kind": "captioning",
            "id": "plateau",
            "taken": None,
            "speaker": "",
            "talk": "direct",
            "terms": ["USH", "Anne Morel"],
            "own": ["En direct du plateau"],
            "event_terms": ["bailleurs sociaux"],
        }
        seen = given.headers["etag"]
        changed = {"terms": ["PLU"]}
        url = "/api/v1/talks/direct/glossary"
        assert (await crew.put(url, json=changed, headers={"if-match": seen})).is_success
        late = await crew.put(url, json=changed, headers={"if-match": seen})
        assert problem(late, 412, "changed-meanwhile")["current"]["terms"] == ["PLU"]
        assert (await crew.get(url)).json()["terms"] == ["PLU"]
        problem(await crew.put(url, json={"terms": ["x" * 81]}), 422, "text-too-long")
        problem(await crew.put(url, json={"terms": ["x"] * 201}), 422, "too-many-terms")
        problem(await crew.get("/api/v1/talks/autre/glossary"), 404, "unknown-talk")


async def test_pass_for_a_talk_is_good_for_what_was_said_in_it(tv: House) -> None:
    before = await hear(tv, said(1, *SAID))
    async with tv.crew(), tv.crew(Role.MODERATOR, talk="direct") as hers, tv.crew() as crew:
        started = (await crew.post("/api/v1/talks/direct:start")).json()
        talk = tv.follower.audience.talks.by_id["direct"]
        assert talk.started_at
        number = int((talk.started_at - START) / 5.0) + 1
        within = await hear(tv, said(number, *SAID))
        assert started["state"] == "live"
        assert (await correct(hers, within, text="Les bailleurs")).is_success
        problem(await correct(hers, before, text="Les bailleurs"), 403, "other-talk")
        assert (await hers.put("/api/v1/talks/direct/glossary", json={"terms": []})).is_success
        problem(await hers.put("/api/v1/glossary", json={"terms": []}), 403, "other-talk")
        rule = {"heard": "a", "written": "b"}
        problem(await hers.post("/api/v1/captions/rules", json=rule), 403, "other-talk")


async def test_rule_brings_pages_the_last_ten_minutes_and_keeps_the_rest(tv: House) -> None:
    await hear(tv, *(said(number, "biaires") for number in range(300)))
    async with tv.crew() as crew, tv.page(captions_plateau="") as page:
        await cues(page)
        rule = {"heard": "biaires", "written": "bailleurs"}
        await crew.post("/api/v1/captions/rules", json=rule)
        changed = await cues(page)
        assert 115 < len(changed) <= 121
        assert {item["lines"][0] for item in changed.values()} == {"bailleurs"}
        everything = (await crew.get("/api/v1/talks/direct/captions.json")).json()["items"]
        assert {item["lines"][0] for item in everything} == {"bailleurs"}
        assert len(everything) == 300
