"""Courier: channel, queue, aggregators, delivery reports, and the phones behind them."""
