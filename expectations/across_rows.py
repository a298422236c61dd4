"""Rules that compare a row with other rows: one Great Expectations class each.

A class gives the rows that break its rule as (drop_id, line_no), and nothing else of them. Great Expectations names
{batch} only in a query without the word for joining tables.
"""

import great_expectations.expectations as gxe


class ExpectHouseholdToBeReportedOnce(gxe.UnexpectedRowsExpectation):
    """No earlier accepted row of the drop has the same address with another customer number.

    Whether an earlier row is accepted is known once the other rules have been tried, so this class reads their
    findings from the door's work table.
    """

    unexpected_rows_query: str = """
        with door as (select * from {batch})
        select later.drop_id, later.line_no
        from door as later
        where later.address_key is not null and later.klantnummer is not null
        and exists (
            select 1 from door as earlier
            where earlier.drop_id = later.drop_id and earlier.address_key = later.address_key
            and earlier.line_no < later.line_no and earlier.klantnummer <> later.klantnummer
            and not exists (
                select 1 from quality.door_finding as found
                where found.drop_id = earlier.drop_id and found.line_no = earlier.line_no and found.severity = 'warning'
                and not exists (
                    select 1 from quality.released as released
                    where released.drop_id = found.drop_id and released.line_no = found.line_no
                )
            )
        )
    """
    description: str = "A household is reported once per drop, or for more than one customer number."


class ExpectPersonToLiveAtOneAddress(gxe.UnexpectedRowsExpectation):
    """The rows of the drop with one citizen service number have one address."""

    unexpected_rows_query: str = """
        with door as (select * from {batch}),
        person as (select drop_id, line_no, bsn, address_key from door where bsn is not null),
        moved as (
            select drop_id, bsn from person group by drop_id, bsn having min(address_key) <> max(address_key)
        )
        select drop_id, line_no from person where (drop_id, bsn) in (select drop_id, bsn from moved)
    """
    description: str = "A person lives at one address."


class ExpectHouseholdToBeSpelledAlike(gxe.UnexpectedRowsExpectation):
    """No other row of the drop has the same customer or surname at the house number, with another letter or addition.

    House numbers with more than one address are few, so that only their rows are compared by name.
    """

    unexpected_rows_query: str = """
        with door as (select * from {batch}),
        home as (
            select drop_id, line_no, postcode, huisnummer, address_key, klantnummer, lower(achternaam) as surname
            from door
            where address_key is not null
        ),
        divided as (
            select drop_id, postcode, huisnummer from home
            group by drop_id, postcode, huisnummer having min(address_key) <> max(address_key)
        ),
        compared as (
            select
                drop_id, line_no,
                klantnummer is not null and min(address_key) over customer <> max(address_key) over customer
                or surname is not null and min(address_key) over namesake <> max(address_key) over namesake as alike
            from home
            where (drop_id, postcode, huisnummer) in (select drop_id, postcode, huisnummer from divided)
            window
                customer as (partition by drop_id, postcode, huisnummer, klantnummer),
                namesake as (partition by drop_id, postcode, huisnummer, surname)
        )
        select drop_id, line_no from compared where alike
    """
    description: str = "One household is spelled in one way."


class ExpectDossierToBeLoadedOnce(gxe.UnexpectedRowsExpectation):
    """No other case at the address, of an earlier match within the cool-off, has the same total arrears.

    What is known of other cases lies in a work table of the door: see `door/cases.py`.
    """

    unexpected_rows_query: str = """
        with door as (select * from {batch})
        select drop_id, line_no from door where (drop_id, line_no) in (
            select again.drop_id, again.line_no from quality.door_dossier_again as again
            where again.other_month < again.match_month
        )
    """
    description: str = "A case is loaded once."


class ExpectMatchToHaveOneDossier(gxe.UnexpectedRowsExpectation):
    """No other case of the same match was known before: see `door/cases.py`."""

    unexpected_rows_query: str = """
        with door as (select * from {batch})
        select drop_id, line_no from door where (drop_id, line_no) in (
            select again.drop_id, again.line_no from quality.door_dossier_again as again
            where again.other_month = again.match_month
        )
    """
    description: str = "A match has one case."
