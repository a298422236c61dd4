"""The pilot: the tables the evaluation printed, rows that could have produced them, and the comparison of the two.

`published/` holds the printed tables, `plan/` which households were reported by whom (made once by `solve/`),
`generate` writes the landing area from that plan alone, and `compare` lays what the warehouse derived beside the print.
"""
