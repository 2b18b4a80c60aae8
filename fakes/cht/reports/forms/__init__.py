"""Reading reports out of texts: which form a text is, and what it says (cht-core `api/src/services/report`)."""
