import pytest

from agent.diagnosis import Known, Tried, judge

DISK = Known("Disk C: is nearly full", "disk.space", "C:")
PRINT_SERVER = Known("print.example:9100 does not answer", "tcp", "print.example:9100")
OWN_SERVICE = Known("The till does not answer", "tcp", "[::1]:8080")


def tried(**what: bool) -> list[Tried]:
    return [Tried(name, ok, "") for name, ok in what.items()]


@pytest.mark.parametrize(
    ("found", "alerts", "where", "known"),
    [
        (tried(gateway=False, dns=False, server=False), [DISK], "network", []),
        (tried(gateway=True, dns=False), [DISK], "internet", []),
        (tried(gateway=True, dns=True, server=False), [], "desk", []),
        (tried(dns=True, server=True), [DISK], "computer", [DISK]),
        (tried(dns=True, server=True), [PRINT_SERVER, DISK], "computer", [DISK]),
        (tried(dns=True, server=True), [OWN_SERVICE, DISK], "computer", [OWN_SERVICE, DISK]),
        (tried(dns=True, server=True), [PRINT_SERVER], "service", [PRINT_SERVER]),
        (tried(dns=True, server=True), [], "none", []),
    ],
)
def test_the_nearest_trouble_is_named_with_the_alerts_that_tell_it(
    found: list[Tried], alerts: list[Known], where: str, known: list[Known]
) -> None:
    told = judge(found, alerts)

    assert (told[0], list(told[1])) == (where, known)
