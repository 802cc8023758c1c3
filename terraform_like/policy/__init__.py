"""The gate: rules on a plan, dated exceptions to them, and what they say."""
