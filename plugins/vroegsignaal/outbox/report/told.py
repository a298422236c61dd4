"""The parts of the report that are sentences: what the numbers come down to, how they came about, what words mean."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path

import yaml

from vroegsignaal import warehouse
from vroegsignaal.configuration.files import read
from vroegsignaal.configuration.tables import TABLES
from vroegsignaal.months import MATCH_DAY
from vroegsignaal.outbox.report.document import Block, KeyFigure, KeyFigures, Terms, Text
from vroegsignaal.outbox.report.facts import Facts, Row
from vroegsignaal.outbox.report.numbers import NOTHING, Value, in_dutch
from vroegsignaal.outbox.report.tables import TOO_FEW, Column, Words, table
from vroegsignaal.settings import Settings

SCHEMA = Path(warehouse.__file__).with_name("schema")
SIGNIFICANT = 0.05
"""Of a p below this we say that chance alone does not explain the difference."""
_EFFECT_SIZES = ((0.2, "verwaarloosbaar"), (0.5, "klein"), (0.8, "middelmatig"))
"""Below which |g| an effect is called so (Cohen); above all of them it is large."""


@dataclass(frozen=True)
class Making:
    """What a report is made from: the settings, the facts of its period, and what codes are called."""

    here: Settings
    facts: Facts
    words: Words


def summary(making: Making) -> Iterator[Block]:
    """The key figures, each with of how many, and what they come down to."""
    (found,) = making.facts.rows(_KEY_FIGURES)
    figures = [
        KeyFigure("signalen", _count(found["signals"]), f"{_count(found['creditors'])} crediteuren"),
        KeyFigure(
            "matches",
            _count(found["matches"]),
            f"{_count(found['same_month'])} in dezelfde maand, {_count(found['three_months'])} binnen drie maanden",
        ),
        KeyFigure("zaken", _count(found["dossiers"]), f"{_count(found['walked'])} met een loopmaand"),
        _share("contact", found["contact"], found["walked"], "zaken met een loopmaand", found["target_pct"]),
        _share("plan van aanpak", found["with_plan"], found["walked"], "zaken met een loopmaand"),
        _share("verwezen naar hulp", found["referred"], found["dossiers"], "zaken"),
        KeyFigure(
            "gemiddelde achterstand",
            in_dutch(found["mean_eur"], "eur"),
            f"{_many(found['with_total'], 'zaak', 'zaken')}, van {in_dutch(found['min_eur'], 'eur')} tot"
            f" {in_dutch(found['max_eur'], 'eur')}"
            if found["with_total"]
            else "geen zaken",
        ),
        _share("binnen de termijn gesloten", found["in_term"], found["ended"], "afgelopen zaken"),
    ]
    yield KeyFigures(figures)
    if making.facts.period.first_day.replace(day=1) > making.facts.period.as_of:
        yield Text("Deze periode moet nog beginnen.")
    elif not found["dossiers"]:
        yield Text("Over deze periode zijn er geen zaken geregistreerd: percentages over zaken zijn er daarom niet.")
    elif found["dossiers"] < TOO_FEW:
        few = "is één zaak" if found["dossiers"] == 1 else f"zijn {_count(found['dossiers'])} zaken"
        yield Text(f"Er {few}: percentages van zo weinig zeggen weinig, en zijn met een sterretje gemerkt.")
    if found["walked"]:
        yield Text(_contact_in_words(found))


def open_cases(making: Making) -> Iterator[Block]:
    """That some cases are not over yet, where that is so: they count as without contact or result so far."""
    (found,) = making.facts.rows(
        "select dossiers, dossiers - closed as open from mart.evaluation_periods where period = %(period)s"
    )
    if found["open"]:
        yield Text(
            f"Van de {_many(found['dossiers'], 'zaak', 'zaken')} van deze periode"
            f" {'is' if found['open'] == 1 else 'zijn'} er {_count(found['open'])} nog niet gesloten. Zolang een zaak"
            " geen uitkomst heeft, staat zij bij de uitkomsten als geen contact / onbekend, en heeft zij geen plan van"
            " aanpak."
        )


def _contact_in_words(found: Row) -> str:
    pct = 100 * found["contact"] / found["walked"]
    told = (
        f"Met {_count(found['contact'])} van de {_count(found['walked'])} huishoudens met een loopmaand was er contact:"
        f" {in_dutch(pct, 'pct')}%{'*' if found['walked'] < TOO_FEW else ''}"
    )
    if found["walked"] < TOO_FEW:
        told += ", van te weinig om er iets uit af te leiden"
    elif found["target_pct"] is not None:
        reached = "gehaald" if pct >= found["target_pct"] else "niet gehaald"
        told += f". Het streven van {in_dutch(found['target_pct'], 'number')}% is {reached}"
    return f"{told}. Over alle zaken is het een ander percentage; zie Welk percentage contact?"


def significance(making: Making) -> Iterator[Block]:
    """Whether the arrears of referred households differ from those of refusing ones, in words."""
    for found in making.facts.rows("select * from mart.referred_and_refusing where period = %(period)s"):
        if found["welch_p"] is None:
            yield Text(
                "Of de achterstand van verwezen huishoudens verschilt van die van huishoudens die niet geholpen willen"
                f" worden, is niet te toetsen: er zijn {_count(found['referred'])} en {_count(found['refusing'])} zaken"
                " met een bekend bedrag, en van beide zijn er ten minste twee nodig die onderling verschillen."
            )
        else:
            yield Text(_difference_in_words(found))


def _difference_in_words(found: Row) -> str:
    more = "meer" if found["difference_eur"] > 0 else "minder"
    means = "aantoonbaar" if found["welch_p"] < SIGNIFICANT else "niet aantoonbaar"
    ranks = "wel" if found["mann_whitney_p"] < SIGNIFICANT else "geen"
    size = next((name for below, name in _EFFECT_SIZES if abs(found["hedges_g"]) < below), "groot")
    few = " Door de kleine groepen zegt dit weinig." if found["is_small"] else ""
    return (
        f"Verwezen huishoudens (n={_count(found['referred'])}) hebben gemiddeld"
        f" {in_dutch(abs(found['difference_eur']), 'eur')} {more} achterstand dan huishoudens die niet geholpen willen"
        f" worden (n={_count(found['refusing'])}). Dat verschil is {means} (Welch: t = {_three(found['welch_t'])},"
        f" p = {_p(found['welch_p'])}); de omvang is {size} (Hedges' g = {_three(found['hedges_g'])}). Naar rangorde is"
        f" er {ranks} aantoonbaar verschil (Mann-Whitney: p = {_p(found['mann_whitney_p'])}). Aantoonbaar is hier een p"
        f" onder 0,05. Ook een aantoonbaar verschil is geen effect van de aanpak.{few}"
    )


def method(making: Making) -> Iterator[Block]:
    """How the numbers came about."""
    facts = making.facts
    (found,) = facts.rows(
        "select count(distinct signal_month) as months from mart.drops"
        " where signal_month between %(first)s and %(last)s"
    )
    yield Text(
        f"Dit verslag is gemaakt uit de leveringen en de zaakregistratie, met de kennis van"
        f" {in_dutch(facts.period.as_of, 'month')}: wat later is geleverd, telt niet mee. Over de periode"
        f" {'is' if found['months'] == 1 else 'zijn'} {_many(found['months'], 'maand', 'maanden')} ontvangen. Alle"
        " cijfers komen uit tabellen zonder persoonsgegevens; onder elke tabel staat uit welke. Een streepje betekent"
        " dat iets niet bekend is of niet te berekenen; een sterretje dat een percentage over minder dan"
        f" {TOO_FEW} gaat."
    )


def policy(making: Making) -> Iterator[Block]:
    """The policy that holds at the end of the period, and since when."""
    period = making.facts.period
    day = min(period.last_day, period.as_of.replace(day=MATCH_DAY))
    with warehouse.connect(making.here, "transformer") as connection:
        rows = warehouse.fetch(connection, _POLICY, {"code": making.facts.municipality_code, "day": day})
    columns = [
        Column("description", "wat het is"),
        Column("sectors", "sectoren"),
        Column("value", "waarde", "number"),
        Column("valid_from", "sinds", "date"),
    ]
    named = [dict(zip(("description", "sectors", "value", "valid_from"), row, strict=True)) for row in rows]
    yield table(
        "Het beleid aan het eind van de periode",
        "policy.csv",
        columns,
        named,
        making.words,
        note="Zonder datum: de gemeente heeft niets bepaald, en de standaard van het platform geldt.",
    )


def terms(making: Making) -> Iterator[Block]:
    """What words mean, with the version of what computes it."""
    lists = [
        ",".join(str(value) for column, value in row.items() if column != "place")
        for name in ("labels", "code_lists", "equated_days", "sectors")
        for row in read(making.here, TABLES[name])
    ]
    declared = yaml.safe_load(Path(__file__).with_name("terms.yml").read_text(encoding="utf-8"))
    yield Text(
        "Hieronder staat wat de woorden in dit verslag betekenen. De versie is afgeleid van de omschrijving en van wat"
        " het begrip berekent: verslagen met dezelfde versie gebruiken dezelfde definitie, ook van verschillende"
        " gemeenten. Een andere versie kan ook komen van een wijziging die voor het begrip niet uitmaakt."
    )
    yield Terms([(term["term"], term["definition"], version_of(making.here.root, term, lists)) for term in declared])


def version_of(root: Path, term: dict, lists: list[str]) -> str:
    """A short fingerprint of what computes a term: its models, all they rest on, the functions, and the code lists.

    The same where the same definition was used. Another one may also come from a change that does not matter to it.
    """
    text = [term["term"], term["definition"], *_computation(root, tuple(sorted(term["models"]))), *lists]
    return sha256("\n".join(text).encode()).hexdigest()[:7]


@cache
def _computation(root: Path, models: tuple[str, ...]) -> list[str]:
    """The SQL of models and of all they rest on, of the macros and of the functions, without comments and line ends."""
    paths = {path.stem: path for path in (root / "dbt_project" / "models").glob("**/*.sql")}
    taken, left = set(), list(models)
    while left:
        name = left.pop()
        # What is no model is a table of the configuration.
        if name in paths and name not in taken:
            taken.add(name)
            left += re.findall(r"ref\('(\w+)'\)", paths[name].read_text(encoding="utf-8"))
    files = [paths[name] for name in sorted(taken)]
    files += sorted((root / "dbt_project" / "macros").glob("*.sql")) + sorted(SCHEMA.glob("*.sql"))
    return [_plain(file.read_text(encoding="utf-8")) for file in files]


def _plain(text: str) -> str:
    return " ".join(re.sub(r"--[^\n]*|\{#.*?#\}", " ", text, flags=re.DOTALL).split())


def _share(label: str, part: Value, whole: Value, of: str, target: Value = None) -> KeyFigure:
    """A percentage with its part and whole; marked when it is of too few."""
    if not whole:
        return KeyFigure(label, NOTHING, f"geen {of}")
    mark = "*" if whole < TOO_FEW else ""
    aim = f"; streven {in_dutch(target, 'number')}%" if target is not None else ""
    return KeyFigure(
        label, f"{in_dutch(100 * part / whole, 'pct')}%{mark}", f"{_count(part)} van {_count(whole)} {of}{aim}"
    )


def _many(value: Value, one: str, more: str) -> str:
    return f"{_count(value)} {one if value == 1 else more}"


def _count(value: Value) -> str:
    return in_dutch(value or 0, "count")


def _three(value: Value) -> str:
    return in_dutch(value, "three_decimals")


def _p(value: Value) -> str:
    return "< 0,001" if value < SIGNIFICANT / 50 else _three(value)


_KEY_FIGURES = """
    with signal as (
        select coalesce(sum(signals), 0)::bigint as signals, count(distinct creditor) as creditors
        from mart.signals_by_month_creditor where signal_month between %(first)s and %(last)s
    ),
    match as (
        select
            sum(total)::bigint as matches, sum(same_month)::bigint as same_month,
            sum(three_months)::bigint as three_months
        from mart.matches_by_month where signal_month between %(first)s and %(last)s
    ),
    period as (select dossiers, walked from mart.evaluation_periods where period = %(period)s),
    agreed as (
        select
            max(met) filter (where agreement = 'contact') as contact,
            max(target_pct) filter (where agreement = 'contact') as target_pct,
            max(met) filter (where agreement = 'closed_in_term') as in_term,
            max(n) filter (where agreement = 'closed_in_term') as ended
        from mart.working_agreement where period = %(period)s
    ),
    plan as (
        select coalesce(sum(dossiers) filter (where has_plan), 0)::bigint as with_plan
        from mart.plan_of_approach where period = %(period)s
    ),
    referral as (
        select max(numerator) as referred from mart.indicators
        where period = %(period)s and indicator = 'help_of_cases'
    ),
    arrears as (
        select
            coalesce(sum(n), 0)::bigint as with_total, min(min_eur) as min_eur, max(max_eur) as max_eur,
            sum(n * mean_eur) / nullif(sum(n), 0) as mean_eur
        from mart.arrears_by_outcome where period = %(period)s
    )
    select * from signal, match, period, agreed, plan, referral, arrears
"""
_POLICY = """
    with held as (
        select
            policy.parameter, policy.value, policy.valid_from,
            string_agg(sector.label, ', ' order by sector.position) as sectors
        from config.policy_on(%(day)s) as policy
        inner join config.sectors as sector using (sector)
        where policy.municipality_code = %(code)s
        group by policy.parameter, policy.value, policy.valid_from
    )
    select
        parameter.description,
        -- Only where the sectors differ.
        case when count(*) over (partition by held.parameter) > 1 then held.sectors end,
        held.value,
        held.valid_from
    from held
    inner join config.policy_parameters as parameter using (parameter)
    order by parameter.description, held.sectors
"""
