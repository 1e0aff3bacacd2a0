"""Rooms as schedules name them, and what they are here: a stage that has a channel, a lab."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

from tv.settings import Settings


@dataclass(frozen=True)
class Places:
    """The slugs of channels and labs, by every name that means them."""

    channels: Mapping[str, str]
    labs: Mapping[str, str]

    @classmethod
    def of(cls, settings: Settings) -> "Places":
        return cls(
            _by_name({slug: channel.name for slug, channel in settings.channels.items()}),
            _by_name({slug: lab.name for slug, lab in settings.labs.items()}),
        )

    def channel(self, room: str) -> str:
        """The channel of a room; "" when it has none."""
        return self.channels.get(folded(room), "")

    def lab(self, *names: str) -> str:
        """The lab that one of the names means, the first that does; "" when none does."""
        return next((self.labs[name] for name in map(folded, names) if name in self.labs), "")


def folded(name: str) -> str:
    """A name without accents, case and punctuation: "Labo 1" and "labo-1" are the same."""
    plain = unicodedata.normalize("NFKD", name.casefold())
    return re.sub(r"[^0-9a-z]+", "-", "".join(filter(str.isascii, plain))).strip("-")


def _by_name(names: Mapping[str, str]) -> dict[str, str]:
    # A slug means itself, also where it is another's name.
    return {folded(name): slug for slug, name in names.items()} | {slug: slug for slug in names}
