"""Territories that are one connected area: where they border, and how they grow."""
