"""What a query lets through of a list, and in which order: words that are known, or a refusal."""

from collections.abc import Collection, Mapping, Sequence

from tv.problems import Problem


def chosen(query: Mapping[str, str], name: str, known: Collection[str]) -> frozenset[str]:
    """Which of the known values `name=a,b` lets through; all of them without it. Raises Problem."""
    wanted = frozenset(filter(None, query.get(name, "").split(",")))
    if not wanted.issubset(known):
        raise unknown_filter(f"{name}\u00a0: {', '.join(sorted(known))}")
    return wanted or frozenset(known)


def sorting(query: Mapping[str, str], known: Sequence[str]) -> str:
    """The order that `sort=` names; the first one without it. Raises Problem."""
    wanted = query.get("sort", known[0])
    if wanted not in known:
        raise unknown_filter(f"sort\u00a0: {', '.join(known)}")
    return wanted


def unknown_filter(expected: str) -> Problem:
    """What might have been asked for."""
    return Problem(422, "unknown-filter", "Filtre inconnu", f"{expected}.")
