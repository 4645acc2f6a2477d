"""Whose programs are run on Windows, by the access lists that Wine makes of a file's mode."""

import json
from pathlib import Path

from tests.support.windows import Windows

ASKED = """
import json, sys
from pathlib import Path
from agent.host.writers import distrust
from agent.rules import rules_file
told = {" ".join(argv): distrust(argv) for argv in json.loads(sys.stdin.read())}
told["rules"] = rules_file.distrust(Path(r"C:\\checks\\rules.yaml"))
print(json.dumps(told))
"""
SHELL = r"C:\windows\system32\cmd.exe"


def made(path: Path, mode: int) -> None:
    path.parent.mkdir(exist_ok=True)
    path.touch()
    path.chmod(mode)


def test_a_program_or_script_that_others_may_write_is_not_run(windows: Windows) -> None:
    """Also where they may put a library beside it. Rules are judged likewise."""
    made(windows.path(r"C:\checks\good.exe"), 0o755)
    made(windows.path(r"C:\checks\bad.bat"), 0o757)
    made(windows.path(r"C:\checks\log.txt"), 0o646)
    made(windows.path(r"C:\checks\rules.yaml"), 0o646)
    made(windows.path(r"C:\open\good.exe"), 0o755)
    windows.path(r"C:\open").chmod(0o777)
    asked = [
        [r"C:\checks\good.exe", r"C:\checks\log.txt"],
        [SHELL, "/c", r"C:\checks\bad.bat"],
        [r"C:\open\good.exe"],
        [r"C:\gone\good.exe"],
    ]
    told = json.loads(windows.run("-c", ASKED, stdin=json.dumps(asked)))
    good, bad, beside, gone, rules = told.values()
    assert good is None
    assert bad == r"C:\checks\bad.bat: WD may change it"
    assert beside == r"C:\open: WD may change it"
    assert gone is None
    assert rules == r"C:\checks\rules.yaml: WD may change it"
