"""Plots as SVG by matplotlib (docs/planning.md says why), for light and dark paper and for a screen reader."""
