"""What a multivariant playlist must be, and what its media playlists are to one another."""

import itertools
from bisect import bisect
from collections import defaultdict
from collections.abc import Iterator, Mapping

from streaming.hls.check_list import Listed, ListedSegment, integer
from streaming.hls.check_text import Finding, Tag, Text

SAME = 0.05  # seconds within which two segments begin at the same time
FORBIDDEN = {"FORCED": "SUBTITLES", "CHANNELS": "AUDIO", "SAMPLE-RATE": "AUDIO"}
GROUPS = {"AUDIO": "AUDIO", "VIDEO": "VIDEO", "SUBTITLES": "SUBTITLES"}


def multivariant_findings(text: Text) -> Iterator[Finding]:
    """All that is wrong with a multivariant playlist by itself, beyond its letters."""
    variants = list(text.all("EXT-X-STREAM-INF"))
    if not variants:
        yield Finding("4.4.6.2", "La liste ne contient aucune variante (EXT-X-STREAM-INF).")
    for tag, after in itertools.zip_longest(text.tags, text.tags[1:]):
        if tag.name == "EXT-X-STREAM-INF" and (after is None or after.name):
            said = "EXT-X-STREAM-INF doit être suivi de l’adresse de sa liste."
            yield Finding("4.4.6.2", said, tag.line)
    groups: defaultdict[tuple[str, str], list[Tag]] = defaultdict(list)
    for tag in text.all("EXT-X-MEDIA"):
        groups[tag.attributes.get("TYPE", ""), tag.attributes.get("GROUP-ID", "")].append(tag)
        yield from _rendition(tag)
    for members in groups.values():
        yield from _group(members)
    for tag in variants:
        yield from _variant(tag, {key for key, _ in groups.items()})
    without = [tag for tag in variants if tag.attributes.get("CLOSED-CAPTIONS") == "NONE"]
    if without and len(without) < len(variants):
        said = "CLOSED-CAPTIONS=NONE vaut pour toutes les variantes, ou pour aucune."
        yield Finding("4.4.6.2", said, without[0].line)
    for tag in text.all("EXT-X-SESSION-DATA"):
        if ("VALUE" in tag.attributes) == ("URI" in tag.attributes):
            said = "EXT-X-SESSION-DATA a soit VALUE, soit URI."
            yield Finding("4.4.6.4", said, tag.line)


def presentation_findings(
    playlists: Mapping[str, Listed], subtitles: frozenset[str] = frozenset()
) -> Iterator[Finding]:
    """What the media playlists of a presentation, by address, must have in common (6.2.4).

    `subtitles` are the addresses of those that hold captions: words are known only some time after
    they were said, so that theirs may end earlier than the others.
    """
    if len(playlists) < 2:
        return
    ordered = sorted(playlists.items(), key=lambda item: item[0] in subtitles)
    (first, reference), *others = ordered
    for address, listed in others:
        where = f"« {first} » et « {address} »"
        if listed.target != reference.target:
            yield Finding("6.2.4", f"{where} n’ont pas le même EXT-X-TARGETDURATION.")
        if listed.kind != reference.kind:
            yield Finding("6.2.4", f"{where} n’ont pas le même EXT-X-PLAYLIST-TYPE.")
        if _dated(listed) != _dated(reference):
            yield Finding("6.2.4", f"{where}\u00a0: l’une a des dates, l’autre non.")
        yield from _in_step(where, reference, listed, excused=address in subtitles)
        yield from _ranges(where, reference, listed)
    for address, listed in playlists.items():
        yield from _reports(address, listed, playlists)


def _rendition(tag: Tag) -> Iterator[Finding]:
    said = tag.attributes
    kind = said.get("TYPE", "")

    def wrong(sentence: str) -> Finding:
        return Finding("4.4.6.1", f"EXT-X-MEDIA\u00a0: {sentence}", tag.line)

    if kind not in ("AUDIO", "VIDEO", "SUBTITLES", "CLOSED-CAPTIONS"):
        yield wrong(f"TYPE « {kind} » n’existe pas.")
    if kind == "SUBTITLES" and "URI" not in said:
        yield Finding("4.4.6.2.1", "EXT-X-MEDIA\u00a0: des sous-titres ont une URI.", tag.line)
    if kind == "CLOSED-CAPTIONS":
        if "URI" in said:
            yield wrong("CLOSED-CAPTIONS n’a pas d’URI.")
        if "INSTREAM-ID" not in said:
            yield wrong("CLOSED-CAPTIONS demande INSTREAM-ID.")
    for key, only in FORBIDDEN.items():
        if key in said and kind != only:
            yield wrong(f"{key} n’est permis que pour {only}.")
    if said.get("DEFAULT") == "YES" and said.get("AUTOSELECT", "YES") != "YES":
        yield wrong("AUTOSELECT doit être YES quand DEFAULT l’est.")


