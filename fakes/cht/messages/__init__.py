"""How CHT generates a message: template, recipient, SMS parts, phone number, and the state of its task."""
