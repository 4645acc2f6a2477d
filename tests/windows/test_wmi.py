"""Windows' management instrumentation, as far as Wine has it."""

import json

from tests.support.windows import Windows

PROBE = r"""
import json
from agent.host import wmi
found = {"system": wmi.rows("root\\cimv2", "SELECT * FROM Win32_OperatingSystem",
                            ["Caption", "ProductType", "NoSuchProperty"])}
try:
    found["storage"] = wmi.rows(
        r"root\Microsoft\Windows\Storage", "SELECT * FROM MSFT_VirtualDisk", ["FriendlyName"])
except OSError as error:
    found["storage"] = f"{type(error).__name__}: {error.winerror & 0xFFFFFFFF:08x}"
from agent.check_api import TargetFilter
from agent.checks.raid import CHECK
found["arrays"] = [str(one) for one in CHECK.probe(TargetFilter())]
print(json.dumps(found))
"""


def test_objects_are_asked_for_their_properties(windows: Windows) -> None:
    found = json.loads(windows.run("-c", PROBE).splitlines()[-1])

    [system] = found["system"]
    assert "Windows" in system["Caption"]
    assert isinstance(system["ProductType"], int)
    assert "NoSuchProperty" not in system
    assert found["storage"] == [] or found["storage"].startswith("OSError"), "Wine lacks it"
    assert found["arrays"] == []
