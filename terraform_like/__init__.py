"""territory: terraform for sales territories."""

__version__ = "0.1.0"
