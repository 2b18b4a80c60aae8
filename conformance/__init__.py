"""What the suite, the load tests and the command line share: worlds, subjects, checks, requirements, reports."""
