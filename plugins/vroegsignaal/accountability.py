"""What is processed, as a municipality has to account for it: `docs/dpia.md` and `docs/processing-register.md`.

`make docs` writes them (`python -m vroegsignaal.accountability`), with the facts of contracts, roles and seeds; a test
sees to it that they are what those say. What only a municipality can tell is a blank: `<…>`.
"""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache

import yaml

from vroegsignaal import algorithm_register, approval, contract, months, settings
from vroegsignaal.configuration.files import read
from vroegsignaal.configuration.tables import TABLES
from vroegsignaal.erasing import PROOFS
from vroegsignaal.outbox import ddas, reminders, review_list, walking_list
from vroegsignaal.outbox.report import NAME as REPORT
from vroegsignaal.settings import ROOT, SECRET
from vroegsignaal.warehouse import ROLES, definition

DPIA, REGISTER = ROOT / "docs" / "dpia.md", ROOT / "docs" / "processing-register.md"
CLASSES = {
    "direct": "wijst een persoon aan",
    "remark": "door mensen getypt, kan dus iets over iemand zeggen",
    "pseudonym": "nummer dat alleen de afzender tot een persoon kan herleiden",
    "case": "zegt iets over iemands situatie, niet wie het is",
    "area": "zegt waar, voor veel mensen samen",
}
ROOMS = {
    "raw": "elke rij zoals ontvangen, en het register van leveringen",
    "quality": "bevindingen, vrijgaven, verzonden mails, en de aanvaarde waarden",
    "vault": "het register van huishoudens: adres en het nummer dat ervoor in de plaats komt",
    "config": "crediteuren, afspraken, beleid en codes; geen personen",
    "staging": "wat is ontvangen, met type en naam",
    "core": "wat is afgeleid: matches, voorstellen en zaken, zonder namen en adressen",
    "decision": "wat is vastgesteld, door wie en wanneer, en wat crediteuren is teruggekoppeld; onveranderlijk",
    "statistics": "functies, geen gegevens",
    "casework": "selectie, uitleg en verschillen per huishouden, zonder namen en adressen",
    "mart": "aantallen en sommen; geen personen",
    "bi_workspace": "eigen overzichten van wie cijfers maakt, op wat in `mart` staat",
}
ROLES_IN_WORDS = {
    "loader": "neemt bestanden in en beoordeelt ze (een proces, geen mens)",
    "transformer": "leidt af en stelt vast (een proces, geen mens)",
    "caseworker": "medewerkers die huishoudens benaderen",
    "bi": "wie cijfers en rapporten maakt",
}
FUNCTIONS_IN_WORDS = {
    "vault.walking_list": "wie op een vastgestelde looplijst staat: naam, adres, telefoonnummer en e-mailadres",
    "vault.customers": "wie er nagekeken moet worden: naam en adres zoals de crediteur ze opgaf",
    "vault.open_list": "",
    "vault.checked_customers": "of de BRP de klant van een signaal kent: ja of nee",
    "quality.replaced_signals": "welke regels tellen niet, omdat een andere regel van dezelfde klant in de plaats kwam",
    "vault.ddas_signals": "van wie de signalen voor het CBS zijn: BSN, of anders adres en geboortedatum",
    "vault.ddas_cases": "de zaken van die levering, met hun pogingen",
    "vault.ddas_facts": "of er over een eerdere maand iets anders te melden is: een vingerafdruk per maand",
    "vault.repeated_cases": "welke rijen over een zaak gaan die al gewist is",
    "vault.expiry": "van welk huishouden de bewaartermijn om is",
    "decision.is_approved": "of de selectie van een maand is vastgesteld",
    "decision.listed_cases": "de zaaknummers die op een looplijst stonden",
}
"""What the functions that are granted to a role give it of what it may not read itself; `open_list` gives nothing."""
GIVE_NOTHING = ("quality.erase_", "quality.mark_erased", "vault.erase_", "vault.move_residents", "quality.analyze_")
"""They erase, or have the planner look at a table."""
OUTPUTS = (
    (f"`{walking_list.FILE}`, `looplijst.csv`", "medewerkers die huishoudens benaderen", "namen, adressen, bedragen"),
    (f"`{review_list.FILE}`", "wie de selectie vaststelt", "namen en adressen van wie nagekeken moet worden"),
    ("`meldingen/<crediteur>.csv`", "de crediteur zelf", "zijn eigen nummers van signaal en klant, en de regel"),
    (
        "`terugkoppeling/<crediteur>.csv`",
        "de crediteur zelf",
        "zijn eigen nummers van signaal en klant, en de status voor zover `feedback_codes.csv` die laat zien",
    ),
    ("`bevindingen.csv`", "de gemeente", "bestand, regel en kolom; geen waarden"),
    (f"`mail/*.eml`, zoals `{reminders.FILE}`", "crediteur of gemeente", "aantallen en regels; bijlage als hierboven"),
    (
        f"`{ddas.FILE}`",
        "het CBS, door de gemeente aangeleverd",
        "burgerservicenummer, of zonder dat adres en geboortedatum; bedrag, status, pogingen en resultaat",
    ),
    ("`manifest.json`", "de gemeente", "aantallen, beleid, en wie vaststelde"),
    (f"`{REPORT}.html`, `{REPORT}.pdf`", "bestuur en beleid", "aantallen en sommen; kleine aantallen gemerkt"),
    ("`inzage.json`", "wie om inzage vraagt", "alles wat over het huishouden is bewaard; op verzoek gemaakt"),
    (f"`{PROOFS}/*.json`", "de gemeente", "bewijs van wissen: nummers van huishoudens en rijen, en wie wiste"),
    ("`vroegsignaal reads` (`quality.list_read`)", "wie toezicht houdt", "welke medewerker wanneer welke lijst las"),
)
"""Each file or log for people: its name, who it is for, and what of a person is in it."""


