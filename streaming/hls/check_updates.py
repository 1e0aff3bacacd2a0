"""What may change of a media playlist from one reading to a later one (RFC 8216bis, 6.2)."""

from collections.abc import Iterator

from streaming.hls.check_list import Listed, ListedPart, ListedSegment, seconds
from streaming.hls.check_text import Finding

SAME = 0.002  # seconds within which two dates are the same


def update_findings(before: Listed, after: Listed) -> Iterator[Finding]:
    """What must not have become of `before`; either may be a delta update."""
    if after.target != before.target:
        yield Finding("6.2.1", "EXT-X-TARGETDURATION ne doit jamais changer.")
    if after.part_target != before.part_target:
        yield Finding("4.4.3.7", "PART-TARGET ne devrait pas changer.", error=False)
    if after.first_msn < before.first_msn:
        said = f"EXT-X-MEDIA-SEQUENCE recule de {before.first_msn} à {after.first_msn}."
        yield Finding("6.2.2", said)
        return  # everything else would be said again
    yield from _ends(before, after)
    yield from _numbers(before, after)
    yield from _same_segments(before, after)
    yield from _hints(before, after)
    yield from _ranges(before, after)


def delta_findings(full: Listed, delta: Listed) -> Iterator[Finding]:
    """Whether `delta` is `full` without what lies beyond the skip boundary (6.2.5.1).

    Both are of the same moment, or nearly: what is in both must be the same.
    """
    boundary = seconds(full.control.get("CAN-SKIP-UNTIL", "")) or 0.0
    if not delta.skipped:
        long = full.length - (full.whole[0].duration or 0.0) if full.whole else 0.0
        if boundary and long >= boundary + SAME:  # what is listed is rounded
            yield Finding("6.2.5.1", "_HLS_skip ne donne pas de mise à jour partielle.")
        return
    if delta.control != full.control:
        said = "La mise à jour partielle a un autre EXT-X-SERVER-CONTROL."
        yield Finding("6.2.5.1", said)
    by_msn = {segment.msn: segment for segment in full.segments}
    skipped = range(delta.first_msn, delta.first_msn + delta.skipped)
    kept = sum(segment.duration or _length(segment) for segment in delta.segments)
    if kept < boundary - SAME:
        said = f"La mise à jour partielle ne garde que {kept:.3f}\u202fs, moins que CAN-SKIP-UNTIL."
        yield Finding("6.2.5.1", said)
    if any(msn not in by_msn for msn in skipped if full.first_msn <= msn <= full.last_msn):
        yield Finding("6.2.5.1", "SKIPPED-SEGMENTS compte des segments qui n’existent pas.")
    for segment in delta.segments:
        known = by_msn.get(segment.msn)
        if known is not None and known.uri and segment.uri and known.uri != segment.uri:
            said = f"La mise à jour partielle nomme autrement le segment {segment.msn}."
            yield Finding("6.2.5.1", said, segment.line)
    missing = full.ranges.keys() - delta.ranges.keys()
    if missing and "CAN-SKIP-DATERANGES" not in full.control:
        said = "La mise à jour partielle omet des EXT-X-DATERANGE."
        yield Finding("6.2.5.1", said)


def _ends(before: Listed, after: Listed) -> Iterator[Finding]:
    if before.ended and not after.ended:
        yield Finding("6.2.1", "EXT-X-ENDLIST a disparu.")
    grown = after.last_msn > before.last_msn
    if before.ended and grown:
        yield Finding("6.2.1", "Un segment est venu après EXT-X-ENDLIST.")
    fixed = before.kind in ("VOD", "EVENT")
    if fixed and (after.first_msn > before.first_msn or after.last_msn < before.last_msn):
        said = f"Une liste {before.kind} ne perd pas de segments."
        yield Finding("6.2.1", said)
    if before.kind != after.kind and before.kind:
        yield Finding("6.2.1", "EXT-X-PLAYLIST-TYPE ne doit pas changer.")
    removed = after.first_msn > before.first_msn
    if removed and not after.ended and not after.skipped and after.length < 3 * after.target:
        said = "Des segments sont retirés d’une liste plus courte que trois EXT-X-TARGETDURATION."
        yield Finding("6.2.2", said)


