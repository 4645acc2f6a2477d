"""The system details as the person sees them before they are sent, in their language. Pure."""

from collections.abc import Mapping
from typing import Any

from agent.protocol import facts
from tray.language import _


def details(told: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the agent's facts as groups of items with key, title and value."""
    titles = _titles()
    return facts.groups(told, lambda name: titles.get(name) or facts.title(name))


def _titles() -> Mapping[str, str]:
    return {
        "addresses": _("Addresses"),
        "arch": _("Processor"),
        "boot_at": _("Started"),
        "build": _("Build"),
        "computer": _("Computer"),
        "dns": _("Name servers"),
        "free_percent": _("Free"),
        "gateways": _("Gateways"),
        "kind": _("Kind"),
        "mac": _("Hardware address"),
        "maker": _("Maker"),
        "memory": _("Memory"),
        "model": _("Model"),
        "name": _("Name"),
        "network": _("Network"),
        "os": _("Operating system"),
        "serial": _("Serial number"),
        "swap_bytes": _("Swap"),
        "total_bytes": _("Size"),
        "type": _("Type"),
        "user": _("Signed in"),
        "version": _("Version"),
        "volumes": _("Volumes"),
    }
