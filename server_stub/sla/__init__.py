"""Promised times: policies, calendars, clocks and the ledger that explains them."""
