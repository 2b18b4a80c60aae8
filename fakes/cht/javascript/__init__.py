"""JavaScript, as far as CHT's behaviour depends on it: values, dates, paths, templates, expressions in settings."""
