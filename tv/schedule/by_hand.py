"""Talks as the crew types them: checked strictly, where a file is read leniently."""

from datetime import datetime
from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from engagement.talks import Talk
from engagement.talks.plan import (
    ABSTRACT,
    LANGUAGE,
    NAME,
    SPEAKERS,
    TITLE,
    Changes,
    Edit,
    Kind,
    Plan,
    id_of,
)
from tv.problems import Problem, clean
from tv.schedule.places import Places
from tv.schedule.understanding import GUID
from tv.settings import Settings

Moment = float | datetime
LAST = 4_102_444_800.0  # the year 2100


class Said(Changes[Moment], frozen=True, forbid_unknown_fields=True):
    """The body of a new talk, or of what changes in one."""

    guid: str = ""
    type: Kind | UnsetType = UNSET


class Hand:
    """Checks what the crew says of a talk."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._places = Places.of(settings)

    def plan(self, said: Said, event: str) -> Plan:
        """The start of a new talk, made by `event`; what was said of it is the `edit`. Raises
        Problem."""
        if isinstance(said.title, UnsetType):
            raise Problem(
                422, "invalid-body", "Requête invalide", "Champ à corriger\u00a0: il faut un titre."
            )
        guid = clean(said.guid, "guid", GUID, 0) or f"t_{event}"
        return Plan(talk=id_of(guid), guid=guid, title=clean(said.title, "Titre", TITLE))

    def edit(self, said: Said, talk: Talk | None = None) -> Edit:
        """What was said (of a `talk` that there is), as it may be shown. Raises Problem."""
        given: dict[str, Any] = {
            name: value
            for name, value in msgspec.structs.asdict(said).items()
            if value is not UNSET and name not in ("guid", "type")
        }
        if said.type is not UNSET:
            given["kind"] = said.type
        for name, what, most in (
            ("title", "Titre", TITLE),
            ("room", "Salle", NAME),
            ("language", "Langue", LANGUAGE),
            ("track", "Parcours", NAME),
        ):
            if name in given:
                given[name] = clean(given[name], what, most, least=int(name == "title"))
        if "abstract" in given:
            given["abstract"] = _clean_lines(given["abstract"], "Résumé", ABSTRACT)
        if "speakers" in given:
            given["speakers"] = _speakers(given["speakers"])
        for name in ("planned_start", "planned_end"):
            if name in given:
                given[name] = of_our_time(given[name], name)
        if "room" in given:
            self._follow(given["room"], given, talk)
        self._check_places(given)
        return Edit(**given)

    def _follow(self, room: str, given: dict[str, Any], talk: Talk | None) -> None:
        """A room named like a channel or a lab is it; what the room before was, the talk loses.

        But for the channel of a talk that began: its picture is there.
        """
        for name, of, stays in (
            ("channel", self._places.channel, talk is not None and talk.begun),
            ("lab", self._places.lab, False),
        ):
            left = talk is not None and not stays and of(talk.room) == getattr(talk, name)
            means = of(room)
            if name not in given and (means or left):
                given[name] = means

    def _check_places(self, given: dict[str, Any]) -> None:
        """See that the channel and the lab exist."""
        for name, known, what in (
            ("channel", self._settings.channels, "Canal"),
            ("lab", self._settings.labs, "Laboratoire"),
        ):
            if given.get(name) and given[name] not in known:
                raise Problem(
                    422,
                    f"unknown-{name}",
                    f"{what} inconnu",
                    f"{what} inconnu\u00a0: «\u00a0{given[name][:40]}\u00a0». "
                    f"Il y a\u00a0: {', '.join(known) or 'aucun'}.",
                )


def seconds(time: Moment | None, field: str) -> float | None:
    """A time on the broadcast clock. Raises Problem when it says no offset from UTC."""
    if isinstance(time, datetime):
        if time.tzinfo is None:
            raise _wrong_time(field, "il y manque le fuseau horaire (Z)")
        return time.timestamp()
    return time


def of_our_time(time: Moment | None, field: str) -> float | None:
    """The same, and it can be shown as a date. Raises Problem."""
    found = seconds(time, field)
    if found is not None and not 0 <= found < LAST:
        raise _wrong_time(field, "ce n’est pas une date de notre temps")
    return found


def _wrong_time(field: str, why: str) -> Problem:
    return Problem(
        422,
        "invalid-body",
        "Requête invalide",
        f"Champ à corriger\u00a0: «\u00a0{field}\u00a0», {why}.",
    )


def _clean_lines(text: str, field: str, most: int) -> str:
    clean(text.replace("\n", " "), field, most, least=0)  # the whole, for its length
    return "\n".join(clean(line, field, most, least=0) for line in text.split("\n")).strip()


def _speakers(names: tuple[str, ...]) -> tuple[str, ...]:
    if len(names) > SPEAKERS:
        raise Problem(
            422,
            "too-many-speakers",
            "Trop d’intervenants",
            f"Une intervention a {SPEAKERS} intervenants au plus.",
        )
    return tuple(dict.fromkeys(clean(name, "Intervenant", NAME) for name in names))
