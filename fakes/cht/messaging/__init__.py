"""Messages in and out: what all gateways share, and CHT's own gateways to RapidPro and Africa's Talking."""
