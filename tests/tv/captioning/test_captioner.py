"""A person writes captions in the machine's place: their words show, for as long as they hold."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import msgspec
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus

from captions.cues import Cue
from captions.wording.captioned import Hold
from captions.wording.events import CaptionsTaken, CueWritten
from tests.servers import StoreServer
from tests.tv.house import House, house
from tests.tv.test_api import problem
from tv import store
from tv.auth import Role
from tv.captioning.holding import Presence, give_back
from tv.tasks import running


class Captioner:
    """Stenotype software, on its socket."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket

    async def say(self, type: str, text: str, **more: Any) -> None:
        message = {"type": type, "text": text, **more}
        await self._socket.send(msgspec.json.encode(message).decode())

    async def send(self, text: str) -> None:
        await self._socket.send(text)

    async def hear(self) -> dict[str, Any]:
        async with asyncio.timeout(5):
            heard: dict[str, Any] = msgspec.json.decode(await self._socket.recv())
            return heard

    async def line(self, text: str, **more: Any) -> list[dict[str, Any]]:
        """Write a line; the cues that it made or changed."""
        await self.say("line", text, **more)
        heard = await self.hear()
        assert heard["type"] == "cues", heard
        items: list[dict[str, Any]] = heard["items"]
        return items

    async def closed(self) -> int | None:
        """The code with which the server ends it."""
        async with asyncio.timeout(5):
            await self._socket.wait_closed()
        return self._socket.close_code


@asynccontextmanager
async def captioner(
    tv: House, token: str, channel: str = "plateau", query: str = ""
) -> AsyncIterator[Captioner]:
    url = f"ws://{tv.address}/api/v1/channels/{channel}/captions/stream{query}"
    headers = {"authorization": f"Bearer {token}"} if token else {}
    async with connect(url, additional_headers=headers) as socket:
        yield Captioner(socket)


async def shows(page: Any, words: str) -> None:
    """Wait until these open words are on the page."""
    while True:
        heard = await page.hear()
        if heard["type"] == "partial" and words == " ".join(
            word["text"] for word in heard["words"]
        ):
            return


async def test_typed_words_show_as_they_come_then_as_cues(tv: House) -> None:
    token = tv.passes.issue(Role.MODERATOR, name="Ann")
    async with tv.page(captions_plateau="") as page:
        async with captioner(tv, token, query="?delay=3") as ann:
            taken = await ann.hear()
            assert taken | {"type": "taken", "channel": "plateau", "source": "stream"} == taken
            assert taken["by"] == "Ann"
            await ann.say("words", "Nous par")
            await shows(page, "Nous par")
            began = tv.upstream.now()
            await ann.say("commit", "Nous parlons")
            [open_cue] = (await ann.hear())["items"]
            await shows(page, "")
            [cue] = await ann.line("du logement.", speaker="")
            assert cue["id"] == open_cue["id"]
            assert cue["lines"] == ["Nous parlons du logement."]
            # When it had been heard, not when typed.
            assert cue["end"] <= tv.upstream.now() - 3 + 2.5
            [named] = await ann.line("Merci.", speaker="Anne Morel", time=began - 1.0)
            assert named["speaker"] == "Anne Morel"
            seen: dict[str, Any] = {}
            while named["id"] not in seen or seen[cue["id"]]["revision"] < cue["revision"]:
                view = await page.hear()
                seen |= {item["id"]: item for item in view.get("items", ())}
            assert seen[cue["id"]] == cue
            told = tv.live.airing.item("plateau", crew=False)
            assert told
            assert (told["captions"], told["captions_by"]) == ("on", "person")
        # The last line is kept, though its socket is gone.
        assert tv.follower.cues("plateau", 0.0, 1e11)[-1].lines == ("Merci.",)
        assert tv.follower.cues("plateau", 0.0, 1e11)[-1].words[-1].settled > began


async def test_last_line_before_the_socket_closes_is_written(tv: House) -> None:
    async with captioner(tv, tv.passes.issue(Role.ADMIN)) as ann:
        await ann.hear()
        await ann.say("line", "Au revoir.")
    async with tv.page(captions_plateau="") as page:
        while not any(
            item["lines"] == ["Au revoir."] for item in (await page.view()).get("items", ())
        ):
            pass


