"""The clock in the control API: read it; in virtual time also run, pause, step."""
