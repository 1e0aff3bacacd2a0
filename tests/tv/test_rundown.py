"""The rundown and the screens, by the API and the socket."""

import time
from typing import Any

import pytest

from tests.tv.house import House, Page
from tests.tv.test_api import ask, opened_poll, problem
from tv.auth import Role
from tv.displays import LASTS, NOTED, SHARE, SILENT, WAITING, Displays, TooManyWait


async def add(crew: Any, **said: Any) -> dict[str, Any]:
    body = {"type": "announcement", "text": "Reprise à 14 h"} | said
    answer = await crew.post("/api/v1/rundown", json=body)
    assert answer.status_code == 201, answer.text
    added: dict[str, Any] = answer.json()
    return added


async def paired(tv: House, crew: Any, **said: Any) -> tuple[str, str]:
    """A screen's id, and its token."""
    async with tv.client() as display:
        waiting = (await display.post("/api/v1/displays")).json()
        join = f"/api/v1/displays/{waiting['code']}:join"
        assert (await display.post(join, json={"secret": waiting["secret"]})).status_code == 202
        body = {"code": waiting["code"].lower(), "name": "Hall"} | said
        assert (await crew.post("/api/v1/screens", json=body)).status_code == 201
        joined = await display.post(join, json={"secret": waiting["secret"]})
        assert joined.status_code == 201
        return joined.json()["screen"], joined.json()["token"]


async def air(page: Page, topic: str, place: str) -> list[str]:
    """What a place is told to show, once it is told anew."""
    while True:
        for item in (await page.view(topic))["items"]:
            if (item["kind"], item["id"]) == ("air", place):
                return [entry["text"] or entry["shows"]["body"] for entry in item["entries"]]


@pytest.mark.alone
async def test_what_is_taken_is_on_every_screen_at_once_and_cleared_within_half_a_second(
    tv: House,
) -> None:
    async with tv.crew(Role.OPERATOR) as crew:
        screen, token = await paired(tv, crew)
        topic = f"screen:{screen}"
        async with tv.page(token, **{f"screen_{screen}": ""}) as hall, tv.page(overlay="") as obs:
            assert await air(hall, topic, screen) == []
            assert await air(obs, "overlay", "overlay") == []
            entry = await add(crew)
            await crew.post(f"/api/v1/rundown/{entry['id']}:preview")
            await crew.post(f"/api/v1/rundown/{entry['id']}:take")
            assert await air(hall, topic, screen) == ["Reprise à 14 h"]
            assert await air(obs, "overlay", "overlay") == ["Reprise à 14 h"]
            cleared = time.monotonic()
            assert (await crew.post("/api/v1/screens:clear")).json()["cleared"]
            assert await air(hall, topic, screen) == []
            assert await air(obs, "overlay", "overlay") == []
            assert time.monotonic() - cleared < 0.5
            await crew.post("/api/v1/screens:restore")
            assert await air(hall, topic, screen) == ["Reprise à 14 h"]


async def test_answered_question_is_on_air_and_off_when_it_is_rejected(tv: House) -> None:
    async with tv.crew() as crew, tv.someone() as ann, tv.page(overlay="") as obs:
        await air(obs, "overlay", "overlay")
        question = f"/api/v1/questions/{(await ask(ann, 'Et l’ascenseur ?'))['id']}"
        await crew.post(f"{question}:approve")
        await crew.post(f"{question}:take")
        assert await air(obs, "overlay", "overlay") == ["Et l’ascenseur ?"]
        await crew.post(f"{question}:release")
        assert await air(obs, "overlay", "overlay") == []


async def test_audience_sees_no_votes_on_air_that_are_hidden_from_it(tv: House) -> None:
    async with tv.crew() as crew, tv.someone() as ann, tv.page(overlay="") as obs:
        await air(obs, "overlay", "overlay")
        poll = await opened_poll(crew)
        await ann.put(f"/api/v1/polls/{poll['id']}/ballot", json={"round": 1, "choices": ["o1"]})
        entry = await add(crew, type="poll", shows=poll["id"], text="")
        await crew.post(f"/api/v1/rundown/{entry['id']}:take")
        [item] = (await obs.view("overlay"))["items"]
        [shown] = item["entries"]
        assert (shown["shows"]["ballots"], shown["shows"]["counts"]) == (1, None)
        listed = (await crew.get("/api/v1/rundown")).json()["items"]
        assert listed[0]["shows"]["counts"][0]["votes"] == 1


