"""The work on one stretch: state, templates, languages, results; what all actions and the loop share."""