def _numbers(before: Listed, after: Listed) -> Iterator[Finding]:
    """EXT-X-DISCONTINUITY-SEQUENCE counts the discontinuities that were removed."""
    known = {segment.msn: segment.discontinuity for segment in before.segments}
    if after.skipped or before.skipped:
        return  # what is skipped hides discontinuities
    for segment in after.segments:
        was = known.get(segment.msn)
        if was is not None and was != segment.discontinuity:
            said = (
                f"Le segment {segment.msn} était de la discontinuité {was}, "
                f"et serait maintenant de la {segment.discontinuity}."
            )
            yield Finding("6.2.2", said, segment.line)
            return


def _same_segments(before: Listed, after: Listed) -> Iterator[Finding]:
    known = {segment.msn: segment for segment in before.segments}
    for segment in after.segments:
        was = known.get(segment.msn)
        if was is None:
            continue
        if was.uri and segment.uri and (said := _changed(was, segment)):
            yield Finding("6.2.1", f"Le segment {segment.msn} {said}.", segment.line)
        if was.uri and not segment.uri:
            yield Finding("6.2.1", f"Le segment {segment.msn} n’est plus complet.", segment.line)
        for index, (one, other) in enumerate(zip(was.parts, segment.parts, strict=False)):
            if _name(one) != _name(other):
                said = f"La partie {index} du segment {segment.msn} a changé."
                yield Finding("6.2.1", said, other.line)
        if not segment.uri and len(segment.parts) < len(was.parts):
            said = f"Le segment {segment.msn}, encore ouvert, a perdu des parties."
            yield Finding("6.2.2", said, segment.line)


def _changed(was: ListedSegment, segment: ListedSegment) -> str:
    if was.uri != segment.uri:
        return f"s’appelait « {was.uri} » et s’appelle « {segment.uri} »"
    if was.duration != segment.duration:
        return f"durait {was.duration}\u202fs et dure {segment.duration}\u202fs"
    if was.date is not None and segment.date is not None and abs(was.date - segment.date) > SAME:
        return "a changé de date"
    if was.gap and not segment.gap:
        return "n’est plus une lacune (EXT-X-GAP)"
    if was.map and segment.map and was.map != segment.map:
        return "a changé d’EXT-X-MAP"
    return ""


def _hints(before: Listed, after: Listed) -> Iterator[Finding]:
    """A hinted part comes by the name that was hinted, or the server gave it up."""
    msn, index = before.edge
    for hint in before.hints:
        if hint.attributes.get("TYPE") != "PART" or index is None:
            continue
        segment = next((each for each in after.segments if each.msn == msn), None)
        if segment is None or len(segment.parts) <= index:
            continue
        came, hinted = segment.parts[index].uri, hint.attributes.get("URI", "")
        if came != hinted and hinted not in {part.uri for part in _all_parts(after)}:
            said = f"La partie annoncée « {hinted} » est venue sous le nom « {came} »."
            yield Finding("4.4.5.3", said, segment.parts[index].line)


def _ranges(before: Listed, after: Listed) -> Iterator[Finding]:
    for name, said in before.ranges.items():
        now = after.ranges.get(name, {})
        for key, value in said.items():
            if now and now.get(key, value) != value:
                sentence = f"EXT-X-DATERANGE « {name} »\u00a0: {key} a changé."
                yield Finding("4.4.5.1", sentence)


def _all_parts(listed: Listed) -> Iterator[ListedPart]:
    for segment in listed.segments:
        yield from segment.parts


def _name(part: ListedPart) -> tuple[str, float, bool]:
    return part.uri, part.duration, part.gap


def _length(segment: ListedSegment) -> float:
    return sum(part.duration for part in segment.parts)
