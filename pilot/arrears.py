"""What an arrear of each creditor looks like: distributions to draw amounts from, in euros.

The RIS shows amounts of selected households (table 2.6); medians and spreads are set to resemble them. No source gives
the amounts of the others; they are drawn alike.
"""

import math
import random

# creditor -> (kind of distribution, centre in euros, spread): rent is a month or two, water and energy have a long tail
SHAPES = {
    "de_goede_woning": ("normal", 590, 190),
    "vestia": ("normal", 780, 240),
    "vidomes": ("normal", 680, 180),
    "menzis": ("lognormal", 260, 0.40),
    "zorg_en_zekerheid": ("lognormal", 400, 0.55),
    "dunea": ("lognormal", 1000, 0.95),
    "eneco": ("lognormal", 380, 0.65),
    "": ("lognormal", 380, 0.30),
}


def amount(creditor: str, rng: random.Random, low: float, high: float) -> float:
    """An amount in euros between `low` and `high`, drawn anew until it lies there."""
    kind, centre, spread = SHAPES[creditor]
    while True:
        drawn = rng.gauss(centre, spread) if kind == "normal" else centre * math.exp(rng.gauss(0, spread))
        if low < drawn < high:
            return drawn


SMALL_SHARE = 0.02
"""The share of signals under the agreed € 50, such as a rent increase that an automatic payment does not cover."""


def any_amount(creditor: str, rng: random.Random) -> float:
    """An amount in euros such as a creditor reports it: now and then a small one, never above € 9.500."""
    if rng.random() < SMALL_SHARE:
        return rng.uniform(2, 50)
    return amount(creditor, rng, 50, 9_500)
