"""The codes of the national exchange model (DDAS Vroegsignalering), and its versions that can be delivered."""

from __future__ import annotations

VERSIONS = ("1.2",)
"""In order: without a choice the last one is delivered."""

PARTNERS = (
    "Belastingdienst", "CAK Eigen bijdrage", "CAK Zorgverzekeringen", "Dienst Toeslagen", "DUO", "Energie", "Huur",
    "Hypotheek", "Overige", "Water", "Zorg",
)  # fmt: skip
"""EnumSignaalpartner: what a creditor is."""
CONTACT_KINDS = (
    "Administratief", "Afspraak op locatie", "Brief", "Huisbezoek", "Kaartje", "Mail", "Onbekend", "Overige",
    "SMS/Whatsapp", "Telefoon",
)  # fmt: skip
"""EnumContactsoort."""
PARTS_OF_DAY = ("Ochtend", "Middag", "Avond")
"""EnumDagdeel."""
_WITHOUT_HELP = (
    "Inwoner al bekend bij schuldhulpverlening", "Inwoner is overleden", "Niet opgepakt: andere reden",
    "Niet opgepakt: herhaalde melding", "Niet opgepakt: onterecht signaal",
    "Persoon is geen inwoner (meer) in de gemeente",
)  # fmt: skip
STATUSES = ("Nog niet opgepakt", "Opgepakt", *_WITHOUT_HELP)
"""EnumSignaalstatus."""
OUTCOMES = (
    "(Budget)advies en/of quick fix", "Definitief geen contact kunnen krijgen", "Geen reactie na eerder contact",
    "Inwoner heeft al een ander lopend traject", "Inwoner heeft zelf al betaald/betalingsregeling getroffen",
    "Inwoner regelt het zelf/hoeft geen hulp vanuit vroegsignalering", "Vervolghulp en/of verwijzing",
    "Vervolghulp en/of verwijzing financieel", "Vervolghulp en/of verwijzing niet financieel",
    "Verwijzing zonder tussenkomst inwoner", *_WITHOUT_HELP,
)  # fmt: skip
"""EnumEindresultaat."""

OF_LIST = {"sector": PARTNERS, "contact_kind": CONTACT_KINDS, "part_of_day": PARTS_OF_DAY}
"""The codes that each list of `ddas_codes.csv` leads to."""
FOR_ALL_OTHERS = "*"
"""In the place of a code: what the codes without a row of their own lead to."""
