"""The pages that staff work in: one file per page, one template each.

- ``access``    the one way in: who looks, whose rows they may see, in whose local time
- ``queue``     the unresolved tickets by next due, or what a search finds; ``filters`` narrow it
- ``ticket``    one ticket; ``clocks`` explains its clocks, ``timeline`` tells what happened,
  ``acts`` is what can be done to it, ``people`` who may be given it
- ``devices``   the devices by name
- ``device``    one device: facts, the state of all its checks (``heartbeat``), its tickets
- ``times``, ``readings``, ``facts``, ``shapes``   instants, numbers, system details and the words
  of the closed lists as people read them (pure)
"""
