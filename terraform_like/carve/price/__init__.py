"""Prices of loads, and the ways that are worth looking at by them."""
