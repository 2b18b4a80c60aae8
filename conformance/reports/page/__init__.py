"""The reports as one self-contained HTML page: frame, template, style sheet, scripts, and the data that they show."""
