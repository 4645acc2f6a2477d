"""Windows' own echo requests, as Wine sends them."""

import json

from tests.support.windows import Windows

PROBE = """
import json
from agent.check_api import Measured, TargetFilter
from agent.checks.ping import CHECK
targets = TargetFilter(("127.0.0.1", "no-such-host.invalid", "240.0.0.1"))
found = {one.target: dict(one.values) if isinstance(one, Measured) else one.reason
         for one in CHECK.probe(targets)}
print(json.dumps(found))
"""


def test_who_answers_who_does_not_and_who_is_unknown(windows: Windows) -> None:
    found = json.loads(windows.run("-c", PROBE).splitlines()[-1])

    assert found["127.0.0.1"]["loss_percent"] == 0
    assert 0 <= found["127.0.0.1"]["answer_s"] < 1
    assert found["240.0.0.1"] == {"loss_percent": 100.0}
    assert found["no-such-host.invalid"] == "its name cannot be looked up"