async def test_cues_of_a_person_come_behind_what_the_machine_wrote(tv: House) -> None:
    now = tv.upstream.now()
    machine = Cue(f"plateau-{int(now * 1000) - 1000}", 0, now - 1.0, now - 0.2, ("Avant",))
    await tv.journal.append(CueWritten("plateau", machine))
    async with captioner(tv, tv.passes.issue(Role.ADMIN), query="?delay=5") as ann:
        await ann.hear()
        [cue] = await ann.line("Après")
    assert cue["start"] == pytest.approx(machine.end, abs=0.001)


async def test_only_one_person_holds_a_channel(tv: House) -> None:
    ann, bob = (tv.passes.issue(Role.MODERATOR, name=name) for name in ("Ann", "Bob"))
    async with tv.client(ann) as hers, tv.client(bob) as his, captioner(tv, ann) as first:
        await first.hear()
        take = "/api/v1/channels/plateau/captions:take"
        refused = await his.post(take, json={"source": "keyboard"})
        assert problem(refused, 409, "captions-taken")["current"]["by"] == "Ann"
        async with captioner(tv, bob) as second:
            assert await second.closed() == 4409
        # Her own socket that comes back goes on, and ends the one before.
        async with captioner(tv, ann) as again:
            assert (await again.hear())["type"] == "taken"
            assert await first.closed() == 4409
            [cue] = await again.line("Je continue.")
            assert cue["lines"] == ["Je continue."]
            over = await his.post(take, json={"source": "keyboard", "over": True})
            assert over.json()["by"] == "Bob"
            assert await again.closed() == 4409
        release = "/api/v1/channels/plateau/captions:release"
        assert (await hers.post(release)).json()["by"] == "Bob"
        problem(await hers.post(release), 409, "captions-not-taken")
        problem(await hers.post(take, json={"source": "tam-tam"}), 422, "invalid-body")
        nowhere = "/api/v1/channels/nulle-part/captions:take"
        problem(await hers.post(nowhere, json={"source": "stream"}), 404, "unknown-channel")


async def test_speaker_is_whom_the_captioner_or_else_the_control_room_names(tv: House) -> None:
    operator = tv.passes.issue(Role.OPERATOR)
    name = "/api/v1/channels/plateau/captions:name"
    async with (
        tv.client(operator) as crew,
        tv.page(operator, captioning_plateau="") as desk,
        captioner(tv, operator, query="?delay=0") as ann,
    ):
        await ann.hear()
        assert (await ann.line("Bonjour."))[0]["speaker"] == ""
        assert (await crew.post(name, json={"speaker": "Omar  Ba"})).json() == {
            "speaker": "Omar Ba"
        }
        while (await desk.view())["items"][0]["speaker"] != "Omar Ba":
            pass
        assert (await ann.line("Merci."))[-1]["speaker"] == "Omar Ba"
        assert (await ann.line("Oui.", speaker="Anne"))[-1]["speaker"] == "Anne"
        problem(await crew.post(name, json={"speaker": "x" * 61}), 422, "text-too-long")


async def test_who_holds_is_told_to_the_crew(tv: House) -> None:
    operator = tv.passes.issue(Role.OPERATOR, name="Ann")
    async with tv.client(operator) as crew, tv.page(operator, captioning_plateau="") as desk:
        assert (await desk.view())["items"][0]["taken"] is None
        body = {"source": "keyboard"}
        hold = (await crew.post("/api/v1/channels/plateau/captions:take", json=body)).json()
        assert (await desk.view())["items"][0]["taken"] == hold
        assert hold | {"by": "Ann", "source": "keyboard"} == hold
        await crew.post("/api/v1/channels/plateau/captions:release")
        assert (await desk.view())["items"][0]["taken"] is None


async def test_strangers_and_nonsense_are_refused_before_the_socket_opens(tv: House) -> None:
    admin = tv.passes.issue(Role.ADMIN)
    for token, channel, query, status in (
        ("", "plateau", "", 401),
        (tv.passes.issue(Role.PRESENTER), "plateau", "", 403),
        (admin, "nulle-part", "", 404),
        (admin, "plateau", "?delay=tard", 422),
        (admin, "plateau", "?delay=16", 422),
        (admin, "plateau", "?delay=nan", 422),
    ):
        with pytest.raises(InvalidStatus) as refused:
            async with captioner(tv, token, channel, query):
                pass
        assert refused.value.response.status_code == status


