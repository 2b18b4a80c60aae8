"""The world of one scenario: services, subject, clock and people, and the words that scenarios use."""
