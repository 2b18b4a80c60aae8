"""Running a shape: in real time with Locust, or in virtual time; then waiting until all is done, and judging."""
