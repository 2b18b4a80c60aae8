"""What may keep the harness from working on this machine, and services from being checked: findings with remedies."""
