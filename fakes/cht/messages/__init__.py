"""How CHT writes a message: template, recipient, parts, phone number, and the state of its task."""
