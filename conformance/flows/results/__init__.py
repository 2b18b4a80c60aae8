"""What people and CI get of played conversations: terminal, JUnit, one HTML page, and files with new expectations."""
