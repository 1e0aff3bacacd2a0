"""Where one may be: laboratories by slug, and their tables by id, with a session there or none."""

import re
from collections.abc import Collection, Iterator

from engagement.cafe.cafes import Cafes
from engagement.cafe.session import TABLES, lab_of, table_id
from tv.problems import Problem
from tv.refusals import NBSP

_NUMBER = re.compile(r"[1-9][0-9]?")


def is_table(table: str, labs: Collection[str]) -> bool:
    """Whether a laboratory of `labs` may have a table of this id."""
    return lab_of(table) in labs and number_of(table) is not None


def number_of(table: str) -> int | None:
    """The number in a table's id; None for what is none."""
    said = table.rpartition(".")[2]
    number = int(said) if _NUMBER.fullmatch(said) else None
    return number if number and number <= TABLES else None


def planned_tables(cafes: Cafes, labs: Collection[str]) -> Iterator[str]:
    """The tables that sessions have, or are to have, by laboratory and number."""
    counts = dict.fromkeys(labs, 0)
    for cafe in cafes.all():
        for lab, count in cafe.plan.tables:
            if lab in counts:
                counts[lab] = max(counts[lab], count)
    for lab, most in counts.items():
        for number in range(1, most + 1):
            yield table_id(lab, number)


def check_lab(lab: str, labs: Collection[str]) -> None:
    """Raises Problem when there is no such laboratory."""
    if lab not in labs:
        raise Problem(
            422,
            "unknown-lab",
            "Laboratoire inconnu",
            f"Laboratoire inconnu{NBSP}: il y a {', '.join(labs) or 'aucun laboratoire'}.",
        )


def check_table(table: str, labs: Collection[str]) -> None:
    """Raises Problem when there cannot be such a table."""
    check_lab(lab_of(table), labs)
    if number_of(table) is None:
        raise Problem(
            422,
            "unknown-table",
            "Table inconnue",
            f"Une table se nomme par son laboratoire et son numéro, de 1 à {TABLES}, comme "
            f"«\u00a0{table_id(lab_of(table), 3)}\u00a0».",
        )
