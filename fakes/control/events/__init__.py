"""The stream of events for those who watch: exchanges of the ledger by number, and what else has changed."""
