"""Runs on the Python for Windows: the service check against the service manager there.

Prints one JSON object: what was seen, by name. ``test_service`` says what it should be.
"""

import json
import subprocess
import sys
from typing import Any

from agent.check_api import Measured, TargetFilter
from agent.checks import service
from agent.host import scm
from tests.support.polling import until

if sys.platform == "win32":
    import ctypes
    import winreg

    from agent.host import scm_handles

    AUTOMATIC, DISABLED, SAME, CONFIGURE = 2, 4, 0xFFFFFFFF, 2
    KEY = r"SYSTEM\CurrentControlSet\Services\Spooler"

    def told(*include: str, **options: str) -> Any:
        """Return what the check tells, by target, with nothing remembered."""
        service._UNITS = scm.Units()
        wanted = {name: (word,) for name, word in options.items()}
        return {
            one.target: dict(one.values) if isinstance(one, Measured) else one.reason
            for one in service.CHECK.probe(TargetFilter(include, options=wanted))
        }

    def net(verb: str) -> None:
        """Have Windows' own program start or stop the print service.

        While the system starts its own services the manager is locked.
        """

        def done() -> bool:
            net = ["net", verb, "Spooler"]
            return not subprocess.run(net, capture_output=True, check=False, timeout=60).returncode

        until(lambda: told("PlugPlay")["PlugPlay"]["state"] == "running", what="the system's own")
        until(done, what=f"net {verb} Spooler")

    def starts(how: int) -> None:
        """Set how the print service starts, by the manager."""
        with scm_handles.service("Spooler", CONFIGURE) as spooler:
            assert scm_handles.advapi32.ChangeServiceConfigW(
                spooler, SAME, how, SAME, None, None, None, None, None, None, None
            ), ctypes.get_last_error()

    def main() -> None:
        """Look, and print what was seen."""
        seen: dict[str, Any] = {"manual": told("Spooler")}
        net("start")
        seen["running"] = told("spooler")
        net("stop")
        starts(AUTOMATIC)
        seen["stopped"] = told("Spooler", start="automatic")
        seen["count"] = told("Spoo*", count="stopped", start="automatic")
        seen["all"] = sorted(told())
        seen["whole computer"] = told(count="stopped")
        with winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, KEY, 0, winreg.KEY_WRITE) as key:
            winreg.SetValueEx(key, "DelayedAutostart", 0, winreg.REG_DWORD, 1)
            seen["delayed"] = told("Spooler")
            winreg.DeleteValue(key, "DelayedAutostart")
            winreg.CreateKey(key, "TriggerInfo").Close()
            seen["triggered"] = told("Spooler", skip="trigger-started")
            seen["all but triggered"] = sorted(told())
            winreg.DeleteKey(key, "TriggerInfo")
        starts(DISABLED)
        seen["disabled"] = told("Spooler")
        seen["disabled is no fault"] = told("Spooler", start="automatic", count="stopped")
        seen["others"] = told("no-such-service", "a/b")
        sys.stdout.write(json.dumps(seen))

    if __name__ == "__main__":
        main()
