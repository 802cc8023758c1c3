"""HubSpot: accounts are companies, over REST by versions of a date or v3."""
