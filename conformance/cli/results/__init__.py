"""Commands about runs that are over: join their reports, replay what failed."""