async def test_bad_messages_are_answered_and_a_flood_ends_it(tv: House) -> None:
    async with captioner(tv, tv.passes.issue(Role.ADMIN)) as ann:
        await ann.hear()
        for message in (
            *("bonjour", '{"type": "line"}', '{"type": "noise", "text": "a"}', "[]"),
            '{"x":' + "[" * 2_000,
        ):
            await ann.send(message)
            assert (await ann.hear())["code"] == "not-understood"
        await ann.say("line", "x" * 501)
        assert (await ann.hear())["code"] == "text-too-long"
        await ann.say("line", "a\x00b")
        assert (await ann.hear())["code"] == "control-characters"
        await ann.say("line", "Enfin.", time=1e300)
        assert (await ann.hear())["items"][0]["lines"] == ["Enfin."]
        text = "mot " * 120
        codes = []
        while "too-fast" not in codes:
            await ann.say("line", text)
            codes.append((await ann.hear()).get("code"))
        assert len(codes) <= 5
        for _ in range(200):
            await ann.say("words", "flot")
        assert await ann.closed() == 4429


async def test_lines_wait_for_a_store_that_was_killed(store_server: StoreServer) -> None:
    async with (
        store.connected(store_server.url) as client,
        house(client) as tv,
        captioner(tv, tv.passes.issue(Role.ADMIN)) as ann,
    ):
        await ann.hear()
        store_server.kill()
        await ann.line("Pendant la panne.")
        store_server.start()
        async with tv.page(captions_plateau="") as page, asyncio.timeout(20):
            while "Pendant la panne." not in str(await page.view()):
                pass


def hold(number: int) -> Hold:
    return Hold("plateau", f"h{number}", 1.0, "p_1", "Ann", "keyboard")


def test_who_is_not_heard_of_for_a_while_is_gone() -> None:
    presence = Presence(patience=15.0)
    assert presence.gone([hold(1)], 100.0) == []
    assert presence.gone([hold(1)], 114.0) == []
    presence.hear("plateau", 114.5)
    assert presence.gone([hold(1)], 129.0) == []
    assert presence.gone([hold(1)], 130.0) == [hold(1)]
    assert presence.gone([hold(2)], 131.0) == []  # taken anew: all its time before it
    presence.hear("ailleurs", 131.0)
    assert presence.gone([], 200.0) == []
    assert presence.gone([hold(2)], 201.0) == []
    presence.excuse(215.0)  # nobody could be heard until then
    assert presence.gone([hold(2)], 230.0) == []
    assert presence.gone([hold(2)], 231.0) == [hold(2)]


async def test_channel_of_a_captioner_who_is_gone_goes_back(tv: House) -> None:
    async def released() -> None:
        async with tv.page(tv.passes.issue(Role.ADMIN), captioning_plateau="") as desk:
            while (await desk.view())["items"][0]["taken"] is not None:
                pass

    back = give_back(tv.follower, tv.store, ["plateau"], tv.upstream.now, patience=3.0)
    async with asyncio.timeout(40), running(back):
        async with captioner(tv, tv.passes.issue(Role.ADMIN)) as ann:
            await ann.hear()
            waiting = asyncio.create_task(released())
            done, _ = await asyncio.wait([waiting], timeout=5.0)
            assert not done  # as long as the socket is open
        await waiting
        act = CaptionsTaken(
            id="1", at=1.0, by="p", channel="labo", source="stream"
        )  # which is not ours to give back
        await tv.follower.write(act)
    assert set(tv.follower.captions.holds) == {"labo"}


async def test_pass_for_a_talk_writes_no_longer_than_the_talk(tv: House) -> None:
    token = tv.passes.issue(Role.MODERATOR, talk="direct")
    async with tv.crew(Role.ADMIN) as admin:
        (await admin.post("/api/v1/talks/direct:start")).raise_for_status()
        async with captioner(tv, token) as ann:
            await ann.hear()
            await ann.line("Nous parlons du logement.")
            (await admin.post("/api/v1/talks/direct:end")).raise_for_status()
            assert await ann.closed() == 4409
