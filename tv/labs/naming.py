"""What people call a laboratory, and a table."""

from collections.abc import Mapping

from engagement.cafe.session import lab_of
from tv.settings import Lab


def lab_name(slug: str, labs: Mapping[str, Lab]) -> str:
    """The name of a laboratory; its slug when the settings have it no more."""
    return labs[slug].name if slug in labs else slug


def table_name(table: str, labs: Mapping[str, Lab]) -> str:
    """The name of a table by its id: « Table 3, Habiter ensemble »."""
    number = table.rpartition(".")[2]
    return f"Table {number}, {lab_name(lab_of(table), labs)}"
