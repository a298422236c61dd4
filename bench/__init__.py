"""Measurements of speed and memory, for anyone to repeat: ratios in one run, never absolute promises."""
