"""At which of its places a computer is: a laptop at home need not tell of the office's printer."""

from agent.device import here

KEPT_S = 30.0
"""A computer that moves is believed to be where it was for so long."""


class Whereabouts:
    """Knows the places that ``device.yaml`` names and this computer is at."""

    def __init__(self) -> None:
        """Look when somebody asks."""
        self._places: frozenset[str] = frozenset()
        self._until_s = 0.0

    def at(self, boot_s: float) -> frozenset[str]:
        """Return the names of the places it is at; ``boot_s`` is the time since boot."""
        places = here().places.values()
        if not places:
            return frozenset()
        if not self._until_s - KEPT_S <= boot_s < self._until_s:
            from agent.host import network  # noqa: PLC0415 - most devices know no places

            try:
                interfaces = network.read()
                domains = network.domains()
            except OSError:
                interfaces, domains = [], ()
            addresses = [address for one in interfaces for address in one.addresses]
            macs = network.gateway_macs(interfaces)
            self._places = frozenset(
                place.name for place in places if place.is_here(macs, addresses, domains)
            )
            self._until_s = boot_s + KEPT_S
        return self._places
