"""What a media playlist must be by itself (RFC 8216bis, 4.4 and 8)."""

import itertools
from collections.abc import Iterator

from streaming.hls.check_list import Listed, ListedSegment, seconds, understand, when
from streaming.hls.check_text import Finding, Tag, Text

ROUNDING = 0.002  # seconds by which written durations may be off
DRIFT = 0.1  # seconds by which a date may be off what durations say

# The least version for a tag or an attribute, and where that is said.
VERSIONS = (
    ("EXT-X-BYTERANGE", "", 4),
    ("EXT-X-I-FRAMES-ONLY", "", 4),
    ("EXT-X-KEY", "IV", 2),
    ("EXT-X-KEY", "KEYFORMAT", 5),
    ("EXT-X-DEFINE", "", 8),
    ("EXT-X-SKIP", "", 9),
    ("EXT-X-SKIP", "RECENTLY-REMOVED-DATERANGES", 10),
)


def media_findings(text: Text) -> Iterator[Finding]:
    """All that is wrong with one media playlist, beyond its letters."""
    listed = understand(text)
    yield from _basics(text, listed)
    yield from _control(text, listed)
    yield from _segments(text, listed)
    yield from _dates(listed)
    yield from _parts(text, listed)
    yield from _edge(text, listed)
    yield from _date_ranges(text)
    yield from _keys(text)
    yield from _byte_ranges(text)


def _basics(text: Text, listed: Listed) -> Iterator[Finding]:
    if listed.target < 1:
        yield Finding("4.4.3.1", "EXT-X-TARGETDURATION manque, ou n’est pas au moins 1.")
    first = next((tag for tag in text.tags if tag.name in ("", "EXT-X-PART")), None)
    for name, section in (
        ("EXT-X-MEDIA-SEQUENCE", "4.4.3.2"),
        ("EXT-X-DISCONTINUITY-SEQUENCE", "4.4.3.3"),
    ):
        tag = text.first(name)
        if tag and first and tag.line > first.line:
            yield Finding(section, f"{name} doit précéder le premier segment.", tag.line)
    broken, number = text.first("EXT-X-DISCONTINUITY"), text.first("EXT-X-DISCONTINUITY-SEQUENCE")
    if broken and number and number.line > broken.line:
        said = "EXT-X-DISCONTINUITY-SEQUENCE doit précéder tout EXT-X-DISCONTINUITY."
        yield Finding("4.4.3.3", said, number.line)
    if listed.kind not in ("", "VOD", "EVENT"):
        yield Finding("4.4.3.5", "EXT-X-PLAYLIST-TYPE doit être VOD ou EVENT.")
    if listed.kind == "VOD" and not listed.ended:
        yield Finding("6.2.1", "Une liste VOD ne change plus\u00a0: il y manque EXT-X-ENDLIST.")
    yield from _version(text)


def _version(text: Text) -> Iterator[Finding]:
    written = text.first("EXT-X-VERSION")
    version = int(written.value) if written and len(written.value) < 6 else 1
    needed = [(need, name) for name, attribute, need in VERSIONS if _uses(text, name, attribute)]
    if text.first("EXT-X-MAP"):
        needed.append((5 if text.first("EXT-X-I-FRAMES-ONLY") else 6, "EXT-X-MAP"))
    if any("." in tag.value.partition(",")[0] for tag in text.all("EXTINF")):
        needed.append((3, "une durée à virgule"))
    for need, name in needed:
        if version < need:
            said = f"EXT-X-VERSION doit être au moins {need} pour {name}, et non {version}."
            yield Finding("8", said, written.line if written else 0)


def _uses(text: Text, name: str, attribute: str) -> bool:
    return any(not attribute or attribute in tag.attributes for tag in text.all(name))


