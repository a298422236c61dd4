"""Whether the rows that a statement brings together lie together: judged from its text, without many machines.

A warehouse on many machines spreads rows by municipality. A join, a group or a window that stays within a municipality
is worked out where its rows are; any other has to move them, or is refused. `judge` finds the others. It is told what
lies where by `catalog`, and what is so on purpose by `exceptions`.
"""
