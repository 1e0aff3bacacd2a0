"""`fabrique-tv check-hls`: any HLS presentation, held against what RFC 8216bis demands of servers.

It is read and watched for a while, as players would.
"""

import http.client
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import NamedTuple
from urllib.parse import urljoin, urlsplit

from streaming.hls.check_list import Listed, understand
from streaming.hls.check_media import media_findings
from streaming.hls.check_presentation import multivariant_findings, presentation_findings
from streaming.hls.check_text import Finding, Text, read
from streaming.hls.check_updates import delta_findings, update_findings

PLAYLISTS = 16  # of a presentation, at most
PLAYLIST_BYTES = 4 * 1024 * 1024
MEDIA_BYTES = 64 * 1024  # of a segment: enough to know that it is there
PATIENCE = 20.0  # seconds for an answer; one that is held comes within three target durations
SAID = 200  # findings, at most
TYPES = ("application/vnd.apple.mpegurl", "audio/mpegurl", "application/x-mpegurl")


class Unusable(Exception):
    """Nothing can be checked at this address: a sentence in French."""


class Said(NamedTuple):
    """A finding, and the playlist that it is about."""

    playlist: str
    finding: Finding


class Answer(NamedTuple):
    """What a server answered; `status` 0: nothing that was understood, for the reason in `text`."""

    status: int
    kind: str
    text: str
    seconds: float


@dataclass
class Report:
    """What was looked at, and what was found."""

    url: str
    playlists: list[str] = field(default_factory=list)
    reloads: int = 0
    said: list[Said] = field(default_factory=list)

    @property
    def errors(self) -> int:
        return sum(each.finding.error for each in self.said)

    def add(self, playlist: str, findings: Iterable[Finding]) -> None:
        """Note findings: what was said of a playlist already, a line further down, is not again."""
        known = {(each.playlist, each.finding.section, each.finding.said) for each in self.said}
        for finding in findings:
            key = (playlist, finding.section, finding.said)
            if key not in known and len(self.said) < SAID:
                known.add(key)
                self.said.append(Said(playlist, finding))

    def lines(self) -> Iterator[str]:
        """As people read it."""
        for playlist, finding in self.said:
            level = "ERREUR" if finding.error else "remarque"
            where = f"{playlist}, ligne {finding.line}" if finding.line else playlist
            yield f"{level} §\u202f{finding.section} ({where})\u00a0: {finding.said}"
        remarks = len(self.said) - self.errors
        read_once = _count(len(self.playlists), "liste")
        reloads = _count(self.reloads, "rechargement")
        found = f"{_count(self.errors, 'erreur')}, {_count(remarks, 'remarque')}"
        yield f"{read_once}, {reloads}\u00a0: {found}."

    def json(self) -> dict[str, object]:
        return {
            "url": self.url,
            "playlists": self.playlists,
            "reloads": self.reloads,
            "errors": self.errors,
            "findings": [
                {"playlist": playlist, **finding._asdict()} for playlist, finding in self.said
            ],
        }


def check(url: str, seconds: float, headers: Mapping[str, str] | None = None) -> Report:
    """Check the presentation at `url`, watching it for about `seconds`. Raises Unusable."""
    return _Check(url, seconds, dict(headers or {})).run()


