"""Incoming and outgoing texts: the part all gateways share, and CHT's own gateways to RapidPro and Africa's Talking."""
