"""Reports from texts or JSON records. `forms` parses them, `validation` evaluates rules on them."""
