"""Odoo 14 and later: accounts are contacts, over JSON-2 or JSON-RPC."""
