"""Other servers that do the same job or none: against them the fakes are measured in the same run."""
