"""Broken workbooks: good ones of which one part is replaced, and archives that are no workbook or a bomb."""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Callable
from datetime import date, datetime
from random import Random

import xlsxwriter

from .good import pack, text
from .mutations import Mutation, Rows


def workbook(rows: list[list[object]], first_row: int = 0, first_column: int = 0) -> bytes:
    """A workbook with the rows on its second sheet, the first being empty."""
    packed = io.BytesIO()
    with xlsxwriter.Workbook(packed, {"in_memory": True, "strings_to_formulas": False}) as book:
        book.set_properties({"created": datetime(2022, 1, 1)})  # noqa: DTZ001 (a workbook knows no zones)
        dates = book.add_format({"num_format": "dd-mm-yyyy"})
        book.add_worksheet("Toelichting")
        sheet = book.add_worksheet("Signalen")
        for number, row in enumerate(rows, start=first_row):
            for column, value in enumerate(row, start=first_column):
                if isinstance(value, date | datetime):
                    sheet.write_datetime(number, column, value, dates)
                else:
                    sheet.write(number, column, value)
    return packed.getvalue()


def _as_values(rows: Rows) -> list[list[object]]:
    """The rows of signals as a spreadsheet holds them: numbers, amounts and dates."""
    header, *others = rows
    made = {"bsn": int, "huisnummer": int, "bedrag": lambda given: float(given.replace(",", "."))}
    made |= dict.fromkeys(("ontstaansdatum", "signaaldatum"), date.fromisoformat)
    return [header, *([made.get(n, str)(v) for n, v in zip(header, row, strict=True)] for row in others)]


def _plain(_: Random, rows: Rows) -> bytes:
    return workbook(_as_values(rows))


def _changed(part: str, change: Callable[[bytes], bytes]) -> Callable[[Random, Rows], bytes]:
    """A workbook of which one part is changed."""

    def make(_: Random, rows: Rows) -> bytes:
        parts = _parts(workbook(_as_values(rows)))
        return pack(parts | {part: change(parts[part])})

    return make


