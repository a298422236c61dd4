"""Section 2.4: what came of the dossiers."""

import re

from pilot.derived.marts import (
    RANGE,
    TOTAL,
    Derived,
    Query,
    counted,
    month,
    percentages,
    ranges,
    read,
    share,
    value,
)

NO_CONTACT = "geen contact / onbekend"
COMPOSITIONS = ("single", "single_with_children", "couple", "couple_with_children", "total")


def outcomes(query: Query) -> Derived:
    """Table 2.7: dossiers per outcome."""
    named = [(row["outcome"], row) for row in read(query, "outcomes", ("outcome", "dossiers", "pct"))]
    return counted(named, ("dossiers",)) | percentages(named, "pct")


def by_walking_month(query: Query) -> Derived:
    """Table 2.8: contact per walking month; the percentage of the total row is ours to compute."""
    counts = ("contact", "no_contact", "total")
    rows = read(query, "contact_by_walking_month", ("walking_month", *counts, "pct_contact"), of_period=False)
    derived = counted([(month(row, "walking_month"), row) for row in rows], counts)
    derived |= {(month(row, "walking_month"), "pct_contact"): value(row, "pct_contact") for row in rows}
    if rows:
        derived[TOTAL, "pct_contact"] = share(derived[TOTAL, "contact"], derived[TOTAL, "total"])
    return derived


def plan_of_approach(query: Query) -> Derived:
    """Figure 2.3: households that were visited, with and without a plan of approach."""
    rows = read(query, "plan_of_approach", ("has_plan", "dossiers", "pct"))
    return {("wel" if row["has_plan"] else "geen", "pct"): value(row, "pct") for row in rows}


def arrears_by_outcome(query: Query) -> Derived:
    """Table 2.9: the dossiers' total arrears per outcome."""
    return ranges([(row["outcome"], row) for row in read(query, "arrears_by_outcome", ("outcome", *RANGE))])


def composition(query: Query) -> Derived:
    """Table 2.10: who households consist of, per outcome."""
    rows = read(query, "composition_by_outcome", ("outcome", *COMPOSITIONS))
    return counted([(row["outcome"], row) for row in rows], COMPOSITIONS)


def causes(query: Query) -> Derived:
    """Table 2.11: causes of the arrears."""
    return counted([(row["causes"], row) for row in read(query, "causes", ("causes", "dossiers"))], ("dossiers",))


def durations(query: Query) -> Derived:
    """Figure 2.4: how many days dossiers stayed open."""
    return {
        (row["bucket"], "pct"): value(row, "pct") for row in read(query, "durations", ("bucket", "dossiers", "pct"))
    }


def told_of_contacts(query: Query) -> Derived:
    """What the text of section 2.4 says: flyers, other problems, each cause by itself, and the share of contact."""
    derived: Derived = {}
    for row in read(query, "flyers", ("flyer_left", "contact_after_flyer")):
        derived["flyer achtergelaten", "dossiers"] = value(row, "flyer_left")
        derived["contact naar aanleiding van de flyer", "dossiers"] = value(row, "contact_after_flyer")
    for row in read(query, "other_problems", ("problem", "dossiers")):
        derived[row["problem"], "dossiers"] = value(row, "dossiers")
    for (together, column), count in causes(query).items():
        for cause in parts(together) if together != TOTAL else ():
            derived[cause, column] = derived.get((cause, column), 0) + count
    ended = outcomes(query)
    dossiers = ended.get((TOTAL, "dossiers"), 0)
    walked = by_walking_month(query).get((TOTAL, "total"), 0)
    spoken_to = dossiers - ended.get((NO_CONTACT, "dossiers"), 0)
    derived["contact", "pct_of_dossiers"] = share(spoken_to, dossiers)
    derived["contact", "pct_of_walked"] = share(spoken_to, walked)
    return derived


def parts(label: str) -> list[str]:
    """What a label joins: `a, b, en c`, `a, b en c` and `c en b, a` have the same parts, here in order."""
    return sorted(re.split(r",? en |, ", label))
