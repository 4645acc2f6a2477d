"""The commands of ``watchdesk-server``, one module per group; ``server_stub.cli`` parses them.

Each is a function of the parsed arguments. It prints what it did and raises a ServerError for
what it could not do. Django is set up before a module here is imported.
"""
