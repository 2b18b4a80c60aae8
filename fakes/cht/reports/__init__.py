"""Reports: how a text or a JSON record becomes one. `forms` reads it, `validation` checks it."""
