"""Debian's Firefox for tests, driven by WebDriver BiDi: no driver of its own, and no Node.

It has no H.264 for WebRTC: whoever watches by it watches by HLS.
"""

import base64
import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Thread
from typing import IO, Any

from websockets.sync.client import ClientConnection, connect

FIREFOX = shutil.which("firefox-esr") or shutil.which("firefox")
PATIENCE = 60.0  # seconds for what is waited for in a page; twice that for each of its answers

ARGUMENTS = ["--headless", "--no-remote", "--remote-debugging-port=0"]
PREFERENCES = {
    "app.update.enabled": False,
    "browser.aboutwelcome.enabled": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "intl.accept_languages": "fr-FR,fr",
    "media.autoplay.default": 0,
    "media.volume_scale": "0.0",
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "remote.active-protocols": 1,
    "toolkit.telemetry.enabled": False,
}

# Where a pointer presses an element; null while it is not there, is disabled or is behind another.
PRESSED_AT = """(selector) => {
  const element = document.querySelector(selector);
  const there = element?.checkVisibility() && !element.matches(":disabled, [aria-disabled=true]");
  if (!there) return null;
  element.scrollIntoView({ block: "center" });
  const box = element.getBoundingClientRect();
  const [x, y] = [Math.round(box.x + box.width / 2), Math.round(box.y + box.height / 2)];
  return element.contains(document.elementFromPoint(x, y)) ? [x, y] : null;
}"""


class Tab:
    """One page of a browser."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self._asked = 0
        self._ask("session.new", capabilities={})
        (self._context, *_) = (
            each["context"] for each in self._ask("browsingContext.getTree")["contexts"]
        )

    def size(self, width: int, height: int) -> None:
        viewport = {"width": width, "height": height}
        self._ask("browsingContext.setViewport", context=self._context, viewport=viewport)

    def goto(self, address: str) -> None:
        self._ask("browsingContext.navigate", context=self._context, url=address, wait="complete")

    def evaluate(self, expression: str) -> Any:
        """What an expression that JSON can carry is worth in the page; promises are waited for."""
        made = self._ask(
            "script.evaluate",
            expression=f"(async () => JSON.stringify(await ({expression})) ?? 'null')()",
            target={"context": self._context},
            awaitPromise=True,
        )
        assert made["type"] == "success", made
        return json.loads(made["result"]["value"])

    def until(self, expression: str, seconds: float = PATIENCE) -> Any:
        """Wait until an expression is true, in the page; returns what it is worth then."""
        came = self.evaluate(
            f"""new Promise((done) => {{
              const end = performance.now() + {1000 * seconds};
              const look = () => {{
                const worth = {expression};
                if (worth) done(worth);
                else if (performance.now() > end) done(false);
                else setTimeout(look, 50);
              }};
              look();
            }})"""
        )
        assert came, f"not within {seconds} s: {expression}"
        return came

    def click(self, selector: str) -> None:
        """Press what is there, as a pointer does: where it is seen, once it takes presses."""
        x, y = self.until(f"({PRESSED_AT})({json.dumps(selector)})")
        self._perform(
            {
                "type": "pointer",
                "id": "finger",
                "actions": [
                    {"type": "pointerMove", "x": x, "y": y},
                    {"type": "pointerDown", "button": 0},
                    {"type": "pointerUp", "button": 0},
                ],
            }
        )

    def type(self, text: str) -> None:
        """Write with the keyboard, where the focus is."""
        strokes = [{"type": kind, "value": key} for key in text for kind in ("keyDown", "keyUp")]
        self._perform({"type": "key", "id": "keyboard", "actions": strokes})

    def picture(self) -> bytes:
        made = self._ask("browsingContext.captureScreenshot", context=self._context)
        return base64.b64decode(made["data"])

    def _perform(self, *sources: dict[str, Any]) -> None:
        self._ask("input.performActions", context=self._context, actions=sources)

    def _ask(self, method: str, **parameters: Any) -> Any:
        self._asked += 1
        asked = {"id": self._asked, "method": method, "params": parameters}
        self._socket.send(json.dumps(asked))
        while (told := json.loads(self._socket.recv(2 * PATIENCE))).get("id") != self._asked:
            pass  # what happens meanwhile
        assert told["type"] == "success", told
        return told["result"]


@contextmanager
def firefox() -> Iterator[Tab]:
    """One page of a Firefox of our own, headless."""
    assert FIREFOX, "firefox-esr is not installed: `make setup-test` does that"
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        Path(profile, "user.js").write_text(
            "".join(
                f"user_pref({json.dumps(k)}, {json.dumps(v)});\n" for k, v in PREFERENCES.items()
            )
        )
        process = subprocess.Popen(
            [FIREFOX, *ARGUMENTS, "--profile", profile, "about:blank"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            process_group=0,
        )
        assert process.stderr is not None
        with process.stderr as said:
            try:
                address = _address(said)
                # What else it says is read, and left: a full pipe would hold it up.
                reading = Thread(target=said.read, daemon=True)
                reading.start()
                with connect(f"{address}/session", max_size=None, open_timeout=PATIENCE) as socket:
                    yield Tab(socket)
            finally:
                _end(process)
            reading.join()


def _address(said: IO[str]) -> str:
    """Where it takes orders, as it says itself."""
    for line in said:
        if found := re.search(r"WebDriver BiDi listening on (ws://\S+)", line):
            return found[1]
    raise AssertionError("Firefox does not start")


def _end(process: "subprocess.Popen[str]") -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)
    try:
        process.wait(timeout=10)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
