"""What each role may do in the warehouse, written by hand, and trying whether it may."""

from __future__ import annotations

import psycopg
from psycopg import errors

# Of the accepted rows of each feed the transformer reads these columns...
_LINEAGE = {"drop_id", "line_no", "municipality_code", "signal_month", "creditor", "household_id", "erased"}
TRANSFORMER_READS = {
    "brp": _LINEAGE | {"wijk", "opschorting", "geheimhouding"},
    "ris_contacts": _LINEAGE | {"dossier_id", "datum", "dagdeel", "soort", "bereikt"},
    "ris_dossiers": _LINEAGE
    | {"dossier_id", "aangemaakt_op", "matchmaand", "loopmaand", "ingetrokken_op", "resultaat", "afgesloten_op"}
    | {"flyer_op", "contact_na_flyer", "samenstelling", "oorzaken", "overige_problematiek", "totaal_bedrag"},
    "ris_help": _LINEAGE | {"dossier_id", "organisatie", "soort", "gestart_op", "afgerond_op", "afspraak_nagekomen"},
    "ris_signals": _LINEAGE | {"dossier_id", "crediteur", "bedrag"},
    "ris_walking_list": _LINEAGE
    | {"rang", "rol", "zaaknummer", "wijk", "crediteuren", "achterstand", "criterium", "heropaf"}
    | {
        "kanaal",
        "uiterlijk",
        "maanden_achterstand",
        "vervangen_door",
        "resultaat",
        "flyer_op",
        "contact_na_flyer",
        "afgesloten_op",
    }
    | {f"poging_{number}_{what}" for number in (1, 2) for what in ("datum", "dagdeel", "soort", "bereikt")},
    "shv": _LINEAGE | {"traject_id", "startdatum", "einddatum"},
    "signals": _LINEAGE
    | {"signaal_id", "bedrag", "ontstaansdatum", "signaaldatum", "crisissignaal", "warme_overdracht"},
    "withdrawals": _LINEAGE | {"signaal_id", "reden", "datum"},
}
# ... and not these: names, addresses, numbers of a person and ways to reach one.
DIRECT = {
    "brp": {"bsn", "voorletters", "voorvoegsel", "geslachtsnaam", "partnernaam", "naamgebruik", "geboortedatum"}
    | {"straatnaam", "huisnummer", "huisletter", "huisnummertoevoeging", "postcode", "woonplaats"},
    "ris_contacts": set(),
    "ris_dossiers": {"postcode", "huisnummer", "huisletter", "huisnummertoevoeging"},
    "ris_help": set(),
    "ris_signals": set(),
    "ris_walking_list": {"achternaam", "straatnaam", "huisnummer", "huisletter", "huisnummertoevoeging", "postcode"}
    | {"woonplaats", "telefoonnummer", "email", "eerder_contact", "let_op"},
    "shv": {"bsn", "postcode", "huisnummer", "huisletter", "huisnummertoevoeging"},
    "signals": {"klantnummer", "bsn", "voorletters", "voorvoegsel", "achternaam", "geboortedatum", "straatnaam"}
    | {"huisnummer", "huisletter", "huisnummertoevoeging", "postcode", "woonplaats", "telefoonnummer", "email"},
    "withdrawals": set(),
}
FEEDS = tuple(TRANSFORMER_READS)
CONFIG = ("agreements", "benchmarks", "code_lists", "column_aliases", "cost_items", "creditors", "dialects")
CONFIG += ("ddas_codes", "ddas_senders")
CONFIG += ("districts", "equated_days", "holiday", "labels", "municipalities", "periods", "policy")
CONFIG += ("policy_parameters", "policy_presets", "portals", "sectors", "signal_statuses", "feedback_codes")
MAY_ENTER = {
    "loader": {"config", "raw", "quality", "vault", "decision"},
    # The vault by its functions only: it may do nothing with a table there.
    "transformer": {
        "vault",
        "config",
        "raw",
        "quality",
        "staging",
        "core",
        "decision",
        "casework",
        "mart",
        "statistics",
    },
    "caseworker": {"casework", "vault"},
    "bi": {"mart", "bi_workspace"},
}
# r(ead), i(nsert), u(pdate), d(elete), t(runcate) a whole table; with a table that is not named, nothing.
MAY_DO = {
    "loader": {
        **{f"config.{table}": "rid" for table in CONFIG},
        "config.loaded": "rid",
        **{f"raw.{feed}": "rid" for feed in FEEDS},
        "raw.drop_ledger": "riud",
        "raw.month_received": "ri",
        "raw.file_seen": "riu",
        "raw.redelivery": "rid",
        **{f"quality.accepted_{feed}": "rid" for feed in FEEDS},
        "quality.finding": "rid",
        "quality.release": "ri",
        "quality.released": "r",
        "quality.held": "r",
        "quality.walked_case": "r",
        "quality.mail": "ri",
        "quality.erasure": "ri",
        "quality.erasure_open": "rid",
        "quality.erasure_awaited": "ri",
        "quality.list_read": "r",
        "quality.ddas_written": "riu",
        "vault.household": "ri",
        "decision.approval": "r",
        "decision.feedback": "r",
    },
    "transformer": {
        **{f"config.{table}": "r" for table in CONFIG},
        "raw.drop_ledger": "r",
        "raw.month_received": "r",
        "quality.finding": "r",
        "quality.replaced_signal": "r",
        "quality.walked_case": "r",
        "quality.walked_attempt": "r",
        **{f"quality.accepted_{feed}": "r" for feed in FEEDS if not DIRECT[feed]},
        "decision.approval": "ri",
        "decision.selection": "ri",
        "decision.derived": "ri",
        "decision.exchange": "ri",
        "decision.rejection": "ri",
        "decision.feedback": "ri",
        **{f"{room}.stand_in": "riudt" for room in ("staging", "core", "casework", "mart")},
    },
    "caseworker": {"casework.stand_in": "r"},
    "bi": {"mart.stand_in": "r"},
}


def allows(connection: psycopg.Connection, statement: str) -> bool:
    """Whether the statement is allowed to the role, whatever else comes of it; nothing of it is kept."""
    try:
        with connection.transaction(force_rollback=True):
            connection.execute(statement)
    except (errors.InsufficientPrivilege, errors.ObjectNotInPrerequisiteState, errors.WrongObjectType):
        # The last two: a view of several tables, which nobody can write to.
        return False
    except (errors.IntegrityError, errors.FeatureNotSupported):
        return True
    except psycopg.Error as error:
        # A list with names that was not opened: see test_opened.py.
        if error.sqlstate != "VS001":
            raise
        return True
    return True


def attempts(table: str, column: str) -> list[tuple[str, str]]:
    return [
        ("r", f"select * from {table} limit 0"),
        ("i", f"insert into {table} default values"),
        ("u", f'update {table} set "{column}" = null where false'),
        ("d", f"delete from {table} where false"),
        ("t", f"truncate {table}"),
    ]