def _group(members: list[Tag]) -> Iterator[Finding]:
    names = [tag.attributes.get("NAME", "") for tag in members]
    if len(set(names)) < len(names):
        said = "Deux EXT-X-MEDIA d’un même groupe ont le même NAME."
        yield Finding("4.4.6.1.1", said, members[-1].line)
    if sum(tag.attributes.get("DEFAULT") == "YES" for tag in members) > 1:
        said = "Deux EXT-X-MEDIA d’un même groupe ont DEFAULT=YES."
        yield Finding("4.4.6.1.1", said, members[-1].line)


def _variant(tag: Tag, groups: set[tuple[str, str]]) -> Iterator[Finding]:
    said = tag.attributes
    for key, kind in GROUPS.items():
        if key in said and (kind, said[key]) not in groups:
            missing = f"{key} nomme le groupe « {said[key]} », qu’aucun EXT-X-MEDIA ne définit."
            yield Finding("4.4.6.2", missing, tag.line)
    captions = said.get("CLOSED-CAPTIONS", "NONE")
    if captions != "NONE" and ("CLOSED-CAPTIONS", captions) not in groups:
        missing = f"CLOSED-CAPTIONS nomme le groupe « {captions} », qui n’existe pas."
        yield Finding("4.4.6.2", missing, tag.line)
    peak, mean = integer(said.get("BANDWIDTH", "")), integer(said.get("AVERAGE-BANDWIDTH", ""))
    if peak and mean > peak:
        yield Finding("4.4.6.2", "AVERAGE-BANDWIDTH dépasse BANDWIDTH.", tag.line)
    if "CODECS" not in said:
        yield Finding("4.4.6.2", "CODECS devrait être donné.", tag.line, error=False)


def _in_step(where: str, one: Listed, other: Listed, *, excused: bool) -> Iterator[Finding]:
    """Matching content has matching dates and discontinuity numbers."""
    if one.skipped or other.skipped:
        return
    for mine, theirs in _matching(one, other):
        if mine.discontinuity != theirs.discontinuity:
            said = f"{where}\u00a0: un même instant y est d’une autre discontinuité."
            yield Finding("6.2.4", said, theirs.line)
            return
    if one.whole and other.whole and not any(_matching(one, other)):
        yield Finding("6.2.4", f"{where} n’ont aucun segment de même date.")
        return
    ends = [_end(listed) for listed in (one, other)]
    if None not in ends and abs((ends[0] or 0.0) - (ends[1] or 0.0)) > one.target + SAME:
        said = f"{where}\u00a0: l’une va plus loin que l’autre, de plus d’un EXT-X-TARGETDURATION."
        yield Finding("6.2.4", said, error=not excused)


def _matching(one: Listed, other: Listed) -> Iterator[tuple[ListedSegment, ListedSegment]]:
    dated = sorted(
        (each.date, index) for index, each in enumerate(one.segments) if each.date is not None
    )
    for theirs in other.segments:
        if (then := theirs.date) is None:
            continue
        # Segments may be shorter than what counts as the same time: the nearest is meant.
        at = bisect(dated, (then, 0))
        near = [(abs(date - then), index) for date, index in dated[max(0, at - 1) : at + 2]]
        apart, index = min(near, default=(SAME * 2, 0))
        if apart <= SAME:
            yield one.segments[index], theirs


def _end(listed: Listed) -> float | None:
    last = listed.whole[-1] if listed.whole else None
    return None if last is None or last.date is None else last.date + (last.duration or 0.0)


def _dated(listed: Listed) -> bool:
    return any(segment.date is not None for segment in listed.segments)


def _ranges(where: str, one: Listed, other: Listed) -> Iterator[Finding]:
    """Each has the same date ranges; they may have been read half a second apart."""
    for name in one.ranges.keys() & other.ranges.keys():
        mine, theirs = one.ranges[name], other.ranges[name]
        if any(mine[key] != theirs[key] for key in mine.keys() & theirs.keys()):
            yield Finding("6.2.4", f"{where}\u00a0: l’EXT-X-DATERANGE « {name} » y diffère.")
    if bool(one.ranges) != bool(other.ranges) and one.whole and other.whole:
        said = f"{where}\u00a0: une seule a des EXT-X-DATERANGE."
        yield Finding("6.2.4", said, error=False)


def _reports(address: str, listed: Listed, playlists: Mapping[str, Listed]) -> Iterator[Finding]:
    if listed.part_target is None or listed.ended:
        return
    partial = [name for name, each in playlists.items() if each.part_target is not None]
    if len(listed.reports) < len(partial) - 1:
        said = (
            f"« {address} »\u00a0: {len(listed.reports)} EXT-X-RENDITION-REPORT "
            f"pour {len(partial) - 1} autres listes."
        )
        yield Finding("B.1", said)
    for report in listed.reports:
        if "LAST-MSN" not in report.attributes or "LAST-PART" not in report.attributes:
            said = f"« {address} »\u00a0: EXT-X-RENDITION-REPORT sans LAST-MSN ou LAST-PART."
            yield Finding("4.4.5.4", said, report.line)