async def test_screen_is_known_by_its_own_pass_alone(tv: House) -> None:
    async with tv.crew(Role.OPERATOR) as crew:
        screen, token = await paired(tv, crew, group="Accueil")
        other, other_token = await paired(tv, crew, name="Labo 3", face="air")
        view = f"/api/v1/views/screen:{screen}"
        for holder, kinds in ((token, {"air", "screen"}), (other_token, {"air"}), ("", {"air"})):
            async with tv.client(holder) as display:
                items = (await display.get(view)).json()["items"]
                assert {item["kind"] for item in items} == kinds
        said = {"showing": "webrtc", "width": 1920, "height": 1080}
        said |= {"health": "mending", "heard": "refused"}
        presence = f"/api/v1/screens/{screen}/presence"
        async with tv.client(token) as own, tv.client(other_token) as neighbour:
            assert (await own.put(presence, json=said)).status_code == 204
            assert (await neighbour.put(presence, json=said)).status_code == 403
        first, second = (await crew.get("/api/v1/screens")).json()["items"]
        assert (first["name"], first["group"], first["showing"]) == ("Hall", "Accueil", "webrtc")
        assert first["seen_at"]
        assert (first["health"], first["heard"], first["sound"]) == ("mending", "refused", False)
        assert (second["face"], second["seen_at"]) == ("air", None)
        change = {"face": "wall", "sound": True}
        changed = await crew.patch(f"/api/v1/screens/{screen}", json=change)
        assert (changed.json()["face"], changed.json()["name"]) == ("wall", "Hall")
        assert changed.json()["sound"]
        assert (await crew.post(f"/api/v1/screens/{other}:spot")).json()["spotted_at"]
        assert (await crew.delete(f"/api/v1/screens/{screen}")).status_code == 204
        assert (await crew.get(f"/api/v1/screens/{screen}")).status_code == 404
        async with tv.client(token) as own:
            items = (await own.get(view)).json()["items"]
            assert not [item for item in items if item["kind"] == "screen"]


async def test_screen_that_goes_from_the_list_goes_from_the_crews_pages(tv: House) -> None:
    operator = tv.passes.issue(Role.OPERATOR)
    async with tv.client(operator) as crew, tv.page(operator, screens="") as desk:
        screen, _ = await paired(tv, crew)
        while not (await desk.view("screens"))["items"]:
            pass
        await crew.delete(f"/api/v1/screens/{screen}")
        assert (await desk.view("screens"))["removed"] == [f"screen:{screen}"]


async def test_another_display_can_become_a_screen(tv: House) -> None:
    async with tv.crew(Role.OPERATOR) as crew, tv.client() as display:
        screen, _ = await paired(tv, crew)
        waiting = (await display.post("/api/v1/displays")).json()
        body = {"code": waiting["code"]}
        assert (await crew.patch(f"/api/v1/screens/{screen}", json=body)).status_code == 200
        join = f"/api/v1/displays/{waiting['code']}:join"
        joined = await display.post(join, json={"secret": waiting["secret"]})
        assert joined.json()["screen"] == screen
        again = await crew.post("/api/v1/screens", json=body | {"name": "Autre"})
        assert (again.status_code, again.json()["type"].rpartition(":")[2]) == (404, "unknown-code")


async def test_codes_are_for_whoever_shows_them_and_few_may_wait(tv: House) -> None:
    async with tv.client() as display:
        waiting = (await display.post("/api/v1/displays")).json()
        join = f"/api/v1/displays/{waiting['code']}:join"
        assert (await display.post(join, json={"secret": "guessed"})).status_code == 404
        later = Displays(tv.store, "fabrique", lambda: time.time() + 60)  # none falls silent
        for n in range(WAITING - 1):
            await later.wait(f"{n % 2}")
        refused = await display.post("/api/v1/displays")
        assert (refused.status_code, "retry-after" in refused.headers) == (429, True)


async def test_one_network_leaves_room_for_displays_of_others(tv: House) -> None:
    displays = Displays(tv.store, "fabrique", lambda: 1_000.0)
    codes = [(await displays.wait("venue"))[0] for _ in range(SHARE)]
    with pytest.raises(TooManyWait):
        await displays.wait("venue")
    assert await displays.wait("elsewhere")
    waiting = await displays.find(codes[0])
    assert waiting
    await displays.claim(codes[0], waiting, "screen_1")  # it shows no code any more
    assert await displays.wait("venue")


