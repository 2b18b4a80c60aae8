"""CHT's releases as data: what each does differently. No module asks for a release by name."""