def _control(text: Text, listed: Listed) -> Iterator[Finding]:
    tag = text.first("EXT-X-SERVER-CONTROL")
    line = tag.line if tag else 0
    skip, hold, parts = (
        seconds(listed.control.get(name, ""))
        for name in ("CAN-SKIP-UNTIL", "HOLD-BACK", "PART-HOLD-BACK")
    )
    if skip is not None and skip < 6 * listed.target:
        said = f"CAN-SKIP-UNTIL doit être au moins {6 * listed.target}, et non {skip:g}."
        yield Finding("4.4.3.8", said, line)
    if skip is None and "CAN-SKIP-DATERANGES" in listed.control:
        yield Finding("4.4.3.8", "CAN-SKIP-DATERANGES ne va pas sans CAN-SKIP-UNTIL.", line)
    if skip is None and (skipping := text.first("EXT-X-SKIP")):
        yield Finding("6.2.5.1", "EXT-X-SKIP ne va pas sans CAN-SKIP-UNTIL.", skipping.line)
    if hold is not None and hold < 3 * listed.target:
        said = f"HOLD-BACK doit être au moins {3 * listed.target}, et non {hold:g}."
        yield Finding("4.4.3.8", said, line)
    target = listed.part_target
    if target is None:
        return
    if parts is None:
        yield Finding("4.4.3.8", "PART-HOLD-BACK manque, alors qu’il y a EXT-X-PART-INF.", line)
    elif parts < 2 * target - ROUNDING:
        said = f"PART-HOLD-BACK doit être au moins {2 * target:g}, et non {parts:g}."
        yield Finding("4.4.3.8", said, line)
    elif parts < 3 * target - ROUNDING:
        said = f"PART-HOLD-BACK devrait être au moins {3 * target:g}, et non {parts:g}."
        yield Finding("4.4.3.8", said, line, error=False)


def _segments(text: Text, listed: Listed) -> Iterator[Finding]:
    lengthless = 0
    for tag in text.tags:
        if tag.name == "EXTINF":
            lengthless = 1
        elif tag.name == "":
            if not lengthless:
                yield Finding("4.4.4.1", "Il manque EXTINF avant ce segment.", tag.line)
            lengthless = 0
    for segment in listed.whole:
        duration = segment.duration or 0.0
        if int(duration + 0.5) > listed.target:
            said = f"Le segment dure {duration:g}\u202fs, plus que EXT-X-TARGETDURATION."
            yield Finding("4.4.3.1", said, segment.line)
        fragmented = segment.uri.partition("?")[0].endswith((".m4s", ".mp4", ".cmfv", ".cmfa"))
        if fragmented and not segment.map and not listed.skipped:
            yield Finding("3.1.2", "Il manque EXT-X-MAP pour ce segment fMP4.", segment.line)
    if not listed.segments and not listed.skipped:
        yield Finding("4.4.4", "La liste ne contient aucun segment.", error=False)
    yield from _places(text)


def _places(text: Text) -> Iterator[Finding]:
    """What is said of a segment stands before the first of its parts (4.4.4.9)."""
    parts = False
    applied = ("EXT-X-DISCONTINUITY", "EXT-X-KEY", "EXT-X-MAP", "EXT-X-PROGRAM-DATE-TIME")
    for tag in text.tags:
        parts = tag.name == "EXT-X-PART" or (parts and tag.name != "")
        if parts and tag.name in applied:
            said = f"{tag.name} doit précéder la première partie (EXT-X-PART) de son segment."
            yield Finding("4.4.4.9", said, tag.line)


def _dates(listed: Listed) -> Iterator[Finding]:
    for tag in listed.text.all("EXT-X-PROGRAM-DATE-TIME"):
        if when(tag.value) is None:
            said = "EXT-X-PROGRAM-DATE-TIME n’est pas une date ISO 8601."
            yield Finding("4.4.4.6", said, tag.line)
    for before, after in itertools.pairwise(listed.segments):
        if before.date is None or after.date is None or before.duration is None or after.broken:
            continue
        off = after.date - before.date - before.duration
        if abs(off) > DRIFT:
            said = f"La date saute de {off:+.3f}\u202fs sans EXT-X-DISCONTINUITY."
            yield Finding("6.2.1", said, after.line)


def _parts(text: Text, listed: Listed) -> Iterator[Finding]:
    first = text.first("EXT-X-PART")
    if first and listed.part_target is None:
        yield Finding("4.4.3.7", "Il y a des parties (EXT-X-PART) sans EXT-X-PART-INF.", first.line)
    for segment in listed.segments:
        yield from _parts_of(segment, listed.part_target)


def _parts_of(segment: ListedSegment, target: float | None) -> Iterator[Finding]:
    if target is None:
        return
    for part, after in itertools.zip_longest(segment.parts, segment.parts[1:]):
        if part.duration > target + ROUNDING / 2:
            said = f"La partie dure {part.duration:g}\u202fs, plus que PART-TARGET ({target:g})."
            yield Finding("4.4.4.9", said, part.line)
        # The last one listed of an open segment may prove to be its final one.
        excused = part.independent or part.gap or after is None or after.gap
        if not excused and part.duration < 0.85 * target - ROUNDING / 2:
            said = f"La partie dure {part.duration:g}\u202fs, moins que 85\u202f% de PART-TARGET."
            yield Finding("4.4.4.9", said, part.line)


