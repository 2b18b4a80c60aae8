"""RapidPro's part of the control API: seed, rates, tokens, channel, webhook, phones, aggregators' calls to courier."""
