"""Which rows are a person's, and that they stay away: rows without an address or a number, of others, and of repeats."""

from __future__ import annotations

import stepping
from conftest import Delivery, rows
from oracle.small_landing import DEC
from test_erasing import MARKS, PERSON, SIGNALS, everything, files_with_marks, marks_in, of_canary, of_other

from vroegsignaal import erasing


def erase(here: erasing.Settings, person: erasing.Person = PERSON) -> erasing.Erasure:
    return erasing.erase(here, person, "A. de Vries", "verzoek 12")


def test_a_file_of_a_portal_is_not_read_again_whichever_of_its_creditors_named_who_was_erased(
    delivery: Delivery,
) -> None:
    small, here = delivery
    (small.config / "portals.csv").write_text("portal,creditor_column\nvps,crediteur\n")
    lines = (f"crediteur;{SIGNALS}", f"blauw;{of_other(DEC, 1)}", f"rood;{of_canary(DEC, 'rood')}")
    content = "\n".join(lines) + "\n"
    small.put(DEC, "signals/vps.csv", content)
    stepping.receive(DEC)
    assert marks_in(everything(here))
    erase(here)
    # Another creditor in the register is a reason to read a portal's file anew.
    with (small.config / "creditors.csv").open("a") as register:
        register.write("paars,Paars,energy,\n")
    small.put(DEC, "signals/vps.csv", content)
    stepping.receive(DEC)
    assert marks_in(everything(here)) == set()
    assert rows(here, "select creditor, rows_accepted from raw.drop_ledger order by creditor") == [
        ("blauw", 1), ("rood", 1),
    ]  # fmt: skip
