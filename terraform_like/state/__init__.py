"""What was last applied, by which plan, and the journal of every apply."""
