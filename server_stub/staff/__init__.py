"""The pages that staff work in: one file per page, one template each.

- ``access``    the one way in: who looks, whose rows they may see, in whose local time
- ``queue``     the unresolved tickets by next due; ``filters`` narrow it
- ``ticket``    one ticket; ``clocks`` explains its clocks, ``timeline`` tells what happened
- ``device``    one device: facts, the state of all its checks, its tickets
- ``times``, ``readings``, ``facts``, ``shapes``   instants, numbers, system details and the words
  of the closed lists as people read them (pure)
"""
