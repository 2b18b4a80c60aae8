"""Steps, one module for each noun. All speak to the world; no step calls a step."""
