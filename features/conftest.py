"""Registers the steps and the conformance plugin."""

pytest_plugins = (
    "conformance.running.plugin",
    "features.steps.texts_in",
    "features.steps.texts_out",
    "features.steps.samples",
    "features.steps.states",
    "features.steps.faults",
    "features.steps.requests",
    "features.steps.crashes",
)
