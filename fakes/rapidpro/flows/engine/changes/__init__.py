"""Changes of the contact by actions."""
