"""Parts of the service on machines of their own: by TCP, with a pass, each of them killed alone."""

import asyncio
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner

from streaming import link
from streaming.errors import NotAdmitted
from streaming.webrtc.mux import Mux
from tests import servers
from tests.nodes import PATIENCE, answers, node
from tests.servers import Fabrique, free_ports, is_alive
from tests.studio import publishing
from tests.viewers import whep
from tests.waiting import until, when
from tv import machines
from tv.auth import Role
from tv.cli import app
from tv.edge import Edge
from tv.folder import Folder, FolderError
from tv.passes import Pass, Passes
from tv.revoking import Revoked, revoke
from tv.settings import load
from tv.tasks import running


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="fabrique-nodes-") as path:
        yield Path(path)


@pytest.fixture(scope="module")
def origin(film: Path) -> Iterator[Fabrique]:
    """A service with a studio on air, whose captions are made elsewhere."""
    (link,) = free_ports(1)
    with servers.store_server() as store:
        settings = {
            "STORE__URL": store.url,
            "CAPTIONS__CHANNELS": "plateau",
            "LINK__HOST": "127.0.0.1",
            "LINK__PORT": str(link),
            "SERVER__ELSEWHERE": "captions",
        }
        with servers.fabrique(**settings) as server, publishing(film, server):
            yield server


async def watched(url: str) -> bool:
    async with httpx.AsyncClient() as client:
        figures = (await client.get(f"{url}/metrics", timeout=5)).text
    return 'fabrique_whep_sessions{channel="plateau"} 1.0' in figures


async def seen(origin: Fabrique) -> bool:
    """True if the crew sees in the list of passes that a node uses its pass."""
    async with httpx.AsyncClient(base_url=origin.url, timeout=30) as desk:
        token = origin.make_pass(Role.OPERATOR)
        items = (
            await desk.get("/api/v1/passes", headers={"authorization": f"Bearer {token}"})
        ).json()
    return any(each["role"] == "node" and each["seen_at"] for each in items["items"])


@pytest.mark.slow
async def test_an_edge_sends_the_picture_and_its_sessions_bear_its_name(
    origin: Fabrique, folder: Path
) -> None:
    with node(origin, folder, "edge", "--name", "lyon") as edge:
        edge.wait_ready()
        async with whep(edge.url) as viewer:
            assert viewer.session.startswith("/plateau/whep/lyon.")
            numbers = await viewer.film_frames(20)
            assert sorted(numbers) == numbers
            assert (await viewer.sound()).samples > 0
            assert await when(partial(seen, origin))
            for server in (edge, origin):  # at the edge, and in all, as media has counted
                await when(partial(watched, server.url))
        assert answers(f"{edge.url}/plateau/index.m3u8") == 404  # that is for web processes


@pytest.mark.slow
def test_a_web_process_elsewhere_serves_the_same_event(origin: Fabrique, folder: Path) -> None:
    shared = ("--data", str(origin.folder.path))
    with node(
        origin, folder, "web", "--store", origin.environment["FABRIQUE_STORE__URL"], *shared
    ) as web:
        web.wait_ready()
        with httpx.Client(base_url=web.url, timeout=15) as viewer:
            token = viewer.post("/api/v1/participants", json={}).json()["token"]
            viewer.headers["authorization"] = f"Bearer {token}"
            asked = viewer.post("/api/v1/talks/direct/questions", json={"body": "D’où ?"})
            assert asked.status_code == 201
            assert viewer.get("/plateau/media.m3u8").status_code == 200
        moderator = {"authorization": f"Bearer {origin.make_pass(Role.MODERATOR)}"}

        def there() -> bool:
            known = httpx.get(f"{origin.url}/api/v1/talks/direct/questions", headers=moderator)
            return asked.json()["id"] in [item["id"] for item in known.json()["items"]]

        until(there)


@pytest.mark.slow
def test_captions_made_elsewhere_reach_viewers(origin: Fabrique, folder: Path) -> None:
    (folder / "captions").mkdir(exist_ok=True)
    with node(
        origin, folder, "captions", "--store", origin.environment["FABRIQUE_STORE__URL"]
    ) as made:
        cues = f"{origin.url}/api/v1/talks/direct/captions.json"

        def written() -> bool:
            reply = httpx.get(cues)
            return reply.status_code == 200 and bool(reply.json()["items"])

        until(written, PATIENCE, made.log.read_text)


