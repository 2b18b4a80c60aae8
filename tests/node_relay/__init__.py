"""A relay in another language, judged as its authors would: by the command line."""
