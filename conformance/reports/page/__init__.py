"""The reports as one self-contained HTML page: a template, a style sheet, two scripts, and the data that they show."""
