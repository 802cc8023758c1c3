"""The report model: all that reports show of a plan, as values; renderers lay it out and reckon nothing."""
