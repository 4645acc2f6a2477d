"""What is watched on a device and when it matters: ``rules.yaml`` and its language.

- ``model``        rules, conditions, ticket texts and what belongs to them; plain values
- ``expression``   the language of ``when`` and ``clear``: a tree of comparisons
- ``parser``       text → expression, with ``tokens`` and ``comparisons``
- ``units``        sizes, durations, shares and temperatures as people write them
- ``borrow``       code that is needed once and not kept
- ``tree``         YAML text → nodes; the only user of YAML
- ``nodes``        texts, lists and mappings that know their places
- ``problems``     collecting what is wrong
- ``suggest``      did you mean …?
- ``members``      reading texts, words, durations and lists out of nodes
- ``sections``     nodes → rules and maintenance windows
- ``loader``       a file → all its rules, or all its problems
- ``rules_file``   the file that a running agent watches
- ``lint``         what is allowed but will annoy
- ``schema``       the JSON Schema that editors use

The package knows a check's declared metrics and nothing of how they are measured.
"""
