"""frab's XML, read as what its JSON would say.

XML without document types: an entity that stands for a file, or for a million others, is refused
with the whole file. Described by https://github.com/voc/schedule (validator/xsd/schedule.xml.xsd).
"""

from typing import Any
from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers import expat

from tv.schedule import frab_json
from tv.schedule.errors import Unreadable
from tv.schedule.understanding import Understanding

DEPTH = 32  # of elements in one another
ELEMENTS = 200_000


def read(data: bytes, into: Understanding) -> dict[str, Any]:
    """Understand a file; return what it says of the whole. Raises Unreadable."""
    root = parse(data)
    if root.tag != "schedule":
        raise Unreadable(
            "Ce XML n’est pas un programme frab\u00a0: sa racine n’est pas «\u00a0schedule\u00a0»."
        )
    found = root.find("conference")
    conference = _fields(found) if found is not None else {}
    days = [{**day.attrib, "rooms": _rooms(day)} for day in root.iterfind("day")]
    frab_json.understand(conference, days, into)
    conference.pop("days", None)  # their number
    return {"version": root.findtext("version") or "1.0", "conference": conference}


def parse(data: bytes) -> Element:
    """The root of an XML document. Raises Unreadable for what is none, or has a document type."""
    builder = TreeBuilder()
    parser = expat.ParserCreate()
    depth = elements = 0

    def start(tag: str, attributes: dict[str, str]) -> None:
        nonlocal depth, elements
        depth, elements = depth + 1, elements + 1
        if depth > DEPTH or elements > ELEMENTS:
            raise Unreadable("Ce XML a trop d’éléments pour un programme.")
        builder.start(tag, attributes)

    def end(tag: str) -> None:
        nonlocal depth
        depth -= 1
        builder.end(tag)

    def refuse(*_: Any) -> None:
        raise Unreadable(
            "Ce XML définit un type de document ou des entités (DOCTYPE)\u00a0: retirez-les."
        )

    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = builder.data
    parser.StartDoctypeDeclHandler = refuse
    parser.EntityDeclHandler = refuse
    try:
        parser.Parse(data, True)
        return builder.close()
    except (expat.ExpatError, ValueError, LookupError) as error:
        line = getattr(error, "lineno", 0)
        where = f" (ligne {line})" if line else ""
        raise Unreadable(f"Ce fichier n’est pas du XML, ou il est incomplet{where}.") from error


def _rooms(day: Element) -> dict[str, list[dict[str, Any]]]:
    rooms: dict[str, list[dict[str, Any]]] = {}
    for room in day.iterfind("room"):
        talks = rooms.setdefault(room.get("name", ""), [])
        talks += map(_talk, room.iterfind("event"))
    return rooms


def _talk(talk: Element) -> dict[str, Any]:
    said: dict[str, Any] = _fields(talk) | talk.attrib
    if talk.get("id", "").isdecimal():
        said["id"] = int(talk.get("id", "0")[:18])
    if (recording := talk.find("recording")) is not None:
        said.pop("recording", None)
        said["do_not_record"] = recording.findtext("optout") or ""
        said["recording_license"] = recording.findtext("license") or ""
    said["persons"] = [
        {**person.attrib, "public_name": _text(person)}
        for person in talk.iterfind("persons/person")
    ]
    for name in ("links", "attachments"):
        said[name] = [
            {"url": each.get("href", ""), "title": _text(each)}
            for each in talk.iterfind(f"{name}/*")
        ]
    return said


def _fields(element: Element) -> dict[str, Any]:
    """What the children say that hold nothing but text."""
    return {child.tag: _text(child) for child in element if not len(child)}


def _text(element: Element) -> str:
    return (element.text or "").strip()
