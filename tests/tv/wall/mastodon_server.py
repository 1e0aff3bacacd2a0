"""A server that speaks Mastodon's public timeline of a hashtag, over real HTTP."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit


@dataclass
class MastodonServer:
    """`statuses` by hashtag, the oldest first; `answers` are sent instead, one after the other."""

    url: str = ""
    statuses: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    answers: list[tuple[int, dict[str, str], bytes]] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def post(self, hashtag: str, content: str, **more: Any) -> dict[str, Any]:
        """Someone writes; `more` replaces fields of the status."""
        written = self.statuses.setdefault(hashtag.lower(), [])
        number = str(112_000_000_000_000_000 + len(written))
        status = {
            "id": number,
            "created_at": "2026-05-24T09:12:00.000Z",
            "in_reply_to_id": None,
            "sensitive": False,
            "spoiler_text": "",
            "visibility": "public",
            "language": "fr",
            "uri": f"https://mastodon.example/users/lea/statuses/{number}",
            "url": f"https://mastodon.example/@lea/{number}",
            "content": content,
            "reblog": None,
            "account": {
                "id": "7",
                "username": "lea",
                "acct": "lea",
                "display_name": "Léa :verified:",
                "bot": False,
                "url": "https://mastodon.example/@lea",
            },
            "media_attachments": [],
            "mentions": [],
            "tags": [{"name": hashtag}],
            "emojis": [],
            "card": None,
        } | more
        written.append(status)
        return status

    def answer(self, path: str) -> tuple[int, dict[str, str], bytes]:
        self.asked.append(path)
        if self.answers:
            return self.answers.pop(0)
        address = urlsplit(path)
        prefix = "/api/v1/timelines/tag/"
        if not address.path.startswith(prefix):
            return 404, {}, b'{"error": "The page you were looking for does not exist."}'
        query = parse_qs(address.query)
        since = int(query.get("since_id", ["0"])[0])
        limit = min(40, int(query.get("limit", ["20"])[0]))
        found = self.statuses.get(unquote(address.path.removeprefix(prefix)).lower(), [])
        newer = [status for status in found if int(status["id"]) > since]
        return 200, {}, json.dumps(newer[::-1][:limit]).encode()


@contextmanager
def mastodon_server() -> Iterator[MastodonServer]:
    """One of our own, on a free port."""
    known = MastodonServer()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, headers, body = known.answer(self.path)
            self.send_response(status)
            for name, value in ({"content-type": "application/json"} | headers).items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    known.url = f"http://127.0.0.1:{server.server_address[1]}"
    serving = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    serving.start()
    try:
        yield known
    finally:
        server.shutdown()
        serving.join()
        server.server_close()
