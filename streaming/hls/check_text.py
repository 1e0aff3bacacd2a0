"""An HLS playlist read for a check: every tag with its line, and what is wrong with its letters.

The sections named in findings are those of draft-pantos-hls-rfc8216bis.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

LONGEST = 4 * 1024 * 1024  # characters of a playlist that is looked at
MOST = 200  # findings about one playlist, which is not read any further then


class Finding(NamedTuple):
    """Something that the draft forbids, or (`error` is false) advises against, said in French."""

    section: str
    said: str
    line: int = 0  # from 1 on; 0: it is about no line of its own
    error: bool = True


class Tag(NamedTuple):
    """A tag, or a URI line (`name` is ""). `attributes` have their quotation marks off."""

    line: int
    name: str
    value: str
    attributes: dict[str, str]


@dataclass
class Text:
    """A playlist as it is written."""

    tags: list[Tag] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    def all(self, name: str) -> Iterator[Tag]:
        return (tag for tag in self.tags if tag.name == name)

    def first(self, name: str) -> Tag | None:
        return next(self.all(name), None)

    @property
    def multivariant(self) -> bool:
        return any(tag.name in MULTIVARIANT for tag in self.tags)


# Kinds of attribute values (4.2), as they are written.
_KINDS = {
    "integer": re.compile(r"[0-9]{1,20}"),
    "float": re.compile(r"[0-9]+(\.[0-9]+)?"),
    "signed": re.compile(r"-?[0-9]+(\.[0-9]+)?"),
    "hex": re.compile(r"0[xX][0-9A-Fa-f]+"),
    "quoted": re.compile(r'"[^"]*"'),
    "enum": re.compile(r'[^",\s]+'),
    "yes": re.compile(r"YES"),
    "yes/no": re.compile(r"YES|NO"),
    "size": re.compile(r"[0-9]+x[0-9]+"),
    "custom": re.compile(r'"[^"]*"|0[xX][0-9A-Fa-f]+|-?[0-9]+(\.[0-9]+)?'),
    "captions": re.compile(r'"[^"]*"|NONE'),
}
_NAMES = {
    "integer": "un entier",
    "float": "un nombre",
    "signed": "un nombre",
    "hex": "un nombre hexadécimal",
    "quoted": "un texte entre guillemets",
    "enum": "un mot",
    "yes": "YES",
    "yes/no": "YES ou NO",
    "size": "une taille (1280x720)",
    "custom": "un texte entre guillemets, un nombre ou un nombre hexadécimal",
    "captions": "un texte entre guillemets, ou NONE",
}


def _table(section: str, *required: str, **kinds: str) -> tuple[str, set[str], dict[str, str]]:
    return section, set(required), {name.replace("_", "-"): kind for name, kind in kinds.items()}


# Of each tag with attributes: its section, those it must have, and the kind of each.
ATTRIBUTES = {
    "EXT-X-START": _table("4.4.2.2", "TIME-OFFSET", TIME_OFFSET="signed", PRECISE="yes/no"),
    "EXT-X-DEFINE": _table(
        "4.4.2.3", NAME="quoted", VALUE="quoted", IMPORT="quoted", QUERYPARAM="quoted"
    ),
    "EXT-X-PART-INF": _table("4.4.3.7", "PART-TARGET", PART_TARGET="float"),
    "EXT-X-SERVER-CONTROL": _table(
        "4.4.3.8",
        CAN_SKIP_UNTIL="float",
        CAN_SKIP_DATERANGES="yes",
        HOLD_BACK="float",
        PART_HOLD_BACK="float",
        CAN_BLOCK_RELOAD="yes",
    ),
    "EXT-X-KEY": _table(
        "4.4.4.4",
        "METHOD",
        METHOD="enum",
        URI="quoted",
        IV="hex",
        KEYFORMAT="quoted",
        KEYFORMATVERSIONS="quoted",
    ),
    "EXT-X-MAP": _table("4.4.4.5", "URI", URI="quoted", BYTERANGE="quoted"),
    "EXT-X-PART": _table(
        "4.4.4.9",
        "URI",
        "DURATION",
        URI="quoted",
        DURATION="float",
        INDEPENDENT="yes",
        BYTERANGE="quoted",
        GAP="yes",
    ),
    "EXT-X-DATERANGE": _table(
        "4.4.5.1",
        "ID",
        ID="quoted",
        CLASS="quoted",
        START_DATE="quoted",
        CUE="quoted",
        END_DATE="quoted",
        DURATION="float",
        PLANNED_DURATION="float",
        SCTE35_CMD="hex",
        SCTE35_OUT="hex",
        SCTE35_IN="hex",
        END_ON_NEXT="yes",
    ),
    "EXT-X-SKIP": _table(
        "4.4.5.2",
        "SKIPPED-SEGMENTS",
        SKIPPED_SEGMENTS="integer",
        RECENTLY_REMOVED_DATERANGES="quoted",
    ),
    "EXT-X-PRELOAD-HINT": _table(
        "4.4.5.3",
        "TYPE",
        "URI",
        TYPE="enum",
        URI="quoted",
        BYTERANGE_START="integer",
        BYTERANGE_LENGTH="integer",
    ),
    "EXT-X-RENDITION-REPORT": _table(
        "4.4.5.4", "URI", URI="quoted", LAST_MSN="integer", LAST_PART="integer"
    ),
    "EXT-X-MEDIA": _table(
        "4.4.6.1",
        "TYPE",
        "GROUP-ID",
        "NAME",
        TYPE="enum",
        URI="quoted",
        GROUP_ID="quoted",
        LANGUAGE="quoted",
        ASSOC_LANGUAGE="quoted",
        NAME="quoted",
        STABLE_RENDITION_ID="quoted",
        DEFAULT="yes/no",
        AUTOSELECT="yes/no",
        FORCED="yes/no",
        INSTREAM_ID="quoted",
        BIT_DEPTH="integer",
        SAMPLE_RATE="integer",
        CHARACTERISTICS="quoted",
        CHANNELS="quoted",
    ),
    "EXT-X-STREAM-INF": _table(
        "4.4.6.2",
        "BANDWIDTH",
        BANDWIDTH="integer",
        AVERAGE_BANDWIDTH="integer",
        SCORE="float",
        CODECS="quoted",
        SUPPLEMENTAL_CODECS="quoted",
        RESOLUTION="size",
        FRAME_RATE="float",
        HDCP_LEVEL="enum",
        VIDEO_RANGE="enum",
        STABLE_VARIANT_ID="quoted",
        AUDIO="quoted",
        VIDEO="quoted",
        SUBTITLES="quoted",
        CLOSED_CAPTIONS="captions",
        PATHWAY_ID="quoted",
    ),
    "EXT-X-I-FRAME-STREAM-INF": _table(
        "4.4.6.3", "BANDWIDTH", "URI", BANDWIDTH="integer", URI="quoted", RESOLUTION="size"
    ),
    "EXT-X-SESSION-DATA": _table(
        "4.4.6.4", "DATA-ID", DATA_ID="quoted", VALUE="quoted", URI="quoted", LANGUAGE="quoted"
    ),
    "EXT-X-SESSION-KEY": _table("4.4.6.5", "METHOD", METHOD="enum", URI="quoted", IV="hex"),
    "EXT-X-CONTENT-STEERING": _table(
        "4.4.6.6", "SERVER-URI", SERVER_URI="quoted", PATHWAY_ID="quoted"
    ),
}
# Tags that stand once at most, and their section.
ONCE = {
    "EXT-X-VERSION": "4.4.1.2",
    "EXT-X-INDEPENDENT-SEGMENTS": "4.4.2.1",
    "EXT-X-START": "4.4.2.2",
    "EXT-X-TARGETDURATION": "4.4.3",
    "EXT-X-MEDIA-SEQUENCE": "4.4.3",
    "EXT-X-DISCONTINUITY-SEQUENCE": "4.4.3",
    "EXT-X-ENDLIST": "4.4.3",
    "EXT-X-PLAYLIST-TYPE": "4.4.3",
    "EXT-X-I-FRAMES-ONLY": "4.4.3",
    "EXT-X-PART-INF": "4.4.3",
    "EXT-X-SERVER-CONTROL": "4.4.3",
    "EXT-X-SKIP": "4.4.5",
    "EXT-X-CONTENT-STEERING": "4.4.6.6",
}
MULTIVARIANT = {name for name, (section, *_) in ATTRIBUTES.items() if section > "4.4.6"}
_OF_ONE_STREAM = {name for name, (section, *_) in ATTRIBUTES.items() if "4.4.3" < section < "4.4.6"}
_OF_ONE_STREAM |= {name for name, section in ONCE.items() if section == "4.4.3"}
_OF_ONE_STREAM |= {"EXTINF", "EXT-X-DISCONTINUITY", "EXT-X-PROGRAM-DATE-TIME", "EXT-X-GAP"}
_INTEGERS = {
    "EXT-X-VERSION": "4.4.1.2",
    "EXT-X-TARGETDURATION": "4.4.3.1",
    "EXT-X-MEDIA-SEQUENCE": "4.4.3.2",
    "EXT-X-DISCONTINUITY-SEQUENCE": "4.4.3.3",
}
_ATTRIBUTE = re.compile(r'([A-Z0-9-]+)=("[^"]*"|[^",]*)(,|$)')
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")


def read(text: str) -> Text:
    """Take a playlist apart, and note what is wrong with its letters."""
    found = Text()
    if len(text) > LONGEST:
        found.findings.append(Finding("4.1", "La liste est trop longue pour être lue en entier."))
    if text.startswith("\ufeff"):
        found.findings.append(Finding("4.1", "La liste commence par un indicateur d’ordre (BOM)."))
    lines = text[:LONGEST].removeprefix("\ufeff").split("\n")
    if lines[0].rstrip("\r") != "#EXTM3U":
        found.findings.append(Finding("4.4.1.1", "La première ligne doit être « #EXTM3U ».", 1))
    for number, line in enumerate(lines, 1):
        _read_line(found, number, line.rstrip("\r"))
        if len(found.findings) >= MOST:
            break
    for name, section in ONCE.items():
        for tag in [*found.all(name)][1:]:
            found.findings.append(
                Finding(section, f"{name} ne peut figurer qu’une fois.", tag.line)
            )
    for tag in found.all("EXT-X-DEFINE"):
        if len({"NAME", "IMPORT", "QUERYPARAM"} & tag.attributes.keys()) != 1:
            said = "EXT-X-DEFINE a un seul de NAME, IMPORT et QUERYPARAM."
            found.findings.append(Finding("4.4.2.3", said, tag.line))
    if found.multivariant and (mixed := [t for t in found.tags if t.name in _OF_ONE_STREAM]):
        said = f"{mixed[0].name} n’a pas sa place dans une liste de variantes."
        found.findings.append(Finding("4.4.6", said, mixed[0].line))
    del found.findings[MOST:]
    return found


def _read_line(found: Text, number: int, line: str) -> None:
    if _CONTROL.search(line):
        found.findings.append(Finding("4.1", "La ligne contient un caractère de commande.", number))
    if not line or (line.startswith("#") and not line.startswith("#EXT")):
        return  # a blank, or a comment
    if not line.startswith("#"):
        found.tags.append(Tag(number, "", line, {}))
        return
    name, colon, value = line[1:].partition(":")
    attributes: dict[str, str] = {}
    if name in ATTRIBUTES:
        attributes = _read_attributes(found, number, name, value)
    elif name in _INTEGERS and not _KINDS["integer"].fullmatch(value):
        found.findings.append(Finding(_INTEGERS[name], f"{name} doit être un entier.", number))
        return
    elif colon and name in ("EXT-X-DISCONTINUITY", "EXT-X-GAP", "EXT-X-ENDLIST", "EXTM3U"):
        found.findings.append(Finding("4.4", f"{name} n’a pas de valeur.", number))
    found.tags.append(Tag(number, name, value, attributes))


def _read_attributes(found: Text, number: int, name: str, value: str) -> dict[str, str]:
    section, required, kinds = ATTRIBUTES[name]
    attributes: dict[str, str] = {}
    at = 0
    while at < len(value):
        match = _ATTRIBUTE.match(value, at)
        if match is None or (match[3] and match.end() == len(value)):
            said = (
                f"{name}\u00a0: liste d’attributs illisible à partir de « {value[at : at + 40]} »."
            )
            found.findings.append(Finding("4.2", said, number))
            break
        key, written = match[1], match[2]
        if key in attributes:
            said = f"{name}\u00a0: l’attribut {key} est donné deux fois."
            found.findings.append(Finding("4.2", said, number))
        kind = "custom" if key.startswith("X-") else kinds.get(key)
        if kind is not None and not _KINDS[kind].fullmatch(written):
            said = f"{name}\u00a0: {key} doit être {_NAMES[kind]}, et non « {written[:40]} »."
            found.findings.append(Finding(section, said, number))
        attributes[key] = written.strip('"')
        at = match.end()
    for key in sorted(required - attributes.keys()):
        found.findings.append(Finding(section, f"{name}\u00a0: l’attribut {key} manque.", number))
    return attributes
