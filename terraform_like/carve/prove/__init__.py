"""What an answer is worth: re-checked in plain NumPy, with a bound, and what no carve could do better."""
