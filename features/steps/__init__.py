"""Steps, one module per topic. All use the world; no step calls another step."""
