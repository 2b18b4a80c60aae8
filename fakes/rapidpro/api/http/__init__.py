"""Requests and answers of the API: tokens, quotas, bodies, pages, parameters, errors."""
