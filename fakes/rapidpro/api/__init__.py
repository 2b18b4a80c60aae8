"""RapidPro's REST API v2: its routes and their parts.

`http` reads requests and writes answers, `values` checks the fields of a body, `resources` holds the endpoints,
`openapi` describes them. Nothing here sends a text: `mailroom` does.
"""
