"""Service levels: what a policy promises, and the account of every clock.

- ``calendar``   working time: add, between, segments, ends of days
- ``terms``      a policy as plain values, with ``targets`` and ``procedure``; ``policy`` reads it
  from YAML, one ``…_section`` for each part of the file
- ``ledger``     each clock computed from a ticket's ``events`` by ``count``: an ``account`` of each
  interval (``spans``), told in ``sentences``; ``what_if`` supposes a change
- ``clocks``     stored rows in, stored rows out; ``story`` reads timelines; ``first_due`` for new
  tickets
- ``check``      worked examples of what a policy promises; ``contradictions`` and ``staffing``:
  what is unwise in it

All but ``models`` and two functions of ``clocks`` is pure and needs no Django.
"""