async def test_client_that_asks_seven_times_a_second_keeps_nobody_from_a_code(tv: House) -> None:
    """It makes codes and asks for those that it has; real displays ask every two seconds."""
    now = time.time()
    displays = Displays(tv.store, "fabrique", lambda: now)
    held: list[str] = []
    for second in range(60):
        for _ in range(7):
            now += 1 / 7
            try:
                held.append((await displays.wait("venue"))[0])
            except TooManyWait:
                code = held.pop(0)
                await displays.hear(code)
                held.append(code)
        if second % 5 == 4:
            code, _ = await displays.wait("venue")
            assert await displays.find(code)
            code, _ = await displays.wait("elsewhere")
            assert await displays.find(code)


async def test_displays_that_fell_silent_make_room_and_neither_claimed_nor_asking_ones_do(
    tv: House,
) -> None:
    before = Displays(tv.store, "fabrique", lambda: time.time() - SILENT - 1)
    waiting = [await before.wait(f"{n % 2}") for n in range(WAITING)]
    (asking, hers), (claimed, his), (silent, nobodys), *_ = waiting
    await before.claim(claimed, his, "screen_1")
    async with tv.client() as display:

        async def join(code: str, secret: str) -> int:
            asked = await display.post(f"/api/v1/displays/{code}:join", json={"secret": secret})
            return asked.status_code

        assert await join(asking, hers.secret) == 202
        assert (await display.post("/api/v1/displays")).status_code == 201
        assert await join(asking, hers.secret) == 202
        assert await join(claimed, his.secret) == 202
        assert await join(silent, nobodys.secret) == 404


async def test_display_that_asks_on_is_noted_now_and_then_and_forgotten_with_its_code(
    tv: House,
) -> None:
    now = time.time()
    displays = Displays(tv.store, "fabrique", lambda: now)

    async def noted() -> list[tuple[bytes, float]]:
        return await tv.store.zrange("fabrique:{fabrique}:displays:asked", 0, -1, withscores=True)

    code, _ = await displays.wait("here")
    first = now
    now += NOTED / 2
    await displays.hear(code.lower())
    assert await noted() == [(code.encode(), first)]
    now += NOTED
    await displays.hear(code)
    assert await noted() == [(code.encode(), now)]
    now += LASTS + 1
    assert await displays.find(code) is None
    assert await noted() == []


async def test_who_may_do_what(tv: House) -> None:
    async with (
        tv.crew(Role.MODERATOR) as moderator,
        tv.crew(Role.PRESENTER) as presenter,
        tv.someone() as ann,
    ):
        entry = await add(moderator)
        address = f"/api/v1/rundown/{entry['id']}"
        assert (await moderator.post(f"{address}:preview")).status_code == 200
        assert (await moderator.post(f"{address}:take")).status_code == 403
        assert (await moderator.post("/api/v1/screens:clear")).status_code == 200
        assert (await presenter.get(address)).status_code == 200
        assert (await presenter.post("/api/v1/screens:clear")).status_code == 403
        for refused in (
            ann.get("/api/v1/rundown"),
            ann.post("/api/v1/rundown", json={"type": "announcement", "text": "Moi"}),
            ann.get("/api/v1/screens"),
            ann.post("/api/v1/screens:clear"),
            ann.get("/api/v1/talks/direct/messages"),
            ann.post("/api/v1/talks/direct/messages", json={"text": "Bonjour"}),
        ):
            assert (await refused).status_code in (401, 403)


async def test_pass_for_one_talk_is_none_for_what_all_talks_share(tv: House) -> None:
    async with (
        tv.crew() as crew,
        tv.someone() as ann,
        tv.crew(Role.PRESENTER, talk="another") as presenter,
        tv.crew(Role.ADMIN, talk="another") as admin,
    ):
        asked = await ask(ann, "Que personne n’a relu ?")
        await add(crew, type="question", shows=asked["id"], text="")
        for address in ("rundown", "screens", "join/codes"):
            problem(await presenter.get(f"/api/v1/{address}"), 403, "other-talk")
        post = {"text": "Bravo", "author": "Léa", "network": "Mastodon"}
        line = {"type": "announcement", "text": "Moi"}
        for refused in (
            admin.post("/api/v1/rundown", json=line),
            admin.post("/api/v1/screens:clear"),
            admin.post("/api/v1/wall/posts", json=post),
            admin.patch("/api/v1/wall", json={"open": False}),
            admin.delete("/api/v1/participants/p_0123456789abcdef"),
        ):
            problem(await refused, 403, "other-talk")


