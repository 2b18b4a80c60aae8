"""The results of conversations, for people and CI: terminal, JUnit, one HTML page, and files with new expectations."""
