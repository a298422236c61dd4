"""The walking list: whom to visit this month, as a CSV and as a workbook in which the outcome is filled in."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

from vroegsignaal import configuration, contract, warehouse
from vroegsignaal.contract import Column
from vroegsignaal.months import Month
from vroegsignaal.outbox.files import csv_text, replaced
from vroegsignaal.settings import Settings

if TYPE_CHECKING:
    from xlsxwriter import Workbook
    from xlsxwriter.format import Format
    from xlsxwriter.worksheet import Worksheet

HEADER = (
    "rang", "rol", "zaaknummer", "achternaam", "straatnaam", "huisnummer", "huisletter", "huisnummertoevoeging",
    "postcode", "woonplaats", "wijk", "crediteuren", "achterstand", "criterium", "heropaf",
)  # fmt: skip
IN_WORKBOOK = (
    *HEADER, "kanaal", "uiterlijk", "telefoonnummer", "email", "maanden_achterstand", "eerder_contact",
    "vervangen_door", "let_op",
)  # fmt: skip
"""The workbook tells more: how and by when, what came before, who stands in, and what to mind."""
FEED = "ris_walking_list"
"""The feed as which the workbook comes back; what its contract has beside these columns is filled in."""
FILE = "looplijst.xlsx"
EPOCH = datetime(2000, 1, 1)  # noqa: DTZ001 (a workbook knows no zones)
PAPER_A4 = 9
FROZEN_COLUMNS = 4
"""Up to the name: what tells the rows apart stays in sight, and stands on every printed page."""
LARGEST_PRINT_PCT, PAPER_MM, MM_PER_CHARACTER = 65, 276, 7 / 96 * 25.4
"""A4 across within its margins; a character of width is seven dots, of which there are 96 in an inch."""
SOMETIMES = ("kanaal", "uiterlijk", "email")
"""What stands in the workbook only where it tells something: a policy may have one channel and no term."""
_WIDTHS = {
    "rang": 5, "rol": 12, "zaaknummer": 16, "achternaam": 15, "straatnaam": 16, "huisnummer": 7, "huisletter": 5,
    "huisnummertoevoeging": 7, "postcode": 8, "woonplaats": 10, "wijk": 12, "crediteuren": 18, "achterstand": 10,
    "criterium": 9, "heropaf": 8, "kanaal": 10, "uiterlijk": 10, "telefoonnummer": 12, "email": 16,
    "maanden_achterstand": 9, "eerder_contact": 20, "vervangen_door": 9, "let_op": 16, "resultaat": 26,
}  # fmt: skip
_WIDTH_TO_FILL_IN = 11
_CELL = {"text_wrap": True, "valign": "top", "border": 1, "border_color": "#BFBFBF"}


def write(here: Settings, code: str, month: Month, folder: Path) -> bool:
    """Write `looplijst.csv` and `looplijst.xlsx` of an approved month; whether they were written.

    They stay as they are while nothing on them changed: somebody may be filling the workbook in.
    """
    with warehouse.open_connection(here, "caseworker") as connection:
        warehouse.open_list(connection, code, month.first_day, "walking_list")
        # Who reads last, writes last. The lock goes with the connection.
        connection.execute("select pg_advisory_lock(hashtext('vroegsignaal walking list'))")
        rows = warehouse.fetch(connection, "select * from vault.walking_list(%s, %s)", [code, month.first_day])
        text = csv_text(HEADER, (_as_text(row[: len(HEADER)]) for row in rows))
        path, workbook = folder / "looplijst.csv", folder / FILE
        if workbook.exists() and path.exists() and path.read_text(encoding="utf-8") == text:
            return False
        # With one way to approach people it need not be told, nor what another would need.
        columns = [name for name in IN_WORKBOOK if name not in SOMETIMES or _tells(name, rows)]
        told = [{name: row[IN_WORKBOOK.index(name)] for name in columns} for row in rows]
        lists = {column.codes: configuration.code_list(here, column.codes) for column in to_fill_in() if column.codes}
        _write_workbook(workbook, columns, told, lists, f"Looplijst {code} {month}")
        # Last, because it is what tells that the workbook is as it should be.
        with replaced(path) as fresh:
            fresh.write_text(text, encoding="utf-8", newline="")
    return True


def _tells(name: str, rows: list[tuple]) -> bool:
    values = {row[IN_WORKBOOK.index(name)] for row in rows} - {None}
    if name == "email":
        return "mail" in {row[IN_WORKBOOK.index("kanaal")] for row in rows}
    return bool(values - {"huisbezoek"})


def to_fill_in() -> list[Column]:
    """The columns that a case worker fills in, as the contract of the list that comes back has them."""
    return [column for column in contract.feeds()[FEED].columns if column.name not in IN_WORKBOOK]


def _as_text(row: tuple) -> list[str]:
    """A row in the default dialect: decimal comma, j/n, empty for unknown."""
    values = dict(zip(HEADER, row, strict=True))
    values["achterstand"] = f"{values['achterstand']:.2f}".replace(".", ",")
    values["heropaf"] = "j" if values["heropaf"] else "n"
    return ["" if value is None else str(value) for value in values.values()]


def _write_workbook(path: Path, columns: list[str], rows: list[dict], lists: dict[str, list[str]], title: str) -> None:
    import xlsxwriter

    with replaced(path) as fresh, xlsxwriter.Workbook(str(fresh), {"strings_to_formulas": False}) as book:
        # The moment of writing would make two equal lists differ.
        book.set_properties({"title": title, "created": EPOCH})
        sheet = book.add_worksheet("Looplijst")
        choices = book.add_worksheet("Keuzelijsten")
        for position, name in enumerate(sorted(lists)):
            choices.write_column(0, position, lists[name])
        choices.hide()
        _write_rows(book, sheet, columns, rows)
        _write_places_to_fill_in(book, sheet, len(columns), rows, lists)
        _lay_out(sheet, columns, max(len(rows), 1), title)


def _write_rows(book: Workbook, sheet: Worksheet, columns: list[str], rows: list[dict]) -> None:
    heading = book.add_format({"bold": True, "bg_color": "#1F4E79", "font_color": "white", **_CELL})
    formats = {role: _formats(book, role) for role in ("geselecteerd", "reserve")}
    for position, name in enumerate(columns):
        sheet.write_string(0, position, name, heading)
        sheet.set_column(position, position, _WIDTHS[name])
    for line, row in enumerate(rows, start=1):
        plain, euros, _ = formats[row["rol"]]
        for position, (name, value) in enumerate(row.items()):
            _write_cell(sheet, line, position, value, euros if name == "achterstand" else plain)


def _write_places_to_fill_in(
    book: Workbook, sheet: Worksheet, first: int, rows: list[dict], lists: dict[str, list[str]]
) -> None:
    heading = book.add_format({"bold": True, "bg_color": "#FFE699", **_CELL})
    formats = {role: _formats(book, role) for role in ("geselecteerd", "reserve")}
    for position, column in enumerate(to_fill_in(), start=first):
        sheet.write_string(0, position, column.name, heading)
        sheet.set_column(position, position, _WIDTHS.get(column.name, _WIDTH_TO_FILL_IN))
        sheet.data_validation(1, position, max(len(rows), 1), position, _validation(column, lists))
        for line, row in enumerate(rows, start=1):
            plain, _, date = formats[row["rol"]]
            sheet.write_blank(line, position, None, date if column.type == "date" else plain)


def _formats(book: Workbook, role: str) -> tuple[Format, Format, Format]:
    """The formats of a text, an amount and a date; the reserve is grey, so that nobody begins there."""
    shade = {"bg_color": "#EDEDED"} if role == "reserve" else {}
    return tuple(
        book.add_format({**_CELL, **shade, **kind})
        for kind in ({}, {"num_format": "#,##0.00"}, {"num_format": "yyyy-mm-dd"})
    )


def _lay_out(sheet: Worksheet, columns: list[str], last_line: int, title: str) -> None:
    """What stays in sight on the screen, and on A4: two pages wide, with the columns to fill in on the second."""
    last_column = len(columns) + len(to_fill_in()) - 1
    width = sum(_WIDTHS[name] + 1 for name in columns) * MM_PER_CHARACTER
    # Room for names that take three lines.
    sheet.set_row(0, 46)
    sheet.freeze_panes(1, FROZEN_COLUMNS)
    sheet.autofilter(0, 0, last_line, last_column)
    sheet.set_landscape()
    sheet.set_paper(PAPER_A4)
    sheet.set_margins(left=0.4, right=0.4, top=0.6, bottom=0.6)
    # Not fitted to pages: a spreadsheet then breaks them where it likes.
    sheet.set_print_scale(min(LARGEST_PRINT_PCT, int(100 * PAPER_MM / width)))
    sheet.set_v_pagebreaks([len(columns)])
    sheet.repeat_rows(0)
    sheet.repeat_columns(0, FROZEN_COLUMNS - 1)
    sheet.set_header(f"&L{title}&RVertrouwelijk")
    sheet.set_footer("&RPagina &P van &N")


def _write_cell(sheet: Worksheet, line: int, position: int, value: object, form: Format) -> None:
    if value is None:
        sheet.write_blank(line, position, None, form)
    elif isinstance(value, bool):
        sheet.write_string(line, position, "j" if value else "n", form)
    elif isinstance(value, int | Decimal):
        sheet.write_number(line, position, float(value), form)
    else:
        sheet.write_string(line, position, str(value), form)


def _validation(column: Column, lists: dict[str, list[str]]) -> dict:
    if column.type == "date":
        return {
            "validate": "date", "criteria": ">", "value": EPOCH.date(), "ignore_blank": True,
            "error_title": "Geen datum", "error_message": "Vul een datum in, zoals 2019-01-31.",
        }  # fmt: skip
    if column.type == "flag":
        source: object = ["j", "n"]
    else:
        place = chr(ord("A") + sorted(lists).index(column.codes))
        source = f"=Keuzelijsten!${place}$1:${place}${len(lists[column.codes])}"
    return {
        "validate": "list", "source": source, "ignore_blank": True,
        "error_title": "Niet in de lijst", "error_message": "Kies een waarde uit de lijst.",
    }  # fmt: skip
