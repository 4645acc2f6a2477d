"""The local link: how tray and command line reach the agent on the same computer.

``server`` answers, ``client`` asks, ``peer`` and ``account`` tell who is asking. ``sockets`` and
``listening`` are the way on Unix (``unix_address`` reaches sockets at any depth), ``pipe`` is
Windows' own.
"""
