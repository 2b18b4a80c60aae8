"""The services around a subject, in this process or as separate processes, and their clients."""
