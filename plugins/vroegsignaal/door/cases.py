"""What the case registration is laid beside: the cases on walking lists, and the other cases of an address.

Nothing of a later month is looked at, and of earlier months only what is in force.
"""

from __future__ import annotations

import psycopg

from vroegsignaal.months import Month


def lay_out_cases_known(connection: psycopg.Connection, month: Month, *, registered: bool) -> None:
    """Make `quality.door_case`: the number and the address of every case that was on a list up to the month.

    `case_registered`: whether the registration has a case of the same match that was known first and was not withdrawn.
    `registered`: whether there are files of cases this month; then their work table is there.
    """
    of_this_month = _REGISTERED_NOW if registered else ""
    connection.execute(_CASES_KNOWN.replace("{of_this_month}", of_this_month), {"month": month.first_day})
    connection.execute("analyze quality.door_case")


def lay_out_dossiers_again(connection: psycopg.Connection, month: Month, *, delivered: bool) -> None:
    """Make `quality.door_dossier_again`: the rows whose address has another case that is known already.

    One row for each such case, either of the same match (then the one that was known first is no such row), or of an
    earlier match within the cool-off and with the same total arrears. A case that was withdrawn is none. `match_month`
    is that of the row; of the other case there are `other_id` and `other_month`, and how many cases are known
    `of_other_month`. `delivered`: whether there are files of cases this month; without them the table is empty.
    """
    connection.execute(
        "create unlogged table quality.door_dossier_again (drop_id bigint, line_no bigint, match_month date,"
        " other_id text, other_month date, of_other_month bigint)"
    )
    if delivered:
        connection.execute(_DOSSIERS_AGAIN, {"month": month.first_day, "day": month.match_day})
        connection.execute("analyze quality.door_dossier_again")


# Every drop knows the cases of earlier months (those of walking lists too) and its own, whether or not its rows are
# held back; of each case the newest version.
_DOSSIERS_AGAIN = """
    insert into quality.door_dossier_again
    with door as (
        select
            drop_id, line_no, municipality_code, dossier_id, address_key, matchmaand, totaal_bedrag, ingetrokken_op
        from quality.door_ris_dossiers
        where dossier_id is not null
    ),
    version as (
        select drop_id as known_to, %(month)s::date as known_in, door.* from door
        union all
        select
            receiving.drop_id, kept.signal_month, kept.drop_id, kept.line_no, kept.municipality_code, kept.dossier_id,
            household.address_key, kept.matchmaand, kept.totaal_bedrag, kept.ingetrokken_op
        from (select distinct drop_id, municipality_code from door) as receiving
        inner join quality.accepted_ris_dossiers as kept using (municipality_code)
        inner join raw.drop_ledger as ledger on ledger.drop_id = kept.drop_id
        inner join vault.household as household using (household_id)
        where kept.signal_month < %(month)s and ledger.status = 'accepted'
        union all
        select
            receiving.drop_id, walked.signal_month, walked.drop_id, walked.line_no, walked.municipality_code,
            walked.zaaknummer, household.address_key, walked.matchmaand, walked.totaal_bedrag, null
        from (select distinct drop_id, municipality_code from door) as receiving
        inner join quality.walked_case as walked using (municipality_code)
        inner join vault.household as household using (household_id)
        where walked.signal_month < %(month)s
    ),
    numbered as (
        select *, row_number() over (partition by known_to order by known_in, drop_id, line_no) as place from version
    ),
    dossier as (
        select distinct on (known_to, dossier_id)
            *, min(place) over (partition by known_to, dossier_id) as first_place
        from numbered
        order by known_to, dossier_id, place desc
    ),
    standing as (
        select *, count(*) over (partition by known_to, matchmaand) as of_month
        from dossier
        where ingetrokken_op is null
    ),
    policy as (
        select municipality_code, max(value) as cool_off_months
        from config.policy_on(%(day)s)
        where parameter = 'cool_off_months'
        group by municipality_code
    )
    select one.drop_id, one.line_no, one.matchmaand, other.dossier_id, other.matchmaand, other.of_month
    from standing as one
    inner join policy using (municipality_code)
    inner join standing as other
        on other.known_to = one.known_to and other.address_key = one.address_key and other.dossier_id <> one.dossier_id
    where
        one.drop_id = one.known_to
        and (
            (other.matchmaand = one.matchmaand and other.first_place < one.first_place)
            or (
                other.matchmaand < one.matchmaand
                and other.matchmaand >= one.matchmaand - make_interval(months => policy.cool_off_months::integer)
                and other.totaal_bedrag is not distinct from one.totaal_bedrag
            )
        )
"""

_REGISTERED_NOW = """
        union all
        select
            now.municipality_code, now.dossier_id, now.matchmaand, now.address_key, now.ingetrokken_op,
            now.signal_month, now.drop_id, now.line_no
        from quality.door_ris_dossiers as now
        where now.dossier_id is not null
"""

# Of one folder the case registration is read first, as in the evaluation.
_CASES_KNOWN = """
    create unlogged table quality.door_case as
    with version as (
        select
            kept.municipality_code, kept.dossier_id, kept.matchmaand, household.address_key, kept.ingetrokken_op,
            kept.signal_month, kept.drop_id, kept.line_no
        from quality.accepted_ris_dossiers as kept
        inner join raw.drop_ledger as ledger using (drop_id)
        inner join vault.household as household using (household_id)
        where kept.signal_month < %(month)s and ledger.status = 'accepted'
        {of_this_month}
    ),
    registered as (
        select distinct on (municipality_code, dossier_id)
            *, min(signal_month) over (partition by municipality_code, dossier_id) as first_month
        from version
        order by municipality_code, dossier_id, signal_month desc, drop_id desc, line_no desc
    )
    select
        listed.municipality_code,
        listed.case_number as zaaknummer,
        true as case_known,
        household.address_key as case_address_key,
        exists (
            select 1
            from registered
            where
                registered.municipality_code = listed.municipality_code
                and registered.address_key = household.address_key
                and registered.matchmaand = decision.case_month(listed.municipality_code, listed.case_number)
                and registered.ingetrokken_op is null
                and not exists (
                    select 1
                    from quality.walked_case as walked
                    where
                        walked.municipality_code = listed.municipality_code
                        and walked.zaaknummer = listed.case_number
                        and walked.signal_month < least(registered.first_month, %(month)s)
                )
        ) as case_registered
    from decision.listed_cases(%(month)s) as listed
    left join vault.household as household using (household_id)
"""
