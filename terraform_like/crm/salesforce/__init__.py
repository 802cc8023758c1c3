"""Salesforce: owners of accounts and their territories, over REST and the Bulk API 2.0."""
