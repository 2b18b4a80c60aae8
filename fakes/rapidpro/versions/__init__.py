"""RapidPro's versions as data: the fields, words and limits of each. No handler asks for a version by name."""