def _parts(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def _sheet(change: Callable[[bytes], bytes]) -> Callable[[Random, Rows], bytes]:
    return _changed("xl/worksheets/sheet2.xml", change)


def _with_cell(place: str) -> Callable[[Random, Rows], bytes]:
    """Add a cell far away: the rows between take room too."""
    number = "".join(sign for sign in place if sign.isdigit())
    cell = f'<row r="{number}"><c r="{place}"><v>1</v></c></row></sheetData>'.encode()
    return _sheet(lambda data: data.replace(b"</sheetData>", cell))


def _bomb(_: Random, rows: Rows) -> bytes:
    return _sheet(lambda data: data.replace(b"</sheetData>", b" " * (60 << 20) + b"</sheetData>"))(_, rows)


def _bomb_that_lies(_: Random, rows: Rows) -> bytes:
    """A bomb that states that it is small, both before its data and in the list at the end."""
    data = _bomb(_, rows)
    size = len(_parts(data)["xl/worksheets/sheet2.xml"])
    told, small = struct.pack("<I", size), struct.pack("<I", 1000)
    return data.replace(told, small)


def _one_text_for_all(_: Random, rows: Rows) -> bytes:
    """One long text that every cell refers to, and that its reader holds once for each."""
    cells = "".join(f'<row r="{n}"><c r="A{n}" t="s"><v>0</v></c></row>' for n in range(10, 20_000)).encode()
    parts = _parts(workbook(_as_values(rows)))
    sheet, texts = "xl/worksheets/sheet2.xml", "xl/sharedStrings.xml"
    return pack(
        parts
        | {sheet: parts[sheet].replace(b"</sheetData>", cells + b"</sheetData>")}
        | {texts: parts[texts].replace(b"signaal_id", b"x" * 100_000)}
    )


def _many_parts(_: Random, rows: Rows) -> bytes:
    return pack(_parts(workbook(rows)) | {f"xl/media/{number}.txt": b"" for number in range(2_000)})


def _archive(parts: dict[str, bytes]) -> Callable[[Random, Rows], bytes]:
    return lambda *_: pack(parts)


_LAUGHS = b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'

WORKBOOKS: dict[str, Mutation] = {
    "good": Mutation(_plain, "accepted"),
    "all_text": Mutation(lambda _, rows: workbook(rows), "accepted"),
    "not_at_the_top": Mutation(lambda _, rows: workbook(_as_values(rows), 3, 2), "accepted"),
    "formula_as_text": Mutation(lambda _, rows: workbook([*rows[:-1], ["=1+1", *rows[-1][1:]]]), "accepted"),
    "formula_without_answer": Mutation(_sheet(lambda data: data.replace(b"</sheetData>", b'<row r="9"><c r="A9"><f>1/0'
                                              b"</f></c></row></sheetData>"))),
    "nothing_in_it": Mutation(lambda *_: workbook([]), "columns_missing"),
    "header_only": Mutation(lambda _, rows: workbook(rows[:1]), "empty_drop"),
    "no_header": Mutation(lambda _, rows: workbook(_as_values(rows)[1:]), "columns_missing"),
    "column_twice": Mutation(lambda _, rows: workbook([[*row, row[0]] for row in rows]), "unreadable", line=True),
    "numbers_at_the_edge": Mutation(lambda _, rows: workbook([*rows[:-1], [1e308, -1e-300, *rows[-1][2:]]])),
    "dates_for_numbers": Mutation(lambda _, rows: workbook([*rows[:-1], [date(2022, 1, 1)] * len(rows[0])])),
    "cut_off": Mutation(lambda _, rows: _plain(_, rows)[:-400], "unreadable", says="afgebroken"),
    "first_half": Mutation(lambda _, rows: _plain(_, rows)[:2000], "unreadable", says="afgebroken"),
    "csv_by_name_a_workbook": Mutation(lambda _, rows: text(rows).encode(), "unreadable", says="CSV"),
    "empty_file": Mutation(lambda *_: b"", "unreadable"),
    "random_bytes": Mutation(lambda rng, _: rng.randbytes(5_000), "unreadable"),
    "locked_with_a_password": Mutation(lambda *_: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(2048), "unreadable",
                                       says="wachtwoord"),
    "zip_of_something_else": Mutation(_archive({"personen.csv": b"a;b\n"}), "unreadable", says="geen XLSX"),
    "open_document": Mutation(_archive({"content.xml": b"<x/>", "mimetype": b"x"}), "unreadable"),
    "parts_outside": Mutation(_archive({"../../xl/workbook.xml": b"<workbook/>"}), "unreadable"),
    "workbook_of_nothing": Mutation(_archive({"xl/workbook.xml": b"<workbook/>"})),
    "bomb": Mutation(_bomb, "unreadable", says="te groot"),
    "bomb_that_lies": Mutation(_bomb_that_lies),
    "one_text_a_million_times": Mutation(_one_text_for_all, "unreadable", says="te groot"),
    "many_parts": Mutation(_many_parts, "unreadable", says="onderdelen"),
    "last_cell_of_all": Mutation(_with_cell("XFD1048576"), "unreadable", says="te groot"),
    "last_row_of_all": Mutation(_with_cell("AZ1048576"), "unreadable", says="te groot"),
    "many_columns": Mutation(_with_cell("ZZ5"), "unreadable", says="kolommen"),
    "place_beyond_all": Mutation(_with_cell("A9999999")),
    "cells_without_place": Mutation(_sheet(lambda data: data.replace(b' r="B2"', b""))),
    "declared_entities": Mutation(_sheet(lambda data: data.replace(b"?>", b"?>" + _LAUGHS, 1))),
    "sheet_cut_off": Mutation(_sheet(lambda data: data[: len(data) // 2])),
    "sheet_of_junk": Mutation(_sheet(lambda _: b"\x01\x02 geen xml <<<>>>")),
    "sheet_in_utf16": Mutation(_sheet(lambda data: data.decode().encode("utf-16"))),
    "text_that_is_not_there": Mutation(_sheet(lambda data: data.replace(b"<v>0</v>", b"<v>99999</v>"))),
    "text_with_a_null": Mutation(_changed("xl/sharedStrings.xml", lambda data: data.replace(b"s1", b"s&#0;1"))),
    "styles_of_junk": Mutation(_changed("xl/styles.xml", lambda _: b"junk")),
    "relations_away": Mutation(_changed("xl/_rels/workbook.xml.rels", lambda _: b"<Relationships/>")),
}  # fmt: skip
