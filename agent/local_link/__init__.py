"""The local link: how tray and command line reach the agent on the same computer.

``server`` answers, ``client`` asks, ``peer`` tells who is asking, ``unix_address`` reaches sockets
at any depth. Windows will have a named pipe in place of the socket.
"""
