"""The ways a person can write a report: a page in a browser, and a small window without one."""
