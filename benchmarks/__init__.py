"""Benchmarks: synproof against SPIN (and TLC) on the same systems, in one run on one machine, told as ratios."""
