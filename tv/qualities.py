"""Which qualities a channel has beside its source, by the settings and the machine."""

import os

from tv.settings import DEFAULT_CHANNEL, Settings

# What "auto" means from so many cores on: see decisions/0022. The least first.
AUTO = (
    (1, ()),
    (4, ("720p", "480p")),
    (8, ("720p", "480p", "360p")),
)


def of(settings: Settings, channel: str, cores: int = os.cpu_count() or 1) -> tuple[str, ...]:
    """The names of a channel's renditions that have to be encoded; the sound alone needs not."""
    own = settings.channels[channel].renditions
    if own is None:
        own = settings.ladder.renditions if channel == DEFAULT_CHANNEL else "off"
    if isinstance(own, str):
        return automatic(cores) if own == "auto" else ()
    return own


def automatic(cores: int) -> tuple[str, ...]:
    """What a machine of so many cores makes of "auto"."""
    return [names for least, names in AUTO if cores >= least][-1]
