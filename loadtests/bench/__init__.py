"""Benchmarks: printed figures, never assertions. Ratios within one run count; machines differ."""
