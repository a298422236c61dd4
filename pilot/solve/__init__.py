"""How the plan was made: constraint programming (OR-Tools) over the printed tables. Not needed to run the pilot.

`python -m pilot.solve` rewrites `plan/` in about twenty seconds. The stages follow each other, each keeping what the
one before decided: `structure` (tables 2.1 to 2.5), `outcomes` (2.7 and 2.8), `amounts` (2.6 and 2.9), `repeats`. Two
more need no solver, and start from the plan that is kept: `refusers`, and `casework` (tables 2.10 and 2.11, figure 2.4,
the text of section 2.4, and every day in between).
"""