def _edge(text: Text, listed: Listed) -> Iterator[Finding]:
    kinds: set[str] = set()
    for hint in listed.hints:
        if listed.ended:
            said = "EXT-X-PRELOAD-HINT ne va pas avec EXT-X-ENDLIST."
            yield Finding("4.4.5.3", said, hint.line)
        kind = hint.attributes.get("TYPE", "")
        if kind in kinds:
            said = f"Il ne devrait y avoir qu’un EXT-X-PRELOAD-HINT de type {kind}."
            yield Finding("6.2.6", said, hint.line, error=False)
        kinds.add(kind)
    for report in listed.reports:
        uri = report.attributes.get("URI", "")
        if "://" in uri or uri.startswith("/"):
            said = "L’adresse d’EXT-X-RENDITION-REPORT doit être relative."
            yield Finding("4.4.5.4", said, report.line)


def _date_ranges(text: Text) -> Iterator[Finding]:
    known: dict[str, dict[str, str]] = {}
    tags = list(text.all("EXT-X-DATERANGE"))
    if tags and not text.first("EXT-X-PROGRAM-DATE-TIME"):
        said = "EXT-X-DATERANGE ne va pas sans EXT-X-PROGRAM-DATE-TIME."
        yield Finding("4.4.5.1", said, tags[0].line)
    for tag in tags:
        before = known.setdefault(tag.attributes.get("ID", ""), {})
        for key, said in tag.attributes.items():
            if before.setdefault(key, said) != said:
                changed = f"EXT-X-DATERANGE\u00a0: {key} change sous un même ID."
                yield Finding("4.4.5.1", changed, tag.line)
        yield from _date_range(tag, before)


def _date_range(tag: Tag, said: dict[str, str]) -> Iterator[Finding]:
    def wrong(sentence: str) -> Finding:
        return Finding("4.4.5.1", f"EXT-X-DATERANGE\u00a0: {sentence}", tag.line)

    start = when(said.get("START-DATE", ""))
    end = when(said.get("END-DATE", ""))
    duration = seconds(said.get("DURATION", ""))
    if "START-DATE" not in said:
        yield wrong("START-DATE manque.")
    elif start is None:
        yield wrong("START-DATE n’est pas une date ISO 8601.")
    if "END-DATE" in said and end is None:
        yield wrong("END-DATE n’est pas une date ISO 8601.")
    spans = None if start is None or end is None else end - start
    if spans is not None and spans < 0:
        yield wrong("END-DATE précède START-DATE.")
    if spans is not None and duration is not None and abs(spans - duration) > ROUNDING:
        yield wrong("END-DATE n’est pas START-DATE plus DURATION.")
    if {"PRE", "POST"} <= set(said.get("CUE", "").split(",")):
        yield wrong("CUE ne peut contenir à la fois PRE et POST.")
    if "END-ON-NEXT" in said:
        if "CLASS" not in said:
            yield wrong("END-ON-NEXT ne va pas sans CLASS.")
        if "DURATION" in said or "END-DATE" in said:
            yield wrong("END-ON-NEXT ne va pas avec DURATION ou END-DATE.")


def _keys(text: Text) -> Iterator[Finding]:
    for tag in text.all("EXT-X-KEY"):
        none = tag.attributes.get("METHOD") == "NONE"
        if none and len(tag.attributes) > 1:
            said = "EXT-X-KEY\u00a0: METHOD=NONE ne va avec aucun autre attribut."
            yield Finding("4.4.4.4", said, tag.line)
        if not none and "URI" not in tag.attributes:
            yield Finding("4.4.4.4", "EXT-X-KEY\u00a0: l’attribut URI manque.", tag.line)


def _byte_ranges(text: Text) -> Iterator[Finding]:
    """A range without an offset follows another of the same resource (4.4.4.2)."""
    before, ranged = "", None
    for tag in text.tags:
        if tag.name == "EXT-X-BYTERANGE":
            ranged = tag
        elif tag.name == "":
            if ranged is not None and "@" not in ranged.value and before != tag.value:
                said = "EXT-X-BYTERANGE sans décalage ne suit pas un morceau du même fichier."
                yield Finding("4.4.4.2", said, ranged.line)
            before, ranged = ("" if ranged is None else tag.value), None
