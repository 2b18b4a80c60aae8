"""Sentinel, CHT's second process: transitions over every change, scheduled tasks that become due, the outbound
queue.
"""
