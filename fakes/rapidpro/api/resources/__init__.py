"""The endpoints, a module each: broadcasts, contacts, messages, flow starts, runs and so on."""
