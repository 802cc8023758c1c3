"""People on territories over time: who owns, who holds what is vacant, from when to when and for what credit."""
