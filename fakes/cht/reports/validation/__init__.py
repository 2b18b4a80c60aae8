"""The rules by which settings say what may stand in a report (cht-core `shared-libs/validation`)."""
