"""Starting and restarting the system's services: systemd, launchd, and on Windows the manager.

A service that an administrator disabled is refused: whoever did that meant it.
"""

import sys

from agent.errors import ActionError, RefusedActionError

__all__ = ["checked", "refusal", "restart", "runs", "start"]

DEADLINE_S = 120.0
"""A database may take long to come up; its service says so by still starting."""

if sys.platform == "win32":
    from agent.host.scm_control import refusal, restart, runs, start

elif sys.platform == "darwin":
    from agent.host import program

    def refusal(name: str) -> str:
        """Return why a service must be left alone; empty when it may be touched."""
        disabled = _launchctl("print-disabled", "system")
        off = (f'"{name}" => disabled', f'"{name}" => true')
        return "an administrator has disabled it" if any(one in disabled for one in off) else ""

    def runs(name: str) -> bool:
        """Tell whether a service runs just now."""
        return "state = running" in _launchctl("print", f"system/{name}")

    def start(name: str) -> None:
        """Start a service; raises ActionError."""
        _launchctl("kickstart", f"system/{name}")

    def restart(name: str) -> None:
        """Stop a service and start it; raises ActionError."""
        _launchctl("kickstart", "-k", f"system/{name}")

    def _launchctl(*arguments: str) -> str:
        ended = program.run(["/bin/launchctl", *arguments], DEADLINE_S)
        if ended.code:
            raise ActionError(f"launchctl ended with {ended.code}: {_said(ended.err)}")
        return ended.out.decode(errors="replace")

else:
    from agent.host import program, services, systemd

    def refusal(name: str) -> str:
        """Return why a service must be left alone; empty when it may be touched."""
        if not systemd.NAME.fullmatch(name):
            return "this cannot be a service's name"
        [unit] = systemd.show([systemd.full_name(name)])
        if unit.load == "not-found":
            return "there is no such service"
        if unit.file_state in {"masked", "masked-runtime", "disabled"}:
            return f"an administrator has disabled it ({unit.file_state})"
        return ""

    def runs(name: str) -> bool:
        """Tell whether a service runs just now."""
        [unit] = systemd.show([systemd.full_name(name)])
        return unit.service().state == "running"

    def start(name: str) -> None:
        """Start a service; raises ActionError."""
        _systemctl("start", name)

    def restart(name: str) -> None:
        """Stop a service and start it; raises ActionError."""
        _systemctl("restart", name)

    def _systemctl(verb: str, name: str) -> None:
        tool = program.find("systemctl")
        if tool is None:
            raise ActionError("systemctl is not there")
        unit = systemd.full_name(name)
        # After too many failures in a row systemd starts a unit no more until that is reset.
        program.run([str(tool), "--no-ask-password", "reset-failed", "--", unit], DEADLINE_S)
        try:
            ended = program.run([str(tool), "--no-ask-password", verb, "--", unit], DEADLINE_S)
        finally:
            services.touch()
        if ended.code:
            raise ActionError(f"systemctl {verb} ended with {ended.code}: {_said(ended.err)}")


def checked(name: str) -> None:
    """Raise RefusedActionError when a service must be left alone."""
    reason = refusal(name)
    if reason:
        raise RefusedActionError(f"{name} is left alone: {reason}")


def _said(err: bytes) -> str:
    return " ".join(err.decode(errors="replace").split())[:300] or "it said nothing"
