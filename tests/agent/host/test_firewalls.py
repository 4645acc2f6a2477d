"""Whether a firewall is on, by what the tools of each system print."""

import pytest

from agent.host.firewalls import by_nft, by_socketfilterfw, by_ufw

FIREWALLD = """table inet firewalld {
\tchain filter_INPUT {
\t\ttype filter hook input priority filter + 10; policy accept;
\t\tct state { established, related } accept
\t\tct status dnat accept
\t\tiifname "lo" accept
\t\tct state invalid drop
\t\tjump filter_INPUT_ZONES
\t\treject with icmpx admin-prohibited
\t}

\tchain filter_INPUT_ZONES {
\t\tgoto filter_IN_public
\t}
}
"""
UFW = """table ip filter {
\tchain ufw-before-input {
\t\tiifname "lo" counter packets 4 bytes 336 accept
\t}

\tchain INPUT {
\t\ttype filter hook input priority filter; policy drop;
\t\tcounter packets 19 bytes 1548 jump ufw-before-input
\t}

\tchain OUTPUT {
\t\ttype filter hook output priority filter; policy accept;
\t}
}
"""
OWN_CHAIN = """table ip filter {
\tchain INPUT {
\t\ttype filter hook input priority filter; policy accept;
\t\tcounter packets 9 bytes 99 jump OWN
\t}

\tchain OWN {
\t\ttcp dport 22 counter packets 1 bytes 60 accept
\t\tcounter packets 7 bytes 420 reject with icmp host-prohibited
\t}
}
"""
FAIL2BAN = """table inet f2b-table {
\tset addr-set-sshd {
\t\ttype ipv4_addr
\t\telements = { 192.0.2.7 }
\t}

\tchain f2b-chain {
\t\ttype filter hook input priority filter - 1; policy accept;
\t\ttcp dport 22 ip saddr @addr-set-sshd reject with icmp port-unreachable
\t}
}
"""
DOCKER = """table ip filter {
\tchain DOCKER-USER {
\t\tcounter packets 0 bytes 0 drop
\t}

\tchain FORWARD {
\t\ttype filter hook forward priority filter; policy drop;
\t\tcounter packets 0 bytes 0 jump DOCKER-USER
\t}

\tchain INPUT {
\t\ttype filter hook input priority filter; policy accept;
\t}
}
"""
ONLY_IPV6 = UFW.replace("table ip filter", "table ip6 filter")
CIRCLE = """table ip filter {
\tchain INPUT {
\t\ttype filter hook input priority filter; policy accept;
\t\tjump INPUT2
\t}

\tchain INPUT2 {
\t\tjump INPUT2
\t}
}
"""


@pytest.mark.parametrize(
    ("ruleset", "word"),
    [
        (FIREWALLD, "on"),
        (UFW, "on"),
        (OWN_CHAIN, "on"),
        (FAIL2BAN + UFW, "on"),
        ("", "off"),
        (FAIL2BAN, "off"),
        (DOCKER, "off"),
        (ONLY_IPV6, "off"),
        (CIRCLE, "off"),
        ("nonsense {{{", "off"),
    ],
    ids=["firewalld", "ufw", "own", "both", "none", "fail2ban", "docker", "6", "circle", "?"],
)
def test_a_rule_set_keeps_strangers_out_or_does_not(ruleset: str, word: str) -> None:
    assert by_nft(ruleset) == word


def test_ufw_says_whether_it_is_switched_on() -> None:
    assert by_ufw("# /etc/ufw/ufw.conf\n#\nENABLED=yes\nLOGLEVEL=low\n") == "on"
    assert by_ufw("ENABLED=no\n") == "off"
    assert by_ufw("#ENABLED=yes\n") is None


@pytest.mark.parametrize(
    ("said", "word"),
    [
        ("Firewall is enabled. (State = 1)\n", "on"),
        ("Firewall is blocking all non-essential incoming connections. (State = 2)\n", "on"),
        ("Firewall is disabled. (State = 0)\n", "off"),
        ("", None),
    ],
)
def test_macos_tells_a_number(said: str, word: str | None) -> None:
    assert by_socketfilterfw(said) == word
