"""What a report reads from a run: how long texts waited, what was left of the quota, how long requests took."""
