"""The session: what people did, in order, with its times; recorded, saved without secrets, played again."""
