"""The pages that staff work in: one file per page.

- ``access``    who may see what: the signed-in technician's scope and zone
- ``queue``     the open tickets by next due
- ``ticket``    one ticket: clocks, readings, timeline, facts
- ``device``    one device: facts, the state of all its checks, its tickets
- ``times``, ``readings``, ``facts``   instants, numbers and system details in words (pure)
"""
