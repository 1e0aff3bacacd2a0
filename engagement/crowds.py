"""Which groups may be told of one by one: few people in one would say who did what."""

from collections.abc import Mapping

FEWEST = 5  # people; what fewer did is not told


def tellable(sizes: Mapping[str, int]) -> frozenset[str]:
    """The groups that may be shown side by side, by how many people are in each.

    One group alone that is left out, or several with few people between them, would be the
    difference of all and those shown: the smallest of these goes too, until what is left out is a
    crowd (complementary suppression, as statistical offices do). Where nobody is, nobody is told
    of.
    """
    smallest = sorted((group for group in sizes if sizes[group]), key=lambda g: (sizes[g], g))
    left_out = sum(sizes[group] < FEWEST for group in smallest)
    while 0 < left_out < len(smallest) and few(sum(sizes[g] for g in smallest[:left_out])):
        left_out += 1
    return frozenset(sizes) - frozenset(smallest[:left_out])


def few(people: int) -> bool:
    """Whether there are so few that what they did is not told."""
    return 0 < people < FEWEST
