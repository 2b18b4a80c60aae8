"""Driving the load with Locust, in processes of its own: actors, their share of the work, and the messages between."""
