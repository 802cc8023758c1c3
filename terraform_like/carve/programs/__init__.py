"""The linear and mixed-integer programs that HiGHS solves through cvxpy, which only this room imports."""