class _Check:
    """One check under way. Each playlist is watched by a thread of its own."""

    def __init__(self, url: str, seconds: float, headers: dict[str, str]) -> None:
        self._headers = headers
        self._seconds = seconds
        self._until = 0.0
        self._report = Report(url)
        self._lock = threading.Lock()
        self._never = threading.Event()  # waited for, to let time pass

    def run(self) -> Report:
        url = self._report.url
        answer = self._fetch(url)
        if answer.status != 200:
            why = answer.text if not answer.status else f"réponse {answer.status}"
            raise Unusable(f"Rien à lire à cette adresse\u00a0: {why}.")
        if not answer.text.lstrip("\ufeff").startswith("#EXTM3U"):
            raise Unusable(
                "Ce n’est pas une liste HLS\u00a0: elle ne commence pas par « #EXTM3U »."
            )
        text = read(answer.text)
        captions: frozenset[str] = frozenset()
        addresses = [url]
        if text.multivariant:
            self._report.playlists.append(_short(url, url))
            self._add(url, [*text.findings, *multivariant_findings(text), *_typed(answer)])
            addresses, captions = _addresses(url, text)
        with ThreadPoolExecutor(PLAYLISTS, "check-hls") as threads:
            # All at once first: what they have in common is true of one moment.
            found = [each for each in threads.map(self._begin, addresses) if each is not None]
            self._until = time.monotonic() + self._seconds
            lasts = dict(threads.map(lambda each: self._watch(*each), found))
            if text.multivariant:
                now = dict(threads.map(lambda name: (name, self._again(name)), lasts))
                read_again = {name: each for name, each in now.items() if each is not None}
                named = {_short(url, name): each for name, each in read_again.items()}
                shown = frozenset(_short(url, name) for name in captions)
                self._add(url, presentation_findings(named, shown))
        return self._report

    def _begin(self, address: str) -> tuple[str, Listed] | None:
        answer = self._fetch(address)
        with self._lock:
            self._report.playlists.append(_short(self._report.url, address))
        if answer.status != 200:
            said = f"La liste n’est pas là (réponse {answer.status}) {answer.text[:80]}".strip()
            self._add(address, [Finding("6.2.1", f"{said}.")])
            return None
        text = read(answer.text)
        self._add(address, [*text.findings, *media_findings(text), *_typed(answer)])
        return address, understand(text)

    def _again(self, address: str) -> Listed | None:
        answer = self._fetch(address)
        return understand(read(answer.text)) if answer.status == 200 else None

    def _watch(self, address: str, listed: Listed) -> tuple[str, Listed]:
        """Reload a playlist until the time is over; return how it was last."""
        self._look_at_media(address, listed)
        blocking = listed.control.get("CAN-BLOCK-RELOAD") == "YES" and not listed.ended
        if blocking:
            self._look_at_directives(address, listed)
        while not listed.ended and time.monotonic() < self._until:
            if blocking:
                after = self._reload_blocking(address, listed)
            else:
                self._never.wait(max(0.5, listed.target / 2))
                after = self._reload(address)
            if after is None:
                break
            self._add(address, update_findings(listed, after))
            listed = after
        if "CAN-SKIP-UNTIL" in listed.control and not listed.ended:
            self._look_at_delta(address)
        return address, listed

    def _reload(self, address: str, query: str = "") -> Listed | None:
        answer = self._fetch(_with(address, query))
        with self._lock:
            self._report.reloads += 1
        if answer.status != 200:
            said = f"Un rechargement a échoué (réponse {answer.status}) {answer.text[:80]}".strip()
            self._add(address, [Finding("6.2.1", f"{said}.")])
            return None
        text = read(answer.text)
        self._add(address, [*text.findings, *media_findings(text)])
        return understand(text)

    def _reload_blocking(self, address: str, listed: Listed) -> Listed | None:
        """Ask for what comes next, and for the hinted part beside it, as players do."""
        msn, part = listed.edge
        hinted = [tag.attributes.get("URI", "") for tag in listed.hints][:1]
        query = f"_HLS_msn={msn}" + ("" if part is None else f"&_HLS_part={part}")
        with ThreadPoolExecutor(1) as beside:
            held = [beside.submit(self._fetch, urljoin(address, uri), True) for uri in hinted]
            after = self._reload(address, query)
        if after is None:
            return None
        if not _reached(after, msn, part):
            said = f"La réponse à {query} ne contient pas ce qu’elle devait attendre."
            self._add(address, [Finding("6.2.5.2", said)])
        came = {each.uri for segment in after.segments for each in segment.parts}
        for uri, answer in zip(hinted, (each.result() for each in held), strict=True):
            if answer.status != 200 and uri in came:
                said = f"La partie annoncée « {uri} » n’a pas été donnée ({answer.status})."
                self._add(address, [Finding("6.2.6", said)])
        return after

    def _look_at_directives(self, address: str, listed: Listed) -> None:
        alone = self._fetch(_with(address, "_HLS_part=0")).status
        if alone != 400:
            said = f"_HLS_part sans _HLS_msn doit être refusé par 400, et non {alone}."
            self._add(address, [Finding("6.2.5.2", said)])
        early = self._fetch(_with(address, f"_HLS_msn={listed.last_msn + 50}")).status
        if early != 400:
            said = f"_HLS_msn très en avance devrait être refusé par 400, et non {early}."
            self._add(address, [Finding("6.2.5.2", said, error=False)])

    def _look_at_delta(self, address: str) -> None:
        full, delta = self._reload(address), self._reload(address, "_HLS_skip=YES")
        if full is not None and delta is not None and full.first_msn == delta.first_msn:
            self._add(address, delta_findings(full, delta))

    def _look_at_media(self, address: str, listed: Listed) -> None:
        """What is listed can be fetched (6.2.1): of many, the ends are looked at."""
        whole = [segment for segment in listed.whole if not segment.gap]
        uris = [segment.uri for segment in (*whole[:1], *whole[-1:])]
        uris += [segment.map for segment in (*whole[:1], *whole[-1:]) if segment.map]
        uris += [part.uri for segment in listed.segments[-1:] for part in segment.parts[-1:]]
        for uri in dict.fromkeys(uris):
            status = self._fetch(urljoin(address, uri), media=True).status
            if status not in (200, 206):
                said = f"« {uri} » est dans la liste, et n’est pas là (réponse {status})."
                self._add(address, [Finding("6.2.1", said)])

    def _add(self, address: str, findings: Iterable[Finding]) -> None:
        with self._lock:
            self._report.add(_short(self._report.url, address), findings)

    def _fetch(self, address: str, media: bool = False) -> Answer:
        """GET, within bounds of time and size."""
        if urlsplit(address).scheme not in ("http", "https"):
            return Answer(0, "", "l’adresse doit commencer par http:// ou https://", 0.0)
        began = time.monotonic()
        most = MEDIA_BYTES if media else PLAYLIST_BYTES
        try:
            request = urllib.request.Request(address, headers=self._headers)
            with urllib.request.urlopen(request, timeout=PATIENCE) as reply:
                body = b""
                while len(body) < most and time.monotonic() - began < PATIENCE:
                    if not (piece := reply.read1(min(65_536, most - len(body)))):
                        break
                    body += piece
                kind = reply.headers.get("content-type", "")
                text = "" if media else body.decode("utf-8", "replace")
                return Answer(reply.status, kind, text, time.monotonic() - began)
        except urllib.error.HTTPError as error:
            error.close()
            return Answer(error.code, "", "", time.monotonic() - began)
        except (OSError, ValueError, http.client.HTTPException) as error:
            return Answer(0, "", str(error), time.monotonic() - began)


