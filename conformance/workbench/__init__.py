"""What `relay-harness up` runs: both fakes on sockets, a relay, time moved by hand, live checks, the session."""
