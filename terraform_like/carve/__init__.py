"""Carving: the accounts of a company into balanced territories, with a proof. The only room that knows cvxpy."""
