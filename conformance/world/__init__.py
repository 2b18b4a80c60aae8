"""The world of one scenario: services, subject, clock and people, and the vocabulary of the scenarios."""
