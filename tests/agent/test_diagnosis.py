import pytest

from agent.diagnosis import Known, Tried, judge

DISK = Known("Disk C: is nearly full", "disk.space", "C:")
PRINT_SERVER = Known("print.example:9100 does not answer", "tcp", "print.example:9100")
OWN_SERVICE = Known("The till does not answer", "tcp", "[::1]:8080")


def tried(**what: bool) -> list[Tried]:
    return [Tried(name, ok, "") for name, ok in what.items()]


@pytest.mark.parametrize(
    ("found", "alerts", "where", "says"),
    [
        (tried(gateway=False, dns=False, server=False), [DISK], "network", "cable or Wi-Fi"),
        (tried(gateway=True, dns=False), [DISK], "internet", "names on the internet"),
        (tried(gateway=True, dns=True, server=False), [], "desk", "our desk cannot be reached"),
        (tried(dns=True, server=True), [DISK], "computer", "Disk C: is nearly full."),
        (tried(dns=True, server=True), [PRINT_SERVER, DISK], "computer", "Disk C: is nearly full."),
        (tried(dns=True, server=True), [OWN_SERVICE, DISK], "computer", "The till"),
        (tried(dns=True, server=True), [OWN_SERVICE, DISK], "computer", ", and 1 more."),
        (tried(dns=True, server=True), [PRINT_SERVER], "service", "print.example:9100"),
        (tried(dns=True, server=True), [], "none", "no trouble is known"),
    ],
)
def test_the_nearest_trouble_is_told_in_a_plain_sentence(
    found: list[Tried], alerts: list[Known], where: str, says: str
) -> None:
    told = judge(found, alerts)

    assert told[0] == where
    assert says in told[1]
