"""Pseudonyms as the audience may choose them: short, clean, and of nobody who speaks for the event.

422 `name-reserved` for those of the crew, of tables, of the event and its organiser, and of the
speakers of the schedule (engagement/names.py).
"""

from engagement.names import is_reserved, skeletons
from engagement.talks import Talks
from tv.problems import Problem, clean
from tv.settings import Settings

PSEUDONYM = 40  # characters


class Pseudonyms:
    """Checks pseudonyms against the names of an event."""

    def __init__(self, settings: Settings, talks: Talks) -> None:
        self._ours = skeletons(settings.event.name) | skeletons(settings.organiser.name)
        self._talks = talks

    def checked(self, text: str, field: str = "Pseudonyme") -> str:
        """`text` as it may be shown, "" for none. Raises Problem."""
        name = clean(text, field, PSEUDONYM, least=0)
        if name and is_reserved(name, self._ours | self._speakers()):
            raise Problem(
                422,
                "name-reserved",
                "Nom réservé",
                f"{field}\u00a0: ce nom désigne l’équipe, une table ou un intervenant. "
                "Choisissez-en un autre, par exemple un prénom et une initiale "
                "(«\u00a0Camille\u00a0R.\u00a0»).",
            )
        return name

    def _speakers(self) -> frozenset[str]:
        every = (speaker for talk in self._talks.by_id.values() for speaker in talk.speakers)
        return frozenset[str]().union(*map(skeletons, every))
