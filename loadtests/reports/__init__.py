"""Reports of a load run: one self-contained page with plots, and the same figures as JSON and CSV.

`LoadRun` -> `Timeline` and tables -> page, JSON, CSV: pure functions; only `files.py` writes.
"""
