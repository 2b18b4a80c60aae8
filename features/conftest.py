"""Brings the steps and the conformance plugin to the features."""

pytest_plugins = (
    "conformance.running.plugin",
    "features.steps.texts",
    "features.steps.replies",
    "features.steps.states",
    "features.steps.faults",
    "features.steps.crashes",
)
