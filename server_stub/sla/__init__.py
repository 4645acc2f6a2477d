"""Service levels: what a policy promises, and the account of every clock.

- ``calendar``   working time: add, between, segments
- ``terms``      a policy as plain values; ``policy`` reads it from YAML
- ``ledger``     each clock computed from a ticket's events, an ``account`` of each interval
- ``clocks``     stored rows in, stored rows out; ``first_due`` for new tickets
- ``check``      what is unwise in a policy, and worked examples of what it promises

All but ``models`` and two functions of ``clocks`` is pure and needs no Django.
"""
