"""How `conform` judges: which scenarios, in how many worlds, until when, and what is shown meanwhile."""
