"""The report of the evaluation: on a screen, on paper, and for who does not see it."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import asdict
from datetime import date
from decimal import Decimal
from hashlib import sha256
from pathlib import Path

import pypdf
import pytest
import stepping
import yaml
from browser import opened
from conftest import platform
from evaluating import deliver_december, deliver_february, deliver_january, deliver_march
from oracle.small_landing import DEC, FEB, JAN, MAR, A, B, Small

from vroegsignaal import evaluation, settings
from vroegsignaal.errors import UsageError
from vroegsignaal.outbox import report
from vroegsignaal.outbox.report import charts, paper, told
from vroegsignaal.outbox.report.document import Cell, Heading
from vroegsignaal.outbox.report.document import Table as DocumentTable
from vroegsignaal.outbox.report.numbers import in_dutch
from vroegsignaal.outbox.report.tables import Column, pivoted, table

HOSTILE = '<b>Aa</b> #set page(fill: red) "&$'
"""A name that would be markup, if the page or the paper took it for that."""
EMPTY = "evaluatie-leeg----x-" + sha256(b"leeg/../x").hexdigest()[:6] + ".html"


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory, new_home: Callable[[], Path]) -> Iterator[Path]:
    """The folder with results: reports of the months, one of an earlier year, and of B with one case and with none."""
    small = Small(tmp_path_factory.mktemp("report"))
    municipalities = small.config / "municipalities.csv"
    quoted = HOSTILE.replace('"', '""')
    municipalities.write_text(municipalities.read_text().replace("9101,Aa", f'9101,"{quoted}"'))
    (small.config / "periods.csv").write_text(
        "municipality_code,period,period_start,period_end\n"
        f"{B},proef,2021-12-15,2022-01-14\n{B},leeg/../x,2020-01-01,2020-12-31\n"
    )
    deliver_december(small)
    deliver_january(small)
    deliver_february(small)
    deliver_march(small)
    with platform(new_home(), LANDING=str(small.landing), CONFIG=str(small.config)) as here:
        stepping.run_months(DEC, JAN, FEB)
        evaluation.evaluate(here)
        evaluation.evaluate(here, period="2021")
        evaluation.evaluate(here, period="leeg/../x")
        with pytest.raises(UsageError, match="no municipality has a period '1999'"):
            evaluation.evaluate(here, period="1999")
        yield here.out


def text_of(page: Path) -> str:
    """What the page says, without its markup."""
    with opened(page) as seen:
        return seen.page.inner_text("body")


def rows_of(page: Path, caption: str) -> list[list[str]]:
    """The cells of a table, with its totals."""
    with opened(page) as seen:
        found = seen.page.locator("table", has=seen.page.locator("caption", has_text=re.compile(caption)))
        return [row.locator("th, td").all_inner_texts() for row in found.locator("tbody tr, tfoot tr").all()]


def test_each_month_has_its_report_and_a_named_period_one_beside_it(written: Path) -> None:
    pages = {str(page.relative_to(written)) for page in written.glob("*/*/evaluatie*")}
    assert pages >= {f"{A}/{FEB}/evaluatie.html", f"{A}/{FEB}/evaluatie.pdf", f"{A}/{MAR}/evaluatie.html"}
    assert {f"{A}/{MAR}/evaluatie-2021.html", f"{A}/{MAR}/evaluatie-2021.pdf"} <= pages
    # No name of a period leads out of the folder.
    assert f"{B}/{MAR}/{EMPTY}" in pages
    assert "Periode 2022" in text_of(written / A / MAR / "evaluatie.html")
    assert "Periode 2021" in text_of(written / A / MAR / "evaluatie-2021.html")


def test_the_report_has_every_table_of_the_evaluation() -> None:
    declared = yaml.safe_load(Path(report.__file__).with_name("contents.yml").read_text())
    shown = {block["source"] for section in declared for block in section["blocks"] if "source" in block}
    models = yaml.safe_load((settings.ROOT / "dbt_project/models/mart/_mart.yml").read_text())["models"]
    # The periods themselves stand on the front.
    assert {model["name"] for model in models} - shown == {"evaluation_periods"}


def test_every_table_of_the_report_has_an_order_of_its_own() -> None:
    # A mart that is made anew may have its rows in another order, and the same facts would give another report.
    declared = yaml.safe_load(Path(report.__file__).with_name("contents.yml").read_text())
    blocks = [block for section in declared for block in section["blocks"] if "rows" in block]
    assert len(blocks) > 20
    assert [block["rows"] for block in blocks if "order by" not in block["rows"]] == []


def test_the_cells_are_those_of_the_marts_in_dutch(written: Path) -> None:
    page = written / A / MAR / "evaluatie-2021.html"
    # d1 referred, d2 solves it, d3 nobody; of each 33.3 %, and of three a percentage says little.
    assert rows_of(page, "Uitkomsten van de zaken") == [
        ["geen contact / onbekend", "1", "33,3*"],
        ["klant wil het zelf oplossen", "1", "33,3*"],
        ["verwezen combi", "1", "33,3*"],
        ["totaal", "3", ""],
    ]
    assert rows_of(page, "Contact per maand") == [
        ["januari\N{NO-BREAK SPACE}2022", "2", "1", "3", "66,7*"],
        ["totaal", "2", "1", "3", "66,7*"],
    ]
    # 160, 170.50 and 149.
    assert rows_of(page, "Totale achterstand")[-1] == ["totaal", "3", "€ 149", "€ 171", "€ 160"]


def test_names_are_text_and_never_markup(written: Path) -> None:
    page = written / A / MAR / "evaluatie.html"
    assert HOSTILE in text_of(page)
    paper = pypdf.PdfReader(page.with_suffix(".pdf"))
    assert HOSTILE in paper.metadata.title
    assert "#set page(fill: red)" in "".join(each.extract_text() for each in paper.pages)


def test_one_case_and_an_empty_period_are_said_plainly(written: Path) -> None:
    one = text_of(written / B / MAR / "evaluatie.html")
    assert "Er is één zaak: percentages van zo weinig zeggen weinig" in one
    assert "0,0%*" in one
    assert "0 van 1 zaken met een loopmaand" in one
    none = text_of(written / B / MAR / EMPTY)
    assert "Over deze periode zijn er geen zaken geregistreerd" in none
    assert "over deze periode is er niets" in none
    assert not re.search(r"\b(nan|none|null|inf)\b", one + none, re.IGNORECASE)


@pytest.mark.parametrize("width", [1280, 640, 320])
def test_the_page_asks_nothing_fails_nowhere_and_is_accessible(written: Path, width: int) -> None:
    # 640 is a usual window at 200 %, 320 at 400 %.
    page = written / A / MAR / "evaluatie.html"
    with opened(page, width) as seen:
        assert [url for url in seen.requests if not url.startswith("data:")] == [page.as_uri()]
        assert seen.errors == []
        assert seen.violations() == []
        assert not seen.is_wider_than_screen()


def test_a_table_is_sorted_by_the_head_of_a_column_and_its_totals_stay_below(written: Path) -> None:
    with opened(written / A / MAR / "evaluatie-2021.html") as seen:
        found = seen.page.locator("table", has=seen.page.locator("caption", has_text="Aangeleverde signalen"))
        heads = found.locator("thead button")
        order = lambda: found.locator("tbody th, tfoot th").all_inner_texts()  # noqa: E731
        heads.nth(1).press("Enter")
        assert order()[0] == "onbekend"
        assert found.locator("thead th").nth(1).get_attribute("aria-sort") == "ascending"
        heads.nth(1).click()
        assert order()[-2:] == ["onbekend", "totaal"]
        assert found.locator("thead th").nth(1).get_attribute("aria-sort") == "descending"
        heads.nth(0).click()
        assert order() == ["Blauw", "onbekend", "Rood", "totaal"]
        assert found.locator("[aria-sort]").count() == 1


def test_the_paper_is_pdf_for_everybody(written: Path) -> None:
    paper = pypdf.PdfReader(written / A / MAR / "evaluatie.pdf")
    root = paper.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"]
    assert root["/Lang"].startswith("nl")
    assert root["/ViewerPreferences"]["/DisplayDocTitle"]
    assert "<pdfuaid:part>1</pdfuaid:part>" in paper.xmp_metadata.stream.get_data().decode()
    elements = list(_elements(root["/StructTreeRoot"]))
    kinds = [element["/S"] for element in elements]
    assert {"/H1", "/Table", "/TH", "/TD", "/Figure", "/Caption"} <= set(kinds)
    pictures = [element for element in elements if element["/S"] == "/Figure" and "/Alt" in element]
    assert pictures
    assert all("Grafiek" in element["/Alt"] for element in pictures)
    for page in paper.pages:
        for font in page["/Resources"]["/Font"].values():
            (inner,) = font["/DescendantFonts"]
            assert {"/FontFile2", "/FontFile3"} & set(inner["/FontDescriptor"])


def _elements(node: dict) -> Iterator[dict]:
    children = node.get("/K", [])
    for child in children if isinstance(children, list) else [children]:
        inner = child.get_object() if hasattr(child, "get_object") else child
        if isinstance(inner, dict) and "/S" in inner:
            yield inner
            yield from _elements(inner)


def test_the_same_facts_give_the_same_files(written: Path) -> None:
    before = {path: path.read_bytes() for path in written.glob(f"*/{MAR}/evaluatie.*")}
    evaluation.evaluate(settings.load())
    assert before == {path: path.read_bytes() for path in before}


def test_values_in_dutch() -> None:
    assert in_dutch(8424, "count") == "8.424"
    assert in_dutch(Decimal("47.9"), "pct") == "47,9"
    assert in_dutch(Decimal("1738.50"), "eur") == "€ 1.739"
    assert in_dutch(Decimal("-735.94"), "eur_cents") == "€ -735,94"
    assert in_dutch(date(2018, 9, 1), "month") == "september\N{NO-BREAK SPACE}2018"
    assert in_dutch(None, "pct") == "\N{EN DASH}"
    assert in_dutch(Decimal("0.5"), "count") == "1"


def test_totals_are_of_the_rows_and_a_share_is_computed_anew() -> None:
    columns = [
        Column("name", "naam"),
        Column("part", "deel", "count"),
        Column("whole", "geheel", "count"),
        Column("pct", "%", "pct", of=("part", "whole")),
        Column("mean", "gemiddelde", "eur_cents", total="mean", by="whole"),
    ]
    rows = [
        {"name": "a", "part": 1, "whole": 2, "pct": Decimal("50.0"), "mean": Decimal("10.00")},
        {"name": "b", "part": 2, "whole": 8, "pct": Decimal("25.0"), "mean": Decimal("20.00")},
        {"name": "c", "part": 0, "whole": 0, "pct": None, "mean": None},
    ]
    made = table("kop", "bron", columns, rows, {}, with_total=True)
    assert [cell.text for cell in made.total] == ["totaal", "3", "10", "30,0", "€ 18,00"]
    assert [row[3].is_small for row in made.rows] == [True, False, False]
    assert made.rows[2][3].text == "\N{EN DASH}"


def test_a_delivery_that_is_missing_is_not_nothing() -> None:
    rows = [{"m": 1, "c": "x", "n": 0}, {"m": 1, "c": "y", "n": 3}, {"m": 2, "c": "y", "n": 4}]
    assert pivoted(rows, "m", "c", "n") == [
        {"m": 1, "x": 0, "y": 3, "totaal": 3},
        {"m": 2, "x": None, "y": 4, "totaal": 4},
    ]


def test_periods_never_share_a_file() -> None:
    names = ["2018/19", "2018-19", "Pilot", "pilot", "x" * 300, ".."]
    written = [report._as_file_name(name) for name in names]
    assert len(set(written)) == len(names)
    assert all(re.fullmatch(r"[a-z0-9-]{1,60}", name) for name in written)
    assert (written[1], written[3]) == ("2018-19", "pilot")


def test_a_definition_has_another_version_when_what_computes_it_changes(tmp_path: Path) -> None:
    for folder in ("models", "macros"):
        shutil.copytree(settings.ROOT / "dbt_project" / folder, tmp_path / "dbt_project" / folder)
    contact = {"term": "Contact", "definition": "wat het is", "models": ["dossier"]}

    def version(changed: str = "", to: str = "", lists: tuple[str, ...] = ("no_contact,a",)) -> str:
        if changed:
            model = tmp_path / "dbt_project" / changed
            model.write_text(model.read_text() + to)
        told._computation.cache_clear()
        return told.version_of(tmp_path, contact, list(lists))

    first = version()
    assert version("models/evaluation/dossier.sql", "\n-- why\n") == first
    # What it rests on, a macro, a code list, and what it is said to be.
    versions = [
        version("models/staging/stg_dossier.sql", "limit 1"),
        version("macros/labels.sql", "{% macro other() %}1{% endmacro %}"),
        version(lists=("no_contact,b",)),
    ]
    contact["definition"] = "iets anders"
    versions.append(version())
    assert len({first, *versions}) == 5
    # A model that it does not rest on.
    assert version("models/mart/flyers.sql", "limit 1") == versions[-1]


def test_every_term_names_models_that_are_there() -> None:
    declared = yaml.safe_load(Path(report.__file__).with_name("terms.yml").read_text())
    for model in {model for term in declared for model in term["models"]}:
        assert list((settings.ROOT / "dbt_project/models").glob(f"**/{model}.sql")), model


def test_a_chart_tells_in_words_what_it_shows_and_marks_what_is_of_few() -> None:
    rows = [
        {"name": "a", "one": Decimal("32.2"), "other": Decimal("22.4")},
        {"name": "b", "one": Decimal("3.4"), "other": Decimal("12.3")},
    ]
    beside = charts.Drawing("bars", "name", kind="pct", values=(("one", "geleverd"), ("other", "in zaken")))
    assert charts.draw("kop", beside, rows, {}).alt == (
        "Grafiek. Geleverd: het meest bij a, 32,2 procent; het minst bij b, 3,4 procent. In zaken: het meest bij a,"
        " 22,4 procent; het minst bij b, 12,3 procent. De tabel bij deze grafiek geeft alle cijfers."
    )
    few = [
        {"name": "a", "pct": 100, "n": 2, "low": 34, "high": 100},
        {"name": "b", "pct": 50, "n": 80, "low": 40, "high": 60},
    ]
    margins = charts.Drawing("margins", "name", "pct", kind="pct", n="n", low="low", high="high")
    drawn = charts.draw("kop", margins, few, {})
    assert drawn.alt.startswith("Grafiek. De waarden: b (n=80) 50,0 procent.")
    assert "a (n=2)*" in drawn.svg
    same = [{"name": "a", "n": 9}, {"name": "b", "n": 9}]
    assert "overal 9." in charts.draw("kop", charts.Drawing("columns", "name", "n"), same, {}).alt


def test_what_is_wider_than_a_page_goes_on_in_a_next_table() -> None:
    headings = [Heading(str(number), True) for number in range(30)]
    cells = [Cell(str(number)) for number in range(30)]
    parts = paper._parts(asdict(DocumentTable("kop", "bron", headings, [cells], cells)))
    assert [len(part["headings"]) for part in parts] == [12, 12, 8]
    assert [part["rows"][0][0]["text"] for part in parts] == ["0", "0", "0"]
    assert [cell["text"] for part in parts for cell in part["total"][1:]] == [str(number) for number in range(1, 30)]
    assert [part["caption"] for part in parts] == ["kop", "kop (vervolg)", "kop (vervolg)"]
