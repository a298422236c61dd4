"""Charts: drawn by Altair and rendered to SVG with Dutch numbers, without a browser or a request to anybody."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from vroegsignaal.outbox.report.document import Chart
from vroegsignaal.outbox.report.facts import Row
from vroegsignaal.outbox.report.numbers import in_dutch
from vroegsignaal.outbox.report.tables import TOO_FEW, Words

WIDTH = 660
COLOURS = ["#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#5C5C5C", "#B8A500"]
"""Okabe and Ito's, which the colour-blind can tell apart."""
FONT = "Helvetica, Arial, Libertinus Serif, sans-serif"
"""A browser has one of the first; the last but one comes with the program that makes the PDF."""
_FORMATS = {"count": ",.0f", "pct": ",.0f", "eur": ",.0f"}


@dataclass(frozen=True)
class Drawing:
    """What a chart is drawn from: which column is the label, which the value, and how both read.

    `shape` is `columns` (over months), `bars` or `margins` (a point with a range `low` to `high`); `series` tells apart
    what is stacked, and `values` may name several columns with their labels instead.
    """

    shape: str
    label: str
    value: str = ""
    kind: str = "count"
    label_kind: str = "text"
    words: str = ""
    axis: str = ""
    series: str = ""
    series_words: str = ""
    values: tuple[tuple[str, str], ...] = ()
    low: str = ""
    high: str = ""
    n: str = ""
    """The column with of how many a value is: it stands in the label, and of fewer than five with a mark."""


def draw(caption: str, drawing: Drawing, rows: Sequence[Row], words: Words) -> Chart:
    """The chart of some rows; at least one."""
    points = _points(drawing, rows, words)
    return Chart(caption, _in_words(drawing, points), _SHAPES[drawing.shape](drawing, points))


def _points(drawing: Drawing, rows: Sequence[Row], words: Words) -> list[dict]:
    values = drawing.values or ((drawing.value, ""),)
    return [
        {
            "place": str(row[drawing.label]),
            "label": _label(row[drawing.label], drawing.label_kind, words.get(drawing.words, {})) + _of(row, drawing),
            "small": bool(drawing.n) and row[drawing.n] < TOO_FEW,
            "value": float(row[name] or 0),
            "text": in_dutch(row[name], drawing.kind),
            "series": label or _label(row.get(drawing.series), "text", words.get(drawing.series_words, {})),
            "low": float(row[drawing.low] or 0) if drawing.low else None,
            "high": float(row[drawing.high] or 0) if drawing.high else None,
        }
        for row in rows
        for name, label in values
    ]


def _label(value: object, kind: str, words: dict[str, str]) -> str:
    return words.get(str(value)) or in_dutch(value, kind)  # type: ignore[arg-type]


def _of(row: Row, drawing: Drawing) -> str:
    if not drawing.n:
        return ""
    return f" (n={in_dutch(row[drawing.n], 'count')}){'*' if row[drawing.n] < TOO_FEW else ''}"


def _in_words(drawing: Drawing, points: list[dict]) -> str:
    """What the chart shows, for who does not see it; the table with it has all the numbers."""
    # What is stacked is told as a whole; what stands side by side, one after the other.
    series = list(dict.fromkeys(point["series"] for point in points))
    stacked = drawing.shape == "columns"
    groups = [("", points)] if stacked else [(name, [p for p in points if p["series"] == name]) for name in series]
    told = " ".join(_extremes(drawing, name if len(series) > 1 else "", of) for name, of in groups)
    split = f" Onderverdeeld naar {', '.join(series)}." if stacked and len(series) > 1 else ""
    return f"Grafiek. {told}{split} De tabel bij deze grafiek geeft alle cijfers."


def _extremes(drawing: Drawing, name: str, points: list[dict]) -> str:
    totals: dict[str, float] = {}
    for point in points:
        if not point["small"]:
            totals[point["label"]] = totals.get(point["label"], 0) + point["value"]
    subject = name[:1].upper() + name[1:] if name else "De waarden"
    if not totals:
        return f"{subject}: alle zijn van minder dan vijf."
    unit = {"pct": " procent", "eur": ""}.get(drawing.kind, "")
    most, least = max(totals, key=totals.get), min(totals, key=totals.get)
    high, low = (f"{in_dutch(totals[label], drawing.kind)}{unit}" for label in (most, least))
    if totals[most] == totals[least]:
        return f"{subject}: {'overal' if len(totals) > 1 else most} {high}."
    return f"{subject}: het meest bij {most}, {high}; het minst bij {least}, {low}."


