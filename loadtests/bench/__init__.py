"""Benchmarks: figures, no verdicts. Compare only ratios within one run; machines differ."""
