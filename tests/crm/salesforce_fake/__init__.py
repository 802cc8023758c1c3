"""A Salesforce on loopback: a real HTTP server with state, rules, limits and faults, written from the vendor's papers.

It is judged by clients that nobody here wrote (`tests/crm/test_salesforce_clients.py`, `make test-clients`), and has
never been compared with the live service.
"""
