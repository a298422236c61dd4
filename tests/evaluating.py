"""A small landing area with case registration, month by month, and the tables that an evaluation makes of it."""

from __future__ import annotations

from conftest import rows
from oracle.small_landing import DEC, FEB, JAN, MAR, A, B, Small, match_all, signal

from vroegsignaal import reading
from vroegsignaal.settings import Settings

CASE = (
    "dossier_id;aangemaakt_op;matchmaand;loopmaand;huisnummer;postcode;ingetrokken_op;resultaat;afgesloten_op;flyer_op;"
    "contact_na_flyer;samenstelling;oorzaken;overige_problematiek;totaal_bedrag"
)
CLAIM, ATTEMPT = "dossier_id;crediteur;bedrag", "dossier_id;datum;dagdeel;soort;bereikt"
HELP = "dossier_id;organisatie;soort;gestart_op;afgerond_op;afspraak_nagekomen"
SELF, REFERRED, BOTH = "klant wil het zelf oplossen", "verwezen vrijwillig", "verwezen combi"
NOBODY, INFORMED = "geen contact / onbekend", "informatie en advies gegeven"
EVALUATED = (
    "arrears_by_creditor", "arrears_by_outcome", "causes", "combinations", "composition_by_outcome",
    "contact_by_walking_month", "contact_rates", "cost_scenarios", "dim_creditor", "dim_district", "dim_label",
    "dim_month", "dim_municipality", "dim_outcome", "dim_reason", "dossiers_by_combination",
    "dossiers_by_month", "durations", "evaluation_periods", "fact_cases", "fact_contact", "fact_deliveries",
    "fact_district_cases", "fact_district_selection", "fact_findings", "fact_matches", "fact_selection",
    "fact_signals", "feedback_by_month", "flyers", "indicators", "other_problems", "outcomes",
    "plan_of_approach", "reach", "referred_and_refusing", "repeats", "selection_audit",
    "signals_by_creditor_source", "throughput", "working_agreement",
)  # fmt: skip


def case(number: int, house: int, month: str, created: str, **told: str) -> str:
    """A case about 1234QQ and a house number; what is not told is empty."""
    known = {"dossier_id": f"d{number}", "huisnummer": str(house), "postcode": "1234QQ"}
    values = {**dict.fromkeys(CASE.split(";"), ""), **known, "matchmaand": month, "aangemaakt_op": created, **told}
    return ";".join(values.values())


def register(small: Small, month: str, cases: list[str], municipality: str = A, **others: list[str]) -> None:
    """Write an export of the case registration: cases, and optionally claims, attempts and help."""
    files = {
        "claims": ("dossier_signalen", CLAIM),
        "attempts": ("contactpogingen", ATTEMPT),
        "help": ("hulptrajecten", HELP),
    }
    small.put(month, "ris/dossiers.csv", "\n".join([CASE, *cases]) + "\n", municipality)
    for name, lines in others.items():
        file, header = files[name]
        small.put(month, f"ris/{file}.csv", "\n".join([header, *lines]) + "\n", municipality)


def deliver_december(small: Small) -> None:
    """House 3 owes one of its creditors less than the threshold; of 9102 there is hardly more than a folder."""
    small.residents(DEC, "1", "2", "3", "4", "5")
    match_all(small, DEC, range(1, 4), low=3)
    small.residents(DEC, "1", municipality=B)


