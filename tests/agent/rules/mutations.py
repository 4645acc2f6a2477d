"""Files derived from the shipped rules by random damage, and what the loader makes of them.

As a program it loads them in a process of its own, so that its memory can be judged:
``python -m tests.agent.rules.mutations SEED FIRST COUNT FOLDER`` prints what it found as JSON.
"""

import json
import random
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from agent.checks import discover
from agent.errors import ConfigError
from agent.rules.loader import load
from agent.rules.schema import schema
from agent.settings import shipped_rules_file
from tests.agent.rules.draft7 import complaints

WORDS: Final = (
    *("name", "check", "when", "for", "clear", "targets", "include", "only", "kind", "ticket"),
    *("disk.space", "service", "free_percent", "free_bytes", "state", "stopped", "running"),
    *("and", "or", "not", "<", ">=", "==", "=", "(", ")", "10", "15%", "20 GiB", "24h", "17:30"),
    *("no", "off", "null", "~", "2024-01-01", "0x1F", "1e999", "9" * 400, "none", "watch"),
    *("&x", "*x", "!!str", "!", "<<", "---", "...", "%YAML 1.2", "{", "}", "[", "]", ",", ":"),
    *("- ", "? ", "# ", "|", ">-", "'", '"', "\t", "\\", '"\\x41"', '"\\UFFFFFFFF"', '"\\uD800"'),
    *("\0", "\x1b[31m", "\u2028", "\u200b", "\ufeff", "°C", "é", "\U0001f600", "\r", "\r\n"),
    *("[" * 50, "? " * 50, "{a: " * 50, "(" * 50, "not " * 50, "x" * 5_000),
)
BYTES: Final = (b"\xff", b"\xc3", b"\xed\xa0\x80", b"\xef\xbb\xbf", b"\x80", b"\xff\xfe\x00", b"\0")
Damage = Callable[[random.Random, str], str]

CHECKS: Final = discover()


def _insert_word(chance: random.Random, text: str) -> str:
    at = chance.randrange(len(text) + 1)
    return text[:at] + chance.choice(WORDS) + text[at:]


def _replace_word(chance: random.Random, text: str) -> str:
    words = text.split(" ")
    words[chance.randrange(len(words))] = chance.choice(WORDS)
    return " ".join(words)


def _remove_span(chance: random.Random, text: str) -> str:
    at = chance.randrange(len(text) + 1)
    return text[:at] + text[at + chance.choice((1, 1, 1, 2, 5, 40)) :]


def _swap_characters(chance: random.Random, text: str) -> str:
    at = chance.randrange(max(1, len(text) - 1))
    return text[:at] + text[at : at + 2][::-1] + text[at + 2 :]


def _change_case(chance: random.Random, text: str) -> str:
    at = chance.randrange(len(text) + 1)
    return text[:at] + text[at : at + 12].swapcase() + text[at + 12 :]


def _remove_line(chance: random.Random, text: str) -> str:
    lines = text.split("\n")
    del lines[chance.randrange(len(lines))]
    return "\n".join(lines)


def _repeat_line(chance: random.Random, text: str) -> str:
    lines = text.split("\n")
    lines.insert(chance.randrange(len(lines)), chance.choice(lines))
    return "\n".join(lines)


def _indent_line(chance: random.Random, text: str) -> str:
    lines = text.split("\n")
    at = chance.randrange(len(lines))
    lines[at] = chance.choice((" " + lines[at], lines[at][1:], "\t" + lines[at], "  " + lines[at]))
    return "\n".join(lines)


def _cut_short(chance: random.Random, text: str) -> str:
    return text[: chance.randrange(len(text) + 1)]


def _repeat_part(chance: random.Random, text: str) -> str:
    at = chance.randrange(len(text) + 1)
    return text + text[at : at + chance.choice((100, 3_000))]


DAMAGES: Final[tuple[Damage, ...]] = (
    _insert_word,
    _insert_word,
    _replace_word,
    _replace_word,
    _remove_span,
    _swap_characters,
    _change_case,
    _remove_line,
    _repeat_line,
    _indent_line,
    _cut_short,
    _repeat_part,
)


def mutated(seed: int, number: int) -> bytes:
    """Return the ``number``-th damaged file of a seed: one to four damages, sometimes of bytes."""
    chance = random.Random(f"{seed}:{number}")  # noqa: S311 - must be the same every time
    text = shipped_rules_file().read_text(encoding="utf-8")
    for _ in range(chance.choice((1, 1, 1, 2, 3, 4))):
        text = chance.choice(DAMAGES)(chance, text) or " "
    content = text.encode()
    if chance.random() < 0.05:
        at = chance.randrange(len(content) + 1)
        content = content[:at] + chance.choice(BYTES) + content[at:]
    return content


def fault(path: Path, editors_schema: dict[str, object]) -> str | None:
    """Return what is wrong with the loader's answer to a file, or None."""
    try:
        load(path, CHECKS)
    except ConfigError as error:
        if not error.problems:
            return "refused without a problem"
        for problem in error.problems:
            if problem.line < 1 or problem.column < 1 or not problem.message.strip():
                return f"a problem without a place or a message: {problem}"
            if not problem.message.isprintable() or len(problem.message) > 1_500:
                return f"a message that cannot be shown: {problem.message[:80]!r}"
        return "refused"
    except Exception as error:  # noqa: BLE001 - any other one is what is looked for
        return f"{type(error).__name__}: {error}"
    import yaml  # noqa: PLC0415 - only here, or the loader would find it in use

    against = complaints(editors_schema, yaml.safe_load(path.read_bytes()))
    return f"accepted, but an editor would complain: {against[0]}" if against else None


def main(seed: int, first: int, count: int, folder: Path) -> None:
    """Load ``count`` damaged files and print what came of it."""
    sys.modules["yaml._yaml"] = None  # type: ignore[assignment] # as the loader itself has it
    import yaml  # noqa: F401, PLC0415 - kept, or it would be imported anew for each file

    editors_schema = schema(CHECKS)
    path = folder / "mutated.yaml"
    faults: dict[int, str] = {}
    refused = 0
    slowest_s = 0.0
    for number in range(first, first + count):
        path.write_bytes(mutated(seed, number))
        began = time.process_time()
        found = fault(path, editors_schema)
        slowest_s = max(slowest_s, time.process_time() - began)
        if found == "refused":
            refused += 1
        elif found is not None:
            faults[number] = found
    print(  # noqa: T201 - read by the test
        json.dumps(
            {
                "faults": faults,
                "refused": refused,
                "slowest_ms": round(slowest_s * 1_000),
                "peak_mib": _peak_mib(),
            }
        )
    )


def _peak_mib() -> float:
    """Return the most memory this program ever held; getrusage would count its parent's too."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    (line,) = (line for line in status.splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) / 1_024


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4]))
