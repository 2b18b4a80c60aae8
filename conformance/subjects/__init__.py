"""What is judged: the reference relay in process or as a process, any other relay, CHT's own gateway."""