@pytest.mark.slow
def test_a_node_without_a_right_pass_is_turned_away_and_told(
    origin: Fabrique, folder: Path
) -> None:
    there = f"127.0.0.1:{origin.environment['FABRIQUE_LINK__PORT']}"
    wrong = folder / "viewer.pass"
    wrong.write_text(origin.make_pass(Role.VIEWER))
    log = folder / "refused.log"
    arguments = ["ladder", "--origin", there, "--data", str(folder / "refused"), "--pass", wrong]
    with log.open("wb") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", "tv", *map(str, arguments)], env=os.environ, stderr=file
        )
    until(lambda: "does not accept our pass" in log.read_text(), told=log.read_text)
    process.terminate()
    process.wait(timeout=30)
    assert "turned away" in origin.log.read_text()
    assert is_alive(origin.children()["media"])


@pytest.mark.slow
async def test_viewers_of_an_edge_stay_while_media_is_away(
    origin: Fabrique, folder: Path, film: Path
) -> None:
    with node(origin, folder, "edge", "--name", "a") as edge:
        edge.wait_ready()
        async with whep(edge.url) as viewer:
            await viewer.film_frames(2)
            origin.kill("media")
            await when(lambda: edge.log.read_text().count("edge     INFO    follows") == 2)
            await when(lambda: origin.log.read_text().count("rtmp on") == 2)
            with publishing(film, origin):  # the first one's connection went with media
                async with asyncio.timeout(PATIENCE):
                    await viewer.film_frames(10)  # the same session


async def test_machine_whose_pass_is_taken_back_is_cut_off(tmp_path: Path) -> None:
    file, there = tmp_path / "revoked", dict[link.Link, Pass]()
    passes = Passes(b"a secret of tests, thirty-two by", revoked=Revoked(file))
    (port,) = free_ports(1)
    settings = load(
        None, {"FABRIQUE_LINK__HOST": "127.0.0.1", "FABRIQUE_LINK__PORT": str(port)}
    ).link
    lost, kept = (
        link.Remote("127.0.0.1", port, passes.issue(Role.NODE, name=name)) for name in "ab"
    )

    async def serve(peer: link.Link) -> None:
        async for _ in peer.receive():
            pass

    async with (
        asyncio.timeout(PATIENCE),
        machines.listening(settings, passes, serve, there),
        link.connected(lost) as machine,
        link.connected(kept),
    ):
        await when(lambda: sorted(each.name for each in there.values()) == ["a", "b"])
        revoke(file, passes, lost.token)
        assert [message async for message in machine.receive()] == []
        await when(lambda: [each.name for each in there.values()] == ["b"])
        with pytest.raises(NotAdmitted):
            async with link.connected(lost):
                pass


async def test_an_edge_seeks_media_that_hangs_up_at_once_less_and_less_often(
    tmp_path: Path,
) -> None:
    came = asyncio.Queue[float]()

    async def hang_up(peer: link.Link) -> None:
        came.put_nowait(asyncio.get_running_loop().time())

    path = tmp_path / "media.sock"
    edge = Edge(load(None, {}), Mux(), "a")
    async with link.listening(path, hang_up), asyncio.timeout(20), running(edge.run(path)):
        times = [await came.get() for _ in range(4)]
    assert times[-1] - times[0] > 0.6
    await edge.close()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["edge", "--origin", "h:0", "--name", "a", "--pass", "PASS"], "--origin"),
        (["edge", "--origin", "h", "--name", "A b", "--pass", "PASS"], "--name"),
        (["ladder", "--origin", "h", "--pass", "/nowhere/pass"], "pass node --token"),
        (["web", "--origin", "h", "--store", "redis://h", "--pass", "PASS"], "dossier de données"),
        (["web", "--origin", "h", "--store", "valkey", "--pass", "PASS"], "redis://"),
    ],
)
def test_what_is_wrong_with_a_node_is_told_in_a_line(
    tmp_path: Path, options: list[str], said: str
) -> None:
    token = tmp_path / "pass"
    token.write_text("x")
    command = [each.replace("PASS", str(token)) for each in options]
    ran = subprocess.run(
        [sys.executable, "-m", "tv", *command, "--data", str(tmp_path / "data")],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert ran.returncode == 2
    assert said in ran.stderr
    assert ran.stderr.count("\n") == 1


def test_two_edges_do_not_share_a_folder(tmp_path: Path) -> None:
    """Each has a socket there, at which its door asks."""
    token = tmp_path / "pass"
    token.write_text("x")
    given = ["edge", "--origin", "h", "--name", "a", "--pass", str(token), "--data", str(tmp_path)]
    (port,) = free_ports(1)
    with Folder(tmp_path).locked():
        ran = CliRunner().invoke(app, given, env={"FABRIQUE_WEBRTC__PORT": str(port)})
    assert isinstance(ran.exception, FolderError)
    assert "utilise déjà" in str(ran.exception)
