"""A model is fetched from a hub through broken lines, and never believed unchecked."""

import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from captions.errors import ModelUnavailable
from captions.models import hub, weights
from tests.captions.model_folders import nano

REPOSITORY = "Systran/faster-whisper-small"


class Hub(ThreadingHTTPServer):
    """A hub with one model, that can be told to misbehave."""

    def __init__(self, model: Path) -> None:
        super().__init__(("127.0.0.1", 0), Replies)
        self.files = {path.name: path.read_bytes() for path in sorted(model.iterdir())}
        self.asked: list[tuple[str, str]] = []  # file, Range
        self.breaks_after = 0  # bytes of each reply, if any
        self.wrong = ""  # the file that comes damaged
        self.resumes = True

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def listing(self) -> bytes:
        entries = [
            {"type": "directory", "path": "onnx", "oid": "0"},
            *(_entry(name, data) for name, data in self.files.items()),
        ]
        return json.dumps(entries).encode()


def _entry(name: str, data: bytes) -> dict[str, object]:
    entry = {"type": "file", "path": name, "size": len(data), "oid": "f" * 40}
    if name.endswith(".bin"):
        entry["lfs"] = {"oid": hashlib.sha256(data).hexdigest(), "size": len(data)}
    return entry


class Replies(BaseHTTPRequestHandler):
    server: Hub

    def do_GET(self) -> None:
        if self.path == f"/api/models/{REPOSITORY}/tree/main":
            self._send(self.server.listing())
            return
        name = self.path.removeprefix(f"/{REPOSITORY}/resolve/main/")
        if (data := self.server.files.get(name)) is None:
            self.send_error(404)
            return
        asked = self.headers.get("Range", "")
        self.server.asked.append((name, asked))
        if name == self.server.wrong:
            data = bytes(len(data))
        begin = int(asked.removeprefix("bytes=").rstrip("-") or 0) if self.server.resumes else 0
        self._send(data[begin:], 206 if begin else 200, self.server.breaks_after)

    def _send(self, data: bytes, status: int = 200, until: int = 0) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data[: until or None])

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def served(model: Path) -> Iterator[Hub]:
    with Hub(model) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return nano(tmp_path_factory.mktemp("model"))


@pytest.fixture
def there(model: Path) -> Iterator[Hub]:
    with served(model) as server:
        yield server


def test_a_size_is_fetched_once_and_its_progress_told(there: Hub, tmp_path: Path) -> None:
    steps: list[tuple[int, int]] = []
    folder = weights.resolve(
        "small", tmp_path, lambda done, total: steps.append((done, total)), there.address
    )
    assert {path.name for path in folder.iterdir()} == {*there.files, "model.bin.sha256"}
    assert all((folder / name).read_bytes() == data for name, data in there.files.items())
    assert steps == sorted(steps)
    assert steps[-1][0] == steps[-1][1] == sum(map(len, there.files.values()))
    assert weights.verify(folder)
    assert weights.at_hand("small", tmp_path)
    there.asked.clear()
    assert weights.resolve("small", tmp_path, None, there.address) == folder
    assert there.asked == []


def test_a_line_that_breaks_is_gone_on_with(there: Hub, tmp_path: Path) -> None:
    there.breaks_after = 700_000
    folder = weights.resolve("small", tmp_path, None, there.address)
    assert (folder / "model.bin").read_bytes() == there.files["model.bin"]
    again = [asked for name, asked in there.asked if name == "model.bin"]
    assert again[:3] == ["", "bytes=700000-", "bytes=1400000-"]


def test_a_hub_that_cannot_resume_begins_again(there: Hub, tmp_path: Path) -> None:
    there.resumes, there.breaks_after = False, 1_500_000
    with pytest.raises(ModelUnavailable, match="connexion coupée"):
        weights.resolve("small", tmp_path, None, there.address)
    there.breaks_after = 0
    folder = weights.resolve("small", tmp_path, None, there.address)
    assert (folder / "model.bin").read_bytes() == there.files["model.bin"]


def test_what_comes_damaged_is_refused_and_fetched_anew(there: Hub, tmp_path: Path) -> None:
    there.wrong = "model.bin"
    with pytest.raises(ModelUnavailable, match=r"« model.bin » est arrivé abîmé"):
        weights.resolve("small", tmp_path, None, there.address)
    assert not weights.at_hand("small", tmp_path)
    there.wrong = ""
    there.asked.clear()
    assert weights.verify(weights.resolve("small", tmp_path, None, there.address))
    assert "config.json" not in dict(there.asked)  # it had come whole


def test_what_was_wrong_at_the_hub_is_fetched_anew_once_it_is_right(
    there: Hub, tmp_path: Path
) -> None:
    right = there.files["model.bin"]
    there.files["model.bin"] = bytes(len(right))
    with pytest.raises(ModelUnavailable, match="ne se charge pas"):
        weights.resolve("small", tmp_path, None, there.address)
    there.files["model.bin"] = right
    assert weights.verify(weights.resolve("small", tmp_path, None, there.address))


def test_a_model_that_rots_in_the_cache_is_fetched_again(there: Hub, tmp_path: Path) -> None:
    folder = weights.resolve("small", tmp_path, None, there.address)
    with (folder / "model.bin").open("r+b") as file:
        file.seek(-9, 2)
        file.write(b"?")
    with pytest.raises(ModelUnavailable, match="ne sont plus ceux"):
        weights.verify(folder)
    with (folder / "model.bin").open("r+b") as file:
        file.truncate(1000)
    assert weights.resolve("small", tmp_path, None, there.address) == folder
    assert weights.verify(folder)


def test_a_hub_without_the_model_is_told(there: Hub, tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailable, match="réponse 404"):
        weights.resolve("medium", tmp_path, None, there.address)
    del there.files["model.bin"]
    with pytest.raises(ModelUnavailable, match=r"il y manque model\.bin"):
        weights.resolve("small", tmp_path, None, there.address)


def test_a_hub_that_does_not_answer_is_told(there: Hub, tmp_path: Path) -> None:
    there.shutdown()
    there.server_close()
    with pytest.raises(ModelUnavailable, match="connexion impossible"):
        weights.resolve("small", tmp_path, None, there.address)


def test_a_disk_that_refuses_is_told(there: Hub, tmp_path: Path) -> None:
    (tmp_path / ".whisper-small").write_text("a file is in the way")
    with pytest.raises(ModelUnavailable, match=r"Impossible d’écrire .* 488 Mo"):
        weights.resolve("small", tmp_path, None, there.address)


def test_files_that_nobody_wants_are_not_fetched(there: Hub, tmp_path: Path) -> None:
    hub.download(
        REPOSITORY, ("config.json", "absent.json"), tmp_path, lambda *_: None, there.address
    )
    assert [path.name for path in tmp_path.iterdir()] == ["config.json"]
