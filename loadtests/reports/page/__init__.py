"""The page of a load run: template and style besides those of all reports, and its plots."""
