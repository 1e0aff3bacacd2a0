"""Tables as files: CSV that no spreadsheet takes for formulas, and a workbook with a sheet each."""

import csv
import io
from collections.abc import Iterable

from tv.reports.tables import Cell, Table

FORMULA = ("=", "+", "-", "@", "\t", "\r")  # what a spreadsheet computes when a cell begins so
WIDEST = 80  # characters of a column
CELL_LIMIT = 32_000  # characters; a workbook takes 32,767


def as_csv(table: Table) -> bytes:
    """A table by RFC 4180, but with semicolons and a mark of UTF-8: that is what a French
    spreadsheet opens at a double click.

    Text that begins like a formula gets an apostrophe before it (OWASP, CSV Injection).
    """
    written = io.StringIO()
    writer = csv.writer(written, delimiter=";")
    writer.writerow([column.title for column in table.columns])
    writer.writerows([_harmless(cell) for cell in row] for row in table.rows)
    return b"\xef\xbb\xbf" + written.getvalue().encode()


def as_xlsx(tables: Iterable[Table]) -> bytes:
    """A workbook with a sheet for each table that has rows, and at least one."""
    import xlsxwriter  # loaded by who asks first: web processes start sooner

    file = io.BytesIO()
    every = list(tables)
    with xlsxwriter.Workbook(file, {"in_memory": True, "strings_to_urls": False}) as workbook:
        head = workbook.add_format({"bold": True, "bottom": 1, "text_wrap": True})
        body = workbook.add_format({"text_wrap": True, "valign": "top"})
        for table in [each for each in every if each.rows] or every[:1]:
            sheet = workbook.add_worksheet(table.title[:31])
            sheet.freeze_panes(1, 0)
            sheet.autofilter(0, 0, max(1, len(table.rows)), len(table.columns) - 1)
            for at, column in enumerate(table.columns):
                sheet.write_string(0, at, column.title, head)
                sheet.set_column(at, at, _width(table, at))
            for number, row in enumerate(table.rows, 1):
                for at, cell in enumerate(row):
                    if isinstance(cell, str):  # as text, whatever it begins with
                        sheet.write_string(number, at, cell[:CELL_LIMIT], body)
                    elif cell is not None:
                        sheet.write_number(number, at, cell, body)
    return file.getvalue()


def _harmless(cell: Cell) -> Cell:
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(FORMULA) else cell


def _width(table: Table, at: int) -> int:
    longest = max((len(str(row[at] or "")) for row in table.rows), default=0)
    return min(WIDEST, max(len(table.columns[at].title), longest)) + 2
