"""Rules that compare a row with other rows: one Great Expectations class each.

A class gives the rows that break its rule as (drop_id, line_no), and nothing else of them.
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
