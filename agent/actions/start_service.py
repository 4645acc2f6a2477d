"""Start a service that does not run."""

from agent.action_api import Options
from agent.host import service_control


def plan(target: str, options: Options) -> str:
    """Say which service would be started; raises RefusedActionError for a disabled one."""
    name = options.get("service", target)
    service_control.checked(name)
    return f"would have started the service {name}"


def act(target: str, options: Options) -> str:
    """Start it; raises ActionError."""
    name = options.get("service", target)
    service_control.start(name)
    return f"started the service {name}"
