"""Windows: the agent as a service, its folders for administrators alone, the tray for everybody."""

import sys

if sys.platform == "win32":
    import winreg
    from collections.abc import Iterator
    from contextlib import suppress
    from pathlib import Path

    from agent import settings
    from agent.errors import AgentError
    from agent.install import windows_files, windows_scm
    from agent.install.order import Order, keep, looked_at, with_authority_in
    from agent.install.state import purge
    from agent.install.windows_scm import NAME

    _AT_SIGN_IN = r"SOFTWARE\Microsoft\Windows\CurrentVersion\Run"
    _TRAY = "watchdesk-tray"

    def install(order: Order) -> Iterator[str]:
        """Make the service, or make it anew, and start it; yield what was done, a sentence each.

        Raises AgentError or ConfigError.
        """
        reason = windows_files.weak_spot(program_places())
        if reason:
            raise AgentError(
                f"this program cannot be the system's service: {reason}; put its folder into "
                r"C:\Program Files as an administrator"
            )
        order = looked_at(order)
        command = windows_scm.command_line(order.command("service"))
        windows_files.make_private(order.state)
        told = keep(with_authority_in(order, order.state))
        windows_scm.stop()
        for refused in windows_scm.make(command):
            yield f"This Windows would not take {refused}."
        yield told
        _start_tray_at_sign_in()
        windows_scm.start()
        yield f"The service {NAME} runs; watchdesk-agent status tells what it sees."

    def uninstall(state: Path, *, everything: bool) -> Iterator[str]:
        """Stop the service and take it away; yield what was done. Raises AgentError."""
        if windows_scm.stop():
            windows_scm.delete()
            yield f"The service {NAME} is stopped and gone."
        else:
            yield f"There is no service {NAME}."
        with (
            suppress(FileNotFoundError),
            winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, _AT_SIGN_IN, 0, winreg.KEY_SET_VALUE) as key,
        ):
            winreg.DeleteValue(key, _TRAY)
        if everything:
            yield purge(state)
        elif state.exists():
            yield f"What the agent knows stays in {state}; --purge deletes it, too."

    def program_places() -> list[Path]:
        """Return what the service runs: Python's folder, and what it imports from."""
        places = [Path(sys.executable).parent, *(Path(place) for place in sys.path)]
        return [place for place in places if place.exists()]

    def _start_tray_at_sign_in() -> None:
        program = Path(sys.executable).with_name("pythonw.exe")
        if not program.exists():
            return
        words = [str(program), *settings.own_command("tray")[1:]]
        with winreg.CreateKey(winreg.HKEY_LOCAL_MACHINE, _AT_SIGN_IN) as key:
            winreg.SetValueEx(key, _TRAY, 0, winreg.REG_SZ, windows_scm.command_line(words))
