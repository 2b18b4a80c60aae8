"""What expressions can use in a flow."""
