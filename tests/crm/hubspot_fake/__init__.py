"""A HubSpot on loopback: a real HTTP server with state, rules, limits and faults.

It is judged by clients that nobody here wrote (`tests/crm/test_hubspot_clients.py`, `make test-clients`), and its
answers were held against HubSpot's OpenAPI files when it was written; it has never been compared with the live service.
What it does is graded where it is done:

- `vendor`: HubSpot's guides and reference pages say so.
- `specification`: HubSpot's OpenAPI files say so, from which its own clients are made.
- `seen`: others recorded it from the live service, in their fixtures, issues and notes.
- `guess`: nobody was found who says; a client should do well if it is otherwise.
"""