BAD: list[dict[str, Any]] = [
    {"type": "announcement"},
    {"type": "bandeau", "text": "sans nom"},
    {"type": "synthesis", "title": "Sans texte"},
    {"type": "countdown", "title": "Sans durée"},
    {"type": "countdown", "duration": 60, "until": "2026-11-26T14:00:00Z"},
    {"type": "countdown", "until": "2026-11-26T14:00:00"},
    {"type": "countdown", "until": "0001-01-01T00:00:00+01:00"},
    {"type": "countdown", "until": "9999-12-31T23:59:59-01:00"},
    {"type": "countdown", "duration": -1},
    {"type": "announcement", "text": "x", "until": "2026-11-26T14:00:00Z"},
    {"type": "announcement", "text": "x" * 1201},
    {"type": "announcement", "text": "a\u0000b"},
    {"type": "announcement", "text": "x", "channel": "nulle-part"},
    {"type": "announcement", "text": "x", "target": "lune"},
    {"type": "announcement", "text": "x", "to": ["s"] * 51},
    {"type": "announcement", "text": "x", "shows": "q_1"},
    {"type": "question"},
    {"type": "question", "shows": "q_nothing"},
    {"type": "hymne", "text": "x"},
    {"text": "x"},
]


async def test_bad_entry_is_refused_and_the_journal_is_unchanged(tv: House) -> None:
    async with tv.crew() as crew:
        for body in BAD:
            answer = await crew.post("/api/v1/rundown", json=body)
            assert answer.status_code == 422, (body, answer.text)
            assert answer.json()["detail"]
        assert (await crew.get("/api/v1/rundown")).json()["items"] == []


async def test_stale_version_the_same_key_and_wrong_states_are_refused(tv: House) -> None:
    async with tv.crew() as crew:
        key = {"idempotency-key": "k"}
        said = {"type": "announcement", "text": "Un"}
        first = await crew.post("/api/v1/rundown", json=said, headers=key)
        again = await crew.post("/api/v1/rundown", json=said, headers=key)
        assert first.json() == again.json()
        other = await crew.post("/api/v1/rundown", json=said | {"text": "Deux"}, headers=key)
        assert other.status_code == 422
        address = f"/api/v1/rundown/{first.json()['id']}"
        edited = await crew.patch(address, json={"text": "Trois"})
        assert (edited.json()["text"], edited.json()["target"]) == ("Trois", "both")
        stale = await crew.post(f"{address}:take", headers={"if-match": first.headers["etag"]})
        assert (stale.status_code, stale.json()["current"]["text"]) == (412, "Trois")
        assert (await crew.post(f"{address}:off")).status_code == 409
        assert (await crew.post(f"{address}:take")).status_code == 200
        assert (await crew.delete(address)).status_code == 409
        assert (await crew.post(f"{address}:move", json={"before": "nothing"})).status_code == 404
        assert (await crew.post(f"{address}:dance")).status_code == 404
        assert (await crew.post("/api/v1/screens:restore")).status_code == 409


async def test_message_reaches_the_stage_and_its_reading_the_control_room(tv: House) -> None:
    presenter = tv.passes.issue(Role.PRESENTER, talk="direct")
    async with (
        tv.crew(Role.OPERATOR, name="Anne") as crew,
        tv.client(presenter) as stage,
        tv.client() as viewer,
        tv.page(presenter, talk_direct="") as page,
    ):
        await page.view()
        sent = await crew.post("/api/v1/talks/direct/messages", json={"text": "Plus que 2 minutes"})
        assert sent.status_code == 201
        [item] = (await page.view())["items"]
        assert (item["kind"], item["text"], item["author"]) == (
            "message",
            "Plus que 2 minutes",
            "Anne",
        )
        read = await stage.post(f"/api/v1/messages/{item['id']}:acknowledge")
        assert read.json()["acknowledged_at"]
        [listed] = (await crew.get("/api/v1/talks/direct/messages")).json()["items"]
        assert listed["acknowledged_at"] == read.json()["acknowledged_at"]
        unknown = await crew.post("/api/v1/talks/nothing/messages", json={"text": "Bonjour"})
        assert unknown.status_code == 404
        view = (await viewer.get("/api/v1/views/talk:direct")).json()
        assert not [each for each in view["items"] if each["kind"] == "message"]
