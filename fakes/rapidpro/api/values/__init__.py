"""Values in requests and answers: URNs, names, times, languages, references to objects."""