def _columns(drawing: Drawing, points: list[dict]) -> str:
    import altair as alt

    labels = list(dict.fromkeys(point["label"] for point in sorted(points, key=lambda point: point["place"])))
    bars = (
        _chart(points)
        .mark_bar(stroke="white", strokeWidth=0.5)
        .encode(
            x=alt.X("label:N", sort=labels, title=None, axis=alt.Axis(labelAngle=-40)),
            y=alt.Y("value:Q", title=drawing.axis, axis=alt.Axis(format=_FORMATS[drawing.kind], tickCount=5)),
            color=_colour(points),
            order=alt.Order("order:Q"),
        )
    )
    return _svg(bars.properties(width=WIDTH, height=240))


def _bars(drawing: Drawing, points: list[dict]) -> str:
    import altair as alt

    most = max(point["value"] for point in points)
    base = _chart(points).encode(
        y=alt.Y("label:N", sort=None, title=None, axis=alt.Axis(labelLimit=320)),
        x=alt.X(
            "value:Q",
            title=drawing.axis,
            axis=alt.Axis(format=_FORMATS[drawing.kind], tickCount=5),
            # Room for the number behind the longest bar.
            scale=alt.Scale(domainMax=most * 1.15 or 1, nice=False),
        ),
    )
    several = len({point["series"] for point in points}) > 1
    if several:
        base = base.encode(yOffset=alt.YOffset("series:N", sort=None), color=_colour(points))
    bars = base.mark_bar(color=COLOURS[0]) if not several else base.mark_bar()
    numbers = base.mark_text(align="left", dx=4, fontSize=13).encode(text="text:N", color=alt.value("#222"))
    step = alt.Step(17 if several else 26, **({"for": "offset"} if several else {}))
    return _svg((bars + numbers).properties(width=WIDTH - 220, height=step))


def _margins(drawing: Drawing, points: list[dict]) -> str:
    import altair as alt

    base = _chart(points).encode(y=alt.Y("label:N", sort=None, title=None, axis=alt.Axis(labelLimit=320)))
    x = alt.X("low:Q", title=drawing.axis, axis=alt.Axis(format=_FORMATS[drawing.kind], tickCount=5))
    ranges = base.mark_rule(strokeWidth=3, color=COLOURS[4]).encode(x=x.scale(domain=[0, 100]), x2="high:Q")
    marks = base.mark_point(filled=True, size=60, color=COLOURS[0], opacity=1).encode(x="value:Q")
    return _svg((ranges + marks).properties(width=WIDTH - 220, height=alt.Step(24)))


_SHAPES: dict[str, Callable[[Drawing, list[dict]], str]] = {"columns": _columns, "bars": _bars, "margins": _margins}


def _chart(points: list[dict]):  # noqa: ANN202 (Altair is imported where it is used)
    import altair as alt

    order = {series: place for place, series in enumerate(dict.fromkeys(point["series"] for point in points))}
    return alt.Chart(alt.Data(values=[{**point, "order": order[point["series"]]} for point in points]))


def _colour(points: list[dict]):  # noqa: ANN202
    import altair as alt

    series = list(dict.fromkeys(point["series"] for point in points))
    scale = alt.Scale(domain=series, range=COLOURS[: len(series)])
    legend = alt.Legend(orient="top", columns=4, labelLimit=200) if len(series) > 1 else None
    return alt.Color("series:N", scale=scale, title=None, legend=legend)


def _svg(chart) -> str:  # noqa: ANN001
    import vl_convert

    styled = (
        chart.configure(font=FONT, aria=False, background="white")
        .configure_view(stroke=None)
        .configure_axis(labelFontSize=13, titleFontSize=13, titleFontWeight="normal")
        .configure_legend(labelFontSize=13)
    )
    return vl_convert.vegalite_to_svg(styled.to_json(), format_locale="nl-NL", time_format_locale="nl-NL")