def deliver_january(small: Small) -> None:
    small.signals(JAN, "rood", signal(JAN, 1, "200"), signal(JAN, 4))
    small.signals(JAN, "wit", signal(JAN, 1), signal(JAN, 4))
    register(
        small,
        JAN,
        [
            case(
                1, 1, DEC, "2021-12-28", loopmaand=JAN, resultaat=REFERRED, afgesloten_op="2022-01-20",
                samenstelling="(Echt)paar", oorzaken="overlevingsschulden| aanpassingsschulden",
                overige_problematiek="fysieke problemen|ruzie met J. Proef", totaal_bedrag="160",
            ),
            case(2, 2, DEC, "2021-12-28", loopmaand=JAN, totaal_bedrag="170,50"),
            case(
                3, 3, DEC, "2021-12-28", loopmaand=JAN, resultaat=NOBODY, afgesloten_op="2022-01-30",
                flyer_op="2022-01-15", contact_na_flyer="n", totaal_bedrag="149",
            ),
            case(9, 9, DEC, "2021-12-28", ingetrokken_op="2022-01-03", totaal_bedrag="500"),
        ],
        claims=["d1;rood;100", "d1;blauw;60", "d2;rood;100", "d2;;70,50", "d3;rood;100", "d3;blauw;49", "d9;rood;500"],
        attempts=[
            "d1;2022-01-05;Avond;Huisbezoek;j",
            "d2;2022-01-05;Avond;Huisbezoek;j",
            "d3;2022-01-05;Avond;Huisbezoek;n",
            "d3;2022-01-12;Avond;Huisbezoek;n",
        ],
        help=["d1;Humanitas;vrijwillig;2022-01-20;;"],
    )  # fmt: skip


def deliver_february(small: Small) -> None:
    """The cases of December are told again, with what is new; those of January are not all as they should be."""
    register(
        small,
        FEB,
        [
            case(
                1, 1, DEC, "2021-12-28", loopmaand=JAN, resultaat=BOTH, afgesloten_op="2022-01-20", totaal_bedrag="160"
            ),
            case(
                2,
                2,
                DEC,
                "2021-12-28",
                loopmaand=JAN,
                resultaat=SELF,
                afgesloten_op="2022-02-10",
                totaal_bedrag="170,50",
            ),
            case(
                4,
                1,
                JAN,
                "2022-01-28",
                loopmaand=FEB,
                resultaat=INFORMED,
                afgesloten_op="2022-02-01",
                totaal_bedrag="300",
            ),
            case(5, 2, JAN, "2022-01-28", totaal_bedrag="170,50"),
            case(6, 4, JAN, "2022-01-28", loopmaand=FEB, resultaat="belde Proef", afgesloten_op="2022-01-20"),
            case(7, 4, JAN, "2022-01-29", totaal_bedrag="200"),
        ],
        claims=[
            "d4;rood;200",
            "d4;wit;100",
            "d4;geel;90",
            "d5;rood;100",
            "d6;rood;100",
            "d6;wit;",
            "d7;rood;100",
            "d7;wit;100",
        ],
        attempts=[
            "d1;2022-01-05;Avond;Huisbezoek;j",
            "d1;2022-01-25;Middag;Telefoon;j",
            "d3;2022-01-20;Middag;Telefoon;n",
            "d99;2022-01-05;Avond;Huisbezoek;n",
        ],
        help=["d1;Humanitas;vrijwillig;2022-01-20;2022-02-20;j", "d1;Kwadraad;professioneel;2022-02-01;;n"],
    )


def deliver_march(small: Small) -> None:
    """Nothing but case registration: one case of 9102, of a period of its own."""
    case_of_b = case(1, 1, DEC, "2021-12-28", loopmaand=JAN, resultaat=NOBODY, afgesloten_op="2022-01-07")
    register(small, MAR, [case_of_b], B, claims=["d1;rood;"])


def tables(here: Settings) -> dict[str, list[dict]]:
    """Every table of the evaluation, as BI reads it."""
    return {name: reading.rows(here, f"select * from mart.{name} as t order by t::text", "bi") for name in EVALUATED}


def findings(here: Settings) -> set[tuple]:
    return set(rows(here, "select dossier_id, finding from core.dossier_finding"))


def of(table: list[dict], *columns: str, **where: object) -> set[tuple]:
    """Some columns of the rows of 9101, or of those that are asked for."""
    where = {"municipality_code": A, **where}
    return {
        tuple(row[column] for column in columns)
        for row in table
        if all(row[column] == value for column, value in where.items())
    }
