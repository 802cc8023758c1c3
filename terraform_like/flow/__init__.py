"""The use cases, a file each: they return a result and a report, and never print."""
