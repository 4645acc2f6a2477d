"""``doctor --record FOLDER``: what a real computer answers, redacted, to become a test case.

The raw answers are what our checks ask for; beside them stands what the checks made of these.
Names of the computer and of its users, serial numbers, SIDs, hardware and network addresses and
secrets are taken out; letters are replaced one by one, so that a text keeps its length.
"""

import json
import platform
import re
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

from agent.check_api import Check, Measured, TargetFilter, Unreadable
from agent.clock import Now
from agent.errors import AgentError, CheckError
from agent.host import raw_answers
from agent.protocol import VERSION
from agent.redact import redact

_SERIAL = re.compile(r'(?P<name>"serial_?\w*"\s*:\s*")(?P<value>[^"]+)(?=")', re.IGNORECASE)
_PRIVATE = (
    re.compile(r"\bS-1-5-21(?:-\d+){3,4}"),
    re.compile(r"\b(?:[0-9a-fA-F]{2}[:-]){5}[0-9a-fA-F]{2}\b"),
    re.compile(r"\b(?:25[0-5]|2[0-4]\d|1?\d?\d)(?:\.(?:25[0-5]|2[0-4]\d|1?\d?\d)){3}\b"),
    re.compile(r"\b[\w.+-]+@[\w-]+\.[\w.-]+\b"),
    re.compile(
        r'(?:"wwn"|"logical_unit_id"|"nvme_ieee_oui_identifier")\s*:\s*(?:\{[^}]*\}|[^,\n]*)'
    ),
)


def record(folder: Path, checks: Mapping[str, Check], now: Now) -> Iterator[str]:
    """Write the recording into ``folder``, which must be empty or not there; yield what was kept.

    Raises AgentError when it cannot be written.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if any(folder.iterdir()):
            raise AgentError(f"{folder} is not empty; give a folder of its own")
        yield from _written(folder, checks, now)
    except OSError as error:
        raise AgentError(f"{folder} cannot be written: {error.strerror}") from error


def _written(folder: Path, checks: Mapping[str, Check], now: Now) -> Iterator[str]:
    names = raw_answers.private()
    about = {
        "recorded_at": now.label(),
        "agent_version": VERSION,
        "system": f"{platform.system()} {platform.release()} {platform.version()}",
        "processor": platform.machine(),
    }
    answers: dict[str, dict[str, str]] = {}
    for name, answer in raw_answers.read():
        if isinstance(answer, CheckError):
            answers[name] = {"error": f"{type(answer).__name__}: {answer.reason}"}
        else:
            answers[name] = {"text": hidden(answer, names)}
    _write(folder / "about.json", _hidden_tree(about, names))
    _write(folder / "answers.json", answers)
    yield f"answers.json: {len(answers)} answers of the system"
    told = {name: _told(check) for name, check in checks.items() if not check.needs_targets}
    _write(folder / "checks.json", _hidden_tree(told, names))
    yield f"checks.json: what {len(told)} checks make of them"


def hidden(text: str, names: Collection[str]) -> str:
    """Return a text without secrets, serial numbers, addresses, SIDs and these names."""
    text = _SERIAL.sub(lambda found: found["name"] + _crossed(found["value"]), redact(text))
    for pattern in _PRIVATE:
        text = pattern.sub(lambda found: _crossed(found[0]), text)
    for name in sorted(names, key=len, reverse=True):
        pattern = re.compile(rf"(?<!\w){re.escape(name)}(?!\w)", re.IGNORECASE)
        text = pattern.sub("x" * len(name), text)
    return text


def _crossed(text: str) -> str:
    return re.sub(r"[A-Za-z0-9]", "x", text)


def _told(check: Check) -> Any:  # noqa: ANN401 - a JSON tree
    """Return what a check tells, or why it tells nothing."""
    try:
        return [_tree(one) for one in check.look(TargetFilter())]
    except CheckError as error:
        return f"{type(error).__name__}: {error.reason}"
    except Exception as error:  # noqa: BLE001 - a mistake of ours is worth recording most of all
        return f"it failed: {type(error).__name__}: {error}"


def _tree(one: Measured | Unreadable) -> dict[str, Any]:
    if isinstance(one, Unreadable):
        return {"target": one.target, "unreadable": one.reason}
    return {"target": one.target, "values": dict(one.values)}


def _hidden_tree(tree: Any, names: Collection[str]) -> Any:  # noqa: ANN401 - a JSON tree
    if isinstance(tree, str):
        return hidden(tree, names)
    if isinstance(tree, dict):
        return {hidden(name, names): _hidden_tree(one, names) for name, one in tree.items()}
    return [_hidden_tree(one, names) for one in tree] if isinstance(tree, list) else tree


def _write(file: Path, tree: object) -> None:
    text = json.dumps(tree, indent=1, ensure_ascii=False, sort_keys=True)
    file.write_text(text + "\n", encoding="utf-8", errors="replace")
