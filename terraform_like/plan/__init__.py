"""The plan: what would change, why, the figures before and after, the verdicts and the proof."""
