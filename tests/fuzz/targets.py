"""All readers of strangers' bytes, by name."""

from tests.fuzz import house, studios, viewers

TARGETS = {each.name: each for each in (*studios.TARGETS, *viewers.TARGETS, *house.TARGETS)}