def register() -> str:
    """The page for the register of processing."""
    return algorithm_register.rendered("processing_register.md.j2", _facts())


def dpia() -> str:
    """The page with what goes into a data protection impact assessment."""
    return algorithm_register.rendered("dpia.md.j2", _facts())


@cache
def entrances() -> dict[str, set[str]]:
    """For each room of the warehouse the roles that may enter it, as the definition of the warehouse grants it."""
    text = definition()
    rooms: dict[str, set[str]] = {}
    for name, owner in re.findall(r"^create schema if not exists (\w+)(?: authorization (\w+))?;", text, re.MULTILINE):
        rooms.setdefault(name, set()).update({owner} - {""})
    for names, roles in re.findall(r"^grant usage(?:, create)? on schema ([\w, ]+) to ([\w, ]+);", text, re.MULTILINE):
        for name in names.split(", "):
            rooms[name] |= set(roles.split(", "))
    return rooms


@cache
def lent() -> dict[str, list[str]]:
    """For each role the functions and procedures that are granted to it, as the definition of the warehouse does."""
    granted: dict[str, list[str]] = {role: [] for role in ROLES}
    pattern = r"^grant execute on (?:function|procedure) ([\w.]+)\([^)]*\) to ([\w, ]+);"
    for name, roles in re.findall(pattern, definition(), re.MULTILINE):
        for role in roles.split(", "):
            granted[role].append(name)
    return granted


def _read_by(role: str) -> str:
    """In words, what a role reads: tables that people read, and what functions give it."""
    models = yaml.safe_load((ROOT / "dbt_project" / "dbt_project.yml").read_text())["models"]["vroegsignaal"]
    layers = [layer for layer in ("casework", "mart") if role in models[layer]["+grants"]["select"]]
    told = [f"de tabellen van `{layer}`" for layer in layers] or ["wat zijn stap nodig heeft"]
    given = {name: FUNCTIONS_IN_WORDS[name] for name in lent()[role] if not name.startswith(GIVE_NOTHING)}
    return "; ".join(told + [f"met `{name}` {words}" for name, words in sorted(given.items()) if words])


def _facts() -> dict:
    severities = [words.severity for words in contract.wordings().values()]
    return {
        "feeds": [
            {
                "title": feed.title,
                "file": feed.file.partition(",")[0].replace(" or ", " of "),
                "sender": "crediteur" if feed.of_creditor else "gemeente",
                "classes": {
                    CLASSES[privacy]: names
                    for privacy in CLASSES
                    if (names := [column.name for column in feed.columns if column.privacy == privacy])
                },
            }
            for feed in contract.feeds().values()
        ],
        "rooms": [
            {"name": name, "what": ROOMS[name], "roles": [role for role in ROLES if role in entrances()[name]]}
            for name in ROOMS
        ],
        "roles": [(role, who, _read_by(role)) for role, who in ROLES_IN_WORDS.items()],
        "outputs": OUTPUTS,
        "walking_list": walking_list.IN_WORKBOOK,
        "secrets": SECRET,
        "rules": len(severities),
        "holding": sum(severity != "info" for severity in severities),
        "working_days": approval.WORKING_DAYS,
        "match_day": months.MATCH_DAY,
        "terms": _terms(),
    }


def _terms() -> list[tuple[str, str]]:
    """How long what is kept without a policy of one's own: months, and of what."""
    here = settings.load()
    rows = read(replace(here, config=here.default_config), TABLES["policy_parameters"])
    return [
        (str(row["default_value"]), str(row["description"]))
        for row in rows
        if str(row["parameter"]).startswith("retain_")
    ]


def write() -> None:
    """Write both pages."""
    REGISTER.write_text(register(), encoding="utf-8")
    DPIA.write_text(dpia(), encoding="utf-8")


if __name__ == "__main__":
    write()
