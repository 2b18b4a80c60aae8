"""Plots as SVG by matplotlib, for light and dark paper and for a screen reader; docs/planning.md says why matplotlib."""