def _addresses(url: str, text: Text) -> tuple[list[str], frozenset[str]]:
    """The media playlists of a presentation, each once, and which of them hold captions."""
    found: dict[str, None] = {}
    captions = set()
    for tag, after in zip(text.tags, [*text.tags[1:], None], strict=True):
        if tag.name == "EXT-X-STREAM-INF" and after is not None and not after.name:
            found[urljoin(url, after.value)] = None
        elif tag.name == "EXT-X-MEDIA" and "URI" in tag.attributes:
            address = urljoin(url, tag.attributes["URI"])
            found[address] = None
            if tag.attributes.get("TYPE") == "SUBTITLES":
                captions.add(address)
    return list(found)[:PLAYLISTS], frozenset(captions)


def _typed(answer: Answer) -> Iterator[Finding]:
    kind = answer.kind.partition(";")[0].strip().lower()
    if kind not in TYPES:
        said = f"Content-Type devrait être application/vnd.apple.mpegurl, et non « {kind} »."
        yield Finding("4", said, error=False)


def _reached(listed: Listed, msn: int, part: int | None) -> bool:
    """Whether a playlist has segment `msn` or later, or the part of it (6.2.5.2)."""
    if listed.ended or listed.last_msn >= msn:
        return True
    last = listed.segments[-1] if listed.segments else None
    return part is not None and last is not None and last.msn == msn and len(last.parts) > part


def _count(number: int, word: str) -> str:
    return f"{number} {word}{'s' if number > 1 else ''}"


def _with(address: str, query: str) -> str:
    if not query:
        return address
    return f"{address}{'&' if urlsplit(address).query else '?'}{query}"


def _short(url: str, address: str) -> str:
    """An address as people recognise it beside `url`."""
    base = url.rpartition("/")[0] + "/"
    return address.removeprefix(base)
