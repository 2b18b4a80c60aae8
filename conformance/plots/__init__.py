"""Plots as SVG by matplotlib, for light and dark pages and for a screen reader. docs/planning.md says why matplotlib."""
