"""The services around a subject, in this process or as processes, and the clients that drive them."""
