"""The walking list: whom to visit this month, as a CSV and as a workbook in which the outcome is filled in."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from vroegsignaal import configuration, warehouse
from vroegsignaal.months import Month
from vroegsignaal.outbox.files import csv_text, replaced
from vroegsignaal.settings import Settings

HEADER = (
    "rang", "rol", "zaaknummer", "achternaam", "straatnaam", "huisnummer", "huisletter", "huisnummertoevoeging",
    "postcode", "woonplaats", "wijk", "crediteuren", "achterstand", "criterium", "heropaf",
)  # fmt: skip
IN_WORKBOOK = (*HEADER, "let_op")
"""The workbook also tells what a creditor took back since, and when."""
EPOCH = datetime(2000, 1, 1)  # noqa: DTZ001 (a workbook knows no zones)
DATE, FLAG = "date", "flag"
# What the visitor fills in: a date, yes or no, or a value of a code list.
_TO_FILL_IN = {
    "resultaat": "outcome",
    "poging_1_datum": DATE,
    "poging_1_dagdeel": "part_of_day",
    "poging_1_bereikt": FLAG,
    "poging_2_datum": DATE,
    "poging_2_dagdeel": "part_of_day",
    "poging_2_bereikt": FLAG,
    "flyer_op": DATE,
    "contact_na_flyer": FLAG,
    "afgesloten_op": DATE,
}
_WIDTHS = {
    "rang": 6, "rol": 13, "zaaknummer": 17, "achternaam": 22, "straatnaam": 22, "woonplaats": 14, "wijk": 20,
    "crediteuren": 30, "criterium": 16, "let_op": 34, "resultaat": 34,
}  # fmt: skip


def write(here: Settings, code: str, month: Month, folder: Path) -> bool:
    """Write `looplijst.csv` and `looplijst.xlsx` of an approved month; whether they were written.

    They stay as they are while nothing on them changed: somebody may be filling the workbook in.
    """
    with warehouse.connect(here, "caseworker") as connection:
        # Who reads last, writes last.
        connection.execute("select pg_advisory_xact_lock(hashtext('vroegsignaal walking list'))")
        rows = warehouse.fetch(connection, "select * from vault.walking_list(%s, %s)", [code, month.first_day])
        text = csv_text(HEADER, (_as_text(row[: len(HEADER)]) for row in rows))
        path, workbook = folder / "looplijst.csv", folder / "looplijst.xlsx"
        if workbook.exists() and path.exists() and path.read_text(encoding="utf-8") == text:
            return False
        lists = {name: configuration.code_list(here, name) for name in set(_TO_FILL_IN.values()) - {DATE, FLAG}}
        _write_workbook(workbook, rows, lists, f"Looplijst {code} {month}")
        # Last, because it is what tells that the workbook is as it should be.
        with replaced(path) as fresh:
            fresh.write_text(text, encoding="utf-8", newline="")
    return True


def _as_text(row: tuple) -> list[str]:
    """A row in the default dialect: decimal comma, j/n, empty for unknown."""
    values = dict(zip(HEADER, row, strict=True))
    values["achterstand"] = f"{values['achterstand']:.2f}".replace(".", ",")
    values["heropaf"] = "j" if values["heropaf"] else "n"
    return ["" if value is None else str(value) for value in values.values()]


def _write_workbook(path: Path, rows: list[tuple], lists: dict[str, list[str]], title: str) -> None:
    import xlsxwriter

    with replaced(path) as fresh, xlsxwriter.Workbook(str(fresh), {"strings_to_formulas": False}) as book:
        # The moment of writing would make two equal lists differ.
        book.set_properties({"title": title, "created": EPOCH})
        sheet = book.add_worksheet("Looplijst")
        choices = book.add_worksheet("Keuzelijsten")
        heading = book.add_format({"bold": True, "bg_color": "#1F4E79", "font_color": "white", "text_wrap": True})
        to_fill_in = book.add_format({"bold": True, "bg_color": "#FFE699", "text_wrap": True})
        euros = book.add_format({"num_format": "#,##0.00"})
        date = book.add_format({"num_format": "yyyy-mm-dd"})
        for position, name in enumerate(sorted(lists)):
            choices.write_column(0, position, lists[name])
        choices.hide()
        for position, name in enumerate(IN_WORKBOOK):
            sheet.write_string(0, position, name, heading)
            sheet.set_column(position, position, _WIDTHS.get(name, 12))
        for line, row in enumerate(rows, start=1):
            for position, (name, value) in enumerate(zip(IN_WORKBOOK, row, strict=True)):
                _write_cell(sheet, line, position, name, value, euros)
        last_line = max(len(rows), 1)
        for position, (name, kind) in enumerate(_TO_FILL_IN.items(), start=len(IN_WORKBOOK)):
            sheet.write_string(0, position, name, to_fill_in)
            sheet.set_column(position, position, _WIDTHS.get(name, 12), date if kind == DATE else None)
            sheet.data_validation(1, position, last_line, position, _validation(kind, lists))
        sheet.freeze_panes(1, 3)
        sheet.autofilter(0, 0, last_line, len(IN_WORKBOOK) + len(_TO_FILL_IN) - 1)
        sheet.set_landscape()
        sheet.set_paper(9)
        sheet.fit_to_pages(1, 0)
        sheet.repeat_rows(0)


def _write_cell(sheet: object, line: int, position: int, name: str, value: object, euros: object) -> None:
    if value is None:
        return
    if name == "achterstand":
        sheet.write_number(line, position, float(value), euros)
    elif isinstance(value, bool):
        sheet.write_string(line, position, "j" if value else "n")
    elif isinstance(value, int):
        sheet.write_number(line, position, value)
    else:
        sheet.write_string(line, position, str(value))


def _validation(kind: str, lists: dict[str, list[str]]) -> dict:
    if kind == DATE:
        return {
            "validate": "date", "criteria": ">", "value": EPOCH.date(), "ignore_blank": True,
            "error_title": "Geen datum", "error_message": "Vul een datum in, zoals 2019-01-31.",
        }  # fmt: skip
    if kind == FLAG:
        source: object = ["j", "n"]
    else:
        column = chr(ord("A") + sorted(lists).index(kind))
        source = f"=Keuzelijsten!${column}$1:${column}${len(lists[kind])}"
    return {
        "validate": "list", "source": source, "ignore_blank": True,
        "error_title": "Niet in de lijst", "error_message": "Kies een waarde uit de lijst.",
    }  # fmt: skip
