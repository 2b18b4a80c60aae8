"""RapidPro's REST API v2: who may ask, how often, what is answered."""
