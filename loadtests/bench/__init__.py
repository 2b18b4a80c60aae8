"""Benchmarks: printed figures, no assertions. Compare only ratios within one run; machines differ."""
