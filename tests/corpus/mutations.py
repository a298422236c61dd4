"""Mutations: each makes a good delivery in the default dialect bad in one way."""

from __future__ import annotations

import codecs
import gzip
from collections.abc import Callable
from random import Random
from typing import NamedTuple

from .good import pack, text

Rows = list[list[str]]


class Mutation(NamedTuple):
    """How to spoil the rows of a good delivery, and what has to become of the file."""

    make: Callable[[Random, Rows], bytes]
    expect: str = ""
    line: bool = False
    says: str = ""


def _bytes(rows: Rows, delimiter: str = ";") -> bytes:
    return text(rows, delimiter).encode()


def _with_value(value: str, column: int = 0, row: int = 2) -> Callable[[Random, Rows], bytes]:
    """Put a value in a field of a row."""

    def make(_: Random, rows: Rows) -> bytes:
        rows[row][column] = value
        return _bytes(rows)

    return make


def _everywhere(value: str) -> Callable[[Random, Rows], bytes]:
    """Put a value in every field of a row."""

    def make(_: Random, rows: Rows) -> bytes:
        rows[2] = [value] * len(rows[2])
        return _bytes(rows)

    return make


def _encoded(encoding: str) -> Callable[[Random, Rows], bytes]:
    return lambda _, rows: text(rows).encode(encoding)


def _separated(delimiter: str) -> Callable[[Random, Rows], bytes]:
    return lambda _, rows: _bytes([[value.replace(",", ".") for value in row] for row in rows], delimiter)


def _line_ends(*ends: str) -> Callable[[Random, Rows], bytes]:
    def make(_: Random, rows: Rows) -> bytes:
        lines = text(rows).splitlines()
        return "".join(line + ends[number % len(ends)] for number, line in enumerate(lines)).encode()

    return make


def _header(change: Callable[[list[str]], list[str]]) -> Callable[[Random, Rows], bytes]:
    return lambda _, rows: _bytes([change(rows[0]), *rows[1:]])


def _without_first_column(_: Random, rows: Rows) -> bytes:
    return _bytes([row[1:] for row in rows])


def _doubled_column(_: Random, rows: Rows) -> bytes:
    return _bytes([[*row, row[0]] for row in rows])


def _cut(share: float) -> Callable[[Random, Rows], bytes]:
    """Cut the last record off."""

    def make(_: Random, rows: Rows) -> bytes:
        last = len(text(rows[-1:]))
        return text(rows)[: -int(last * share)].encode()

    return make


def _cut_within_quotes(_: Random, rows: Rows) -> bytes:
    rows[-1][1] = '"afgebroken'
    return text(rows).encode()


def _spliced(junk: bytes, at: int = 2) -> Callable[[Random, Rows], bytes]:
    """Put bytes at the beginning of a line."""

    def make(_: Random, rows: Rows) -> bytes:
        return _bytes(rows[:at]) + junk + _bytes(rows[at:])

    return make


def _zipped(_: Random, rows: Rows) -> bytes:
    return pack({"personen.csv": _bytes(rows)})


def _wide(columns: int) -> Callable[[Random, Rows], bytes]:
    def make(_: Random, rows: Rows) -> bytes:
        return _bytes([[*row, *(f"x{n}" for n in range(columns))] for row in rows])

    return make


def _noise(letters: str, size: int, column: int) -> Callable[[Random, Rows], bytes]:
    """A long text that does not compress."""

    def make(rng: Random, rows: Rows) -> bytes:
        rows[2][column] = "".join(rng.choices(letters, k=size))
        return _bytes(rows)

    return make


