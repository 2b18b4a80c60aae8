"""The API's requests and answers: tokens, quotas, bodies, pages, parameters, errors."""
