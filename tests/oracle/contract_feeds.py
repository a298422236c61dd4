"""The feeds of the contract: their names, the columns they must have, and what kind of value stands where."""

from __future__ import annotations

SIGNALS, WITHDRAWALS, BRP, SHV = "signals", "signals.intrekking", "brp", "shv"

# Case registration is one feed of four files. Each has its own columns and deliveries; in the tables all are `ris`.
RIS = "ris"
DOSSIERS, DOSSIER_SIGNALS, CONTACTS, TRAJECTS = RIS_FILES = (
    "ris.dossiers",
    "ris.dossier_signalen",
    "ris.contactpogingen",
    "ris.hulptrajecten",
)

REQUIRED = {
    SIGNALS: (
        "signaal_id",
        "klantnummer",
        "achternaam",
        "huisnummer",
        "postcode",
        "bedrag",
        "ontstaansdatum",
        "signaaldatum",
    ),
    WITHDRAWALS: ("signaal_id", "reden", "datum"),
    BRP: ("bsn", "geslachtsnaam", "huisnummer", "postcode", "wijk"),
    SHV: ("traject_id", "postcode", "huisnummer", "startdatum"),
    DOSSIERS: ("dossier_id", "aangemaakt_op", "matchmaand", "postcode", "huisnummer"),
    DOSSIER_SIGNALS: ("dossier_id",),
    CONTACTS: ("dossier_id", "datum", "bereikt"),
    TRAJECTS: ("dossier_id", "organisatie"),
}
DATES = {
    SIGNALS: ("geboortedatum", "ontstaansdatum", "signaaldatum"),
    WITHDRAWALS: ("datum",),
    BRP: ("geboortedatum",),
    SHV: ("startdatum", "einddatum"),
    DOSSIERS: ("aangemaakt_op", "ingetrokken_op", "afgesloten_op", "flyer_op"),
    DOSSIER_SIGNALS: (),
    CONTACTS: ("datum",),
    TRAJECTS: ("gestart_op", "afgerond_op"),
}
MONTHS = {DOSSIERS: ("matchmaand", "loopmaand")}
# Amounts that must be a number when present; on a signal's amount there are more rules.
AMOUNTS = {DOSSIERS: ("totaal_bedrag",), DOSSIER_SIGNALS: ("bedrag",)}
# Other columns of the same name (a postcode in a withdrawal, say) are unknown extra columns: no rule looks at them.
PLACED = (SIGNALS, BRP, SHV, DOSSIERS)
IDENTIFIED = (SIGNALS, BRP, SHV)


def table_name(feed: str) -> str:
    """Return what the tables call the feed that a file belongs to."""
    return RIS if feed in RIS_FILES else feed
