"""Stop a service and start it again."""

from agent.action_api import Options
from agent.host import service_control


def plan(target: str, options: Options) -> str:
    """Say which service would be restarted; raises RefusedActionError for a disabled one."""
    name = options.get("service", target)
    service_control.checked(name)
    return f"would have restarted the service {name}"


def act(target: str, options: Options) -> str:
    """Restart it; raises ActionError."""
    name = options.get("service", target)
    service_control.restart(name)
    return f"restarted the service {name}"