MUTATIONS: dict[str, Mutation] = {
    # encodings
    "utf16": Mutation(_encoded("utf-16"), "unreadable", says="UTF-16"),
    "utf16_without_mark": Mutation(_encoded("utf-16-le"), "unreadable", says="UTF-16"),
    "utf32": Mutation(_encoded("utf-32"), "unreadable"),
    "windows_1252": Mutation(_encoded("cp1252"), "unreadable", line=True, says="Windows-1252"),
    "byte_order_mark": Mutation(_encoded("utf-8-sig"), "accepted"),
    "two_byte_order_marks": Mutation(lambda _, rows: codecs.BOM_UTF8 * 2 + _bytes(rows), "columns_missing"),
    "byte_order_mark_in_the_middle": Mutation(_spliced(codecs.BOM_UTF8)),
    "half_a_character": Mutation(_spliced(b"\xc3"), "unreadable", line=True),
    "byte_of_no_character": Mutation(_spliced(b"\xff\xfe"), "unreadable", line=True),
    "null_byte": Mutation(_with_value("a\0b"), "unreadable", line=True, says="nulbyte"),
    # separators and quotes
    "commas": Mutation(_separated(","), "columns_missing", says="kommagescheiden"),
    "tabs": Mutation(_separated("\t"), "columns_missing", says="tabgescheiden"),
    "bars": Mutation(_separated("|"), "columns_missing", says="gescheiden door |"),
    "a_field_too_many": Mutation(_with_value("a;b"), "unreadable", line=True),
    "a_field_too_few": Mutation(lambda _, rows: _bytes([*rows[:2], rows[2][:-1], *rows[3:]]), "unreadable", line=True),
    "unclosed_quote": Mutation(_with_value('"open'), "unreadable", line=True, says="afgebroken"),
    "quote_within_a_field": Mutation(_with_value('a"b'), "accepted"),
    "quotes_that_end_too_early": Mutation(_with_value('"a"b'), "unreadable", line=True),
    "line_break_in_quotes": Mutation(_with_value('"a\nb"'), "accepted"),
    # cut off
    "cut_off_in_the_last_record": Mutation(_cut(0.7), "unreadable", line=True, says="afgebroken"),
    "cut_off_in_quotes": Mutation(_cut_within_quotes, "unreadable", line=True, says="afgebroken"),
    "cut_off_in_the_header": Mutation(lambda _, rows: _bytes(rows)[:12], "columns_missing"),
    "no_last_line_end": Mutation(lambda _, rows: _bytes(rows)[:-1], "accepted"),
    # headers
    "no_header": Mutation(lambda _, rows: _bytes(rows[1:]), "columns_missing"),
    "header_only": Mutation(lambda _, rows: _bytes(rows[:1])),
    "nothing": Mutation(lambda *_: b""),
    "only_blank_lines": Mutation(lambda *_: b"\n \n\r\n"),
    "required_column_away": Mutation(_without_first_column, "columns_missing"),
    "column_twice": Mutation(_doubled_column, "unreadable", line=True, says="meer dan eens"),
    "columns_swapped": Mutation(_header(lambda names: names[::-1])),
    "names_empty": Mutation(_header(lambda names: [""] * len(names)), "columns_missing"),
    "names_in_capitals": Mutation(_header(lambda names: [f" {name.upper()} " for name in names]), "accepted"),
    "name_over_two_lines": Mutation(lambda _, rows: _bytes([[*rows[0], '"ex\ntra"'], *([*r, ""] for r in rows[1:])])),
    "name_is_a_formula": Mutation(lambda _, rows: _bytes([[*rows[0], "=1+1"], *([*row, "x"] for row in rows[1:])])),
    "title_above": Mutation(lambda _, rows: b"Export van januari\n" + _bytes(rows), "unreadable", line=True),
    "two_hundred_columns": Mutation(_wide(150), "extra_columns"),
    "hundred_thousand_columns": Mutation(_wide(100_000), "unreadable", line=True, says="kolommen"),
    # lines
    "windows_line_ends": Mutation(_line_ends("\r\n"), "accepted"),
    "old_mac_line_ends": Mutation(_line_ends("\r"), "accepted"),
    "mixed_line_ends": Mutation(_line_ends("\n", "\r\n", "\r"), "accepted"),
    "blank_lines": Mutation(_line_ends("\n\n", "\n"), "accepted"),
    "row_of_nothing": Mutation(_everywhere(""), "value_missing"),
    "backslash_and_point": Mutation(_spliced(b"\\.\n"), "unreadable", line=True),
    # values
    "field_of_half_a_megabyte": Mutation(_with_value("x" * 500_000), "accepted"),
    "field_of_two_megabytes": Mutation(_with_value("x" * 2_000_000)),
    "line_without_end": Mutation(_with_value('"' + "x" * 5_000_000), "unreadable", line=True),
    "long_noise_in_every_place": Mutation(_noise("ABCDEFGHIJKLMNOP0123456789", 100_000, 3)),
    "formula": Mutation(_with_value('=HYPERLINK("http://kwaad.invalid")'.replace('"', "'")), "accepted"),
    "formula_everywhere": Mutation(_everywhere("=1+cmd|' /C calc'!A0")),
    "at_sign": Mutation(_everywhere("@SUM(1+1)")),
    "minus": Mutation(_everywhere("-2+3")),
    "control_characters": Mutation(_everywhere("a\x01\x1b[31m\x7f\x85b")),
    "line_separators": Mutation(_everywhere("a\u2028\x0b\x0cb")),
    "digits_of_another_script": Mutation(_everywhere("١٢٣٤")),
    "not_a_number": Mutation(_everywhere("NaN")),
    "infinity": Mutation(_everywhere("infinity")),
    "exponent": Mutation(_everywhere("1e999")),
    "long_number": Mutation(_everywhere("9" * 5_000)),
    "no_such_day": Mutation(_everywhere("30-02-2022")),
    "year_nought": Mutation(_everywhere("0000-01-01")),
    "far_future": Mutation(_everywhere("9999-12-31")),
    "end_of_copy": Mutation(_everywhere(r"\N")),
    "injection": Mutation(_everywhere("'); drop table raw.drop_ledger; --")),
    "placeholders": Mutation(_everywhere("%s {column} {0} %(x)s $1")),
    # no text at all
    "random_bytes": Mutation(lambda rng, _: rng.randbytes(20_000), "unreadable"),
    "zip": Mutation(_zipped, "unreadable", line=True, says="zip"),
    "gzip": Mutation(lambda _, rows: gzip.compress(_bytes(rows), mtime=0), "unreadable", line=True, says="gzip"),
    "pdf": Mutation(lambda *_: b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", "unreadable", says="PDF"),
    "old_workbook": Mutation(lambda *_: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(512), "unreadable", says="XLS"),
    "web_page": Mutation(lambda *_: b"<!DOCTYPE html>\n<html><body>Sessie verlopen</body></html>\n", "columns_missing"),
    "json": Mutation(lambda *_: b'[{"signaal_id": "s1"},\n {"signaal_id": "s2"}]\n'),
}
