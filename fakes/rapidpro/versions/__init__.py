"""RapidPro's versions as data: which fields, words and limits each has. No handler asks for a version by name."""
