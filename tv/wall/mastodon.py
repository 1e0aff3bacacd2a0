"""Posts with a hashtag, read from a Mastodon server by its public API.

`GET /api/v1/timelines/tag/{hashtag}` (docs.joinmastodon.org/methods/timelines/#tag): no account,
nothing sent but the hashtag. Words alone are taken: no picture, no script, no link but the post's.
"""

import hashlib
import http.client
import re
import time
import urllib.error
import urllib.request
from contextlib import suppress
from dataclasses import dataclass
from html.parser import HTMLParser
from urllib.parse import quote, urlencode

import msgspec

from tv.problems import Problem, clean

TEXT = 500  # characters; what is longer is cut
AUTHOR = 60
ADDRESS = 300
AT_ONCE = 40  # statuses that a server is asked for, its most
LARGEST = 4 << 20  # bytes of an answer
PATIENCE = 10.0  # seconds for a server to say something, and
WITHIN = 30.0  # for all it has to say

_SHORTCODE = re.compile(r":\w{2,40}:")  # a server's own emoji, which is a picture
_VOID = frozenset({"br", "img", "wbr", "hr", "input"})
_APART = frozenset({"br", "p", "div", "li", "blockquote"})


class Unreachable(Exception):
    """A server that does not answer, or not as it should."""


@dataclass(frozen=True)
class Status:
    """A post, as text. `key` names it wherever it was found, `address` is where people read it."""

    key: str
    text: str
    author: str
    address: str


@dataclass(frozen=True)
class Timeline:
    """What a server answered, the oldest first; `newest` is its own name of the last, or ""."""

    statuses: tuple[Status, ...]
    newest: str


class _Account(msgspec.Struct, frozen=True):
    acct: str
    display_name: str = ""


class _Status(msgspec.Struct, frozen=True):
    id: str
    uri: str
    content: str
    account: _Account
    url: str | None = None
    visibility: str = "public"
    spoiler_text: str = ""
    reblog: msgspec.Raw | None = None


_decoder = msgspec.json.Decoder(list[msgspec.Raw])


def fetch(server: str, hashtag: str, since: str = "") -> Timeline:
    """The newest posts with `hashtag`, of those after `since`. Raises Unreachable.

    Waits for the network: call it in a thread. `server` is an address such as
    "https://mastodon.social"; it may not send us elsewhere.
    """
    asked = {"limit": str(AT_ONCE)} | ({"since_id": since} if since else {})
    address = f"{server}/api/v1/timelines/tag/{quote(hashtag, safe='')}?{urlencode(asked)}"
    headers = {"accept": "application/json", "user-agent": "fabrique-tv"}
    try:
        request = urllib.request.Request(address, headers=headers)
        with _opener.open(request, timeout=PATIENCE) as answer:
            return read(_body(answer))
    except urllib.error.HTTPError as error:
        error.close()
        raise Unreachable(f"{server} answers {error.code}") from error
    except (OSError, ValueError, http.client.HTTPException) as error:
        raise Unreachable(f"{server}: {error}") from error


def read(body: bytes) -> Timeline:
    """Read an answer; what is not public, not a post or not text is left out. Raises ValueError."""
    found: list[Status] = []
    newest = ""
    for raw in _decoder.decode(body):
        try:
            status = msgspec.json.decode(raw, type=_Status)
        except ValueError:  # msgspec's own, or a text's that is no UTF-8
            continue
        newest = newest or status.id
        if status.visibility != "public" or status.reblog not in (None, b"null"):
            continue
        try:
            found.append(_understood(status))
        except Problem:
            continue  # nothing in it that we would show
    return Timeline(tuple(reversed(found)), newest)


def text_of(html: str) -> str:
    """What a reader of `html` sees, in one line; links as they are shown there."""
    words = _Words()
    with suppress(AssertionError):  # what Python 3.11 says of "<![x]>"; the rest is not read
        words.feed(html[: 40 * TEXT])
        words.close()
    return " ".join("".join(words.seen).split())


def _understood(status: _Status) -> Status:
    text = text_of(status.content)
    if warned := status.spoiler_text.strip():
        text = f"{warned} – {text}"
    name = _SHORTCODE.sub("", status.account.display_name).strip() or status.account.acct
    address = status.url or status.uri
    linked = address.startswith(("https://", "http://")) and len(address) <= ADDRESS
    return Status(
        key=hashlib.sha256(status.uri.encode()).hexdigest()[:20],
        text=_cut(_SHORTCODE.sub("", text), TEXT),
        author=_cut(name, AUTHOR),
        address=address if linked else "",
    )


def _cut(text: str, most: int) -> str:
    """`text` as it may be shown, ended after a word if it is too long. Raises Problem."""
    text = clean(text, "Message", 100 * most)
    if len(text) <= most:
        return text
    kept, _, _ = text[: most - 1].rpartition(" ")
    return f"{kept or text[: most - 1]}…"


class _Words(HTMLParser):
    """Gathers text. Mastodon puts parts of long addresses in spans of class "invisible"."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.seen: list[str] = []
        self._unseen = 0  # elements open, from an invisible one on

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _APART:
            self.seen.append(" ")
        if tag in _VOID:
            return
        classes = (dict(attrs).get("class") or "").split()
        if self._unseen or "invisible" in classes or tag in ("script", "style"):
            self._unseen += 1

    def handle_endtag(self, tag: str) -> None:
        if self._unseen and tag not in _VOID:
            self._unseen -= 1

    def handle_data(self, data: str) -> None:
        if not self._unseen:
            self.seen.append(data)


class _Here(urllib.request.HTTPRedirectHandler):
    """Goes nowhere but where it was asked to."""

    def redirect_request(self, *asked: object) -> None:
        return None


_opener = urllib.request.build_opener(_Here)


def _body(answer: http.client.HTTPResponse) -> bytes:
    body, until = bytearray(), time.monotonic() + WITHIN
    while piece := answer.read1(65_536):
        body += piece
        if len(body) > LARGEST or time.monotonic() > until:
            raise OSError("too long an answer")
    return bytes(body)
