"""Stop a service and start it again."""

from agent.action_api import Options
from agent.host import service_control


def plan(target: str, options: Options) -> str:
    """Say which service would be restarted; raises RefusedActionError for a disabled one."""
    name = options.get("service", target)
    service_control.checked(name)
    return f"would have restarted the service {name}"


def act(target: str, options: Options) -> str:
    """Restart it; raises ActionError.

    What came back by itself since the check looked is left alone, unless the rule is about
    something else that a restart is to mend.
    """
    name = options.get("service", target)
    if "service" not in options and service_control.runs(name):
        return f"the service {name} ran again by itself"
    service_control.restart(name)
    return f"restarted the service {name}"
