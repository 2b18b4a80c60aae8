"""The fakes in process: with few and with many rows in their stores, and with large requests."""
