"""RapidPro's REST API v2: routes, and what they are made of.

`http` reads requests and shapes answers, `values` reads the fields of a body, `resources` holds one module per
endpoint, `openapi` describes it all. Nothing here sends a text: that is `mailroom`.
"""
