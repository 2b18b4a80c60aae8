"""What the suite, the load tests and the command line share: world, subject, checks, requirements, reports."""
