"""For tests of other people's relays: the fakes from Python. The public names are in `cht_rapidpro_harness`."""
