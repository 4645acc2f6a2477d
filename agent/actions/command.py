"""Run a command of the device's own file."""

from agent import device
from agent.action_api import ActionError, Options
from agent.host import program, writers


def plan(_target: str, options: Options) -> str:
    """Say which command would be run; raises ActionError when there is none of that name."""
    return f"would have run {options['command']}: {' '.join(_command(options).run)}"


def act(_target: str, options: Options) -> str:
    """Run it; raises ActionError when it does not end with 0."""
    command = _command(options)
    reason = writers.distrust(command.run)
    if reason:
        raise ActionError(f"it is not run: {reason}")
    ended = program.run(command.run, command.timeout_s)
    said = " ".join((ended.out or ended.err).decode(errors="replace").split())[:200]
    if ended.code:
        raise ActionError(f"{command.name} ended with {ended.code}: {said or 'it said nothing'}")
    return f"ran {command.name}" + (f": {said}" if said else "")


def _command(options: Options) -> device.Command:
    name = options["command"]
    command = device.here().commands.get(name)
    if command is None:
        raise ActionError(f"{device.here().source} has no command {name}")
    return command
