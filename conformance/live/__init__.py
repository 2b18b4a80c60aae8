"""A live CHT Core as the subject: looking at it before it is judged, and its world."""
