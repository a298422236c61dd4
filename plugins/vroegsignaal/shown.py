"""What is shown on a terminal or in a log: nothing in it that a terminal or a reader of logs would take for its own."""

from __future__ import annotations


def printable(text: str, keep: str = "") -> str:
    r"""The text with each sign that is not printable written out (a line break as `\\n`), except those to keep.

    A name of a file, or a value of the configuration, may hold a line break that begins a line of its own, or a
    sequence that colours, hides or overwrites what stands on a terminal.
    """
    whole = text.encode("utf-8", "backslashreplace").decode()
    return "".join(sign if sign.isprintable() or sign in keep else ascii(sign)[1:-1] for sign in whole)
