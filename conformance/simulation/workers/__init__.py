"""Batches of seeds: what a worker runs, on any executor, and how they are handed out until all are answered."""
