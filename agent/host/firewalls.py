"""Whether a firewall keeps strangers out, by the means of its system."""

import re
import sys
from pathlib import Path

from agent.errors import CheckDeniedError, CheckError, UnsupportedCheckError
from agent.host import program

STATES = ("on", "off")

_DEADLINE_S = 10.0
_LONGEST = 1_048_576  # computers with containers have long rule sets
_CHAIN = re.compile(r"^\tchain (?P<name>\S+) \{\n(?P<body>.*?)^\t\}", re.MULTILINE | re.DOTALL)
_HOOK = re.compile(r"hook input\b[^;]*;(?: policy (?P<policy>\w+);)?")
_ALWAYS = re.compile(r"(?:counter(?: packets \d+ bytes \d+)? )?(?:drop|reject\b.*)(?: comment .*)?")
_ON_THE_WAY = re.compile(r"(?:counter(?: packets \d+ bytes \d+)? )?(?:jump|goto) (?P<name>\S+)")
_DEEPEST = 8
_OUR_FAMILIES = re.compile(r"^table (?:inet|ip) ", re.MULTILINE)


def by_nft(ruleset: str) -> str:
    """Return whether what comes in is refused unless a rule lets it, by ``nft list ruleset``.

    That is so when a chain on the way in drops by policy, or refuses all that came to the
    end of it. A few addresses that are refused (fail2ban) are no firewall.
    """
    for table in _tables(ruleset):
        chains = {found["name"]: found["body"] for found in _CHAIN.finditer(table)}
        for body in chains.values():
            hook = _HOOK.search(body)
            if hook and (hook["policy"] == "drop" or _refuses(body, chains)):
                return "on"
    return "off"


def _tables(ruleset: str) -> list[str]:
    """Return the tables that judge what comes by IPv4."""
    starts = [found.start() for found in re.finditer(r"^table ", ruleset, re.MULTILINE)]
    ends = [*starts[1:], len(ruleset)][: len(starts)]
    tables = (ruleset[at:end] for at, end in zip(starts, ends, strict=True))
    return [table for table in tables if _OUR_FAMILIES.match(table)]


def _refuses(body: str, chains: dict[str, str], depth: int = 0) -> bool:
    """Tell whether a rule without a condition refuses, in a chain or one it leads to."""
    for rule in map(str.strip, body.splitlines()):
        if _ALWAYS.fullmatch(rule):
            return True
        way = _ON_THE_WAY.fullmatch(rule)
        if way and depth < _DEEPEST and _refuses(chains.get(way["name"], ""), chains, depth + 1):
            return True
    return False


def by_ufw(configured: str) -> str | None:
    """Return whether ufw is switched on, by its ``ufw.conf``; None when that does not tell."""
    found = re.search(r"^ENABLED=[\"']?(yes|no)\b", configured, re.MULTILINE | re.IGNORECASE)
    return {"yes": "on", "no": "off"}[found[1].lower()] if found else None


def by_socketfilterfw(said: str) -> str | None:
    """Return the state by what macOS' ``socketfilterfw --getglobalstate`` says; None: nothing."""
    found = re.search(r"\(State = (\d)\)", said)
    return ("off" if found[1] == "0" else "on") if found else None


if sys.platform == "win32":

    def read() -> str | None:
        """Return whether a firewall protects the computer; None: not told. Raises CheckError."""
        from agent.host import security_center  # noqa: PLC0415 - of this system alone

        return security_center.firewall()

elif sys.platform == "darwin":

    def read() -> str | None:
        """Return whether the firewall of macOS is on; None: not told. Raises CheckError."""
        asked = ["/usr/libexec/ApplicationFirewall/socketfilterfw", "--getglobalstate"]
        return by_socketfilterfw(program.run(asked, _DEADLINE_S).out.decode(errors="replace"))

else:

    def read() -> str | None:
        """Return whether a firewall keeps strangers out; None: not told. Raises CheckError."""
        nft = program.find("nft")
        if nft is not None:
            ended = program.run([str(nft), "list", "ruleset"], _DEADLINE_S, longest=_LONGEST)
            said = ended.err.decode(errors="replace").strip()
            if "Operation not permitted" in said or "Permission denied" in said:
                raise CheckDeniedError("the firewall may not be read: the agent lacks a right")
            if ended.code:
                raise CheckError(f"nft failed ({ended.code}): {said[:200]}")
            if by_nft(ended.out.decode(errors="replace")) == "on":
                return "on"
            if ended.cut:
                raise CheckError("the rule set of the firewall is too long to be read")
        try:
            told = by_ufw(Path("/etc/ufw/ufw.conf").read_text(encoding="utf-8", errors="replace"))
        except OSError:
            told = None
        if told is None and nft is None:
            raise UnsupportedCheckError("neither nft nor ufw tells of a firewall")
        return "off" if nft is not None and told is None else told
