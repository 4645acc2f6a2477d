"""The story of the demo, step by step, on the real programs."""

import json
import secrets
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agent.settings import shipped_rules_file
from demo.programs import Program, Service, run
from demo.telling import Teller, wait_for

CLIENT, SITE = "Corner Bakery", "High Street"
STAFF = "demo@example.com"
SERVICE_RULE = """
  - name: demo-till
    why: the demo stops this service to show what happens
    check: tcp
    every: 1s
    startup_grace: 0s
    targets: {{include: ["127.0.0.1:{port}"]}}
    critical: {{when: state != open, for: 2s, clear: state == open, clear_for: 2s, priority: high}}
    ticket:
      title: "The till service on {{target}} does not answer"
      advice: "Start the till service again; sales cannot be rung up until it answers."
"""
PATIENCE_S = 60.0


@dataclass(frozen=True, slots=True)
class Desk:
    """Where the demo's server is and how to get in."""

    address: str
    password: str
    key: str

    def get(self, path: str) -> Any:  # noqa: ANN401 - a JSON tree
        """Return what the public API answers."""
        asked = urllib.request.Request(  # noqa: S310 - our own server
            f"{self.address}/api/v1/{path}", headers={"Authorization": f"Bearer {self.key}"}
        )
        with urllib.request.urlopen(asked, timeout=10) as answer:  # noqa: S310 - our own server
            return json.load(answer)


def start_server(folder: Path, tell: Teller, keep: Callable[[Program], None]) -> Desk:
    """Set a server up in ``folder`` and start it on a free port."""
    place = ("--data", str(folder / "server"))
    password = secrets.token_urlsafe(9)
    run("server_stub", "init", *place)
    run("server_stub", "client", "add", CLIENT, *place)
    run("server_stub", "site", "add", CLIENT, SITE, *place)
    run("server_stub", "staff", "add", STAFF, "--role", "admin", "--password-file", "-", *place,
        stdin=password + "\n")  # fmt: skip
    key = run("server_stub", "api-key", STAFF, *place)
    server = Program("server", folder, "-m", "server_stub", "serve",
                     "--listen", "127.0.0.1:0", *place)  # fmt: skip
    keep(server)
    line, took = wait_for("the server's start", lambda: server.said("listening on"), PATIENCE_S)
    address = "http" + line.split("http", 1)[1].strip().rstrip("/")
    tell.step(f"The server runs on {address} (started in {took:.1f} s), with its own SQLite file,")
    tell.more(f"the client “{CLIENT}”, its site “{SITE}” and the technician {STAFF}.")
    return Desk(address, password, key)


def start_agent(
    folder: Path, desk: Desk, port: int, tell: Teller, keep: Callable[[Program], None]
) -> Path:
    """Enrol this computer and start its agent; return the agent's state folder."""
    state = folder / "agent"
    rules = folder / "rules.yaml"
    shipped = shipped_rules_file().read_text(encoding="utf-8")
    demo_rule = SERVICE_RULE.format(port=port).rstrip("\n")
    rules.write_text(shipped.replace("\nrules:", f"\nrules:{demo_rule}", 1), encoding="utf-8")
    rules.chmod(0o600)
    token = run("server_stub", "enroll-token", CLIENT, "--site", SITE, "--data",
                str(folder / "server"))  # fmt: skip
    run("agent", "enroll", "--server", desk.address, "--token-file", "-", "--state", str(state),
        stdin=token + "\n")  # fmt: skip
    agent = Program("agent", folder, "-m", "agent", "run", "--state", str(state),
                    "--rules", str(rules))  # fmt: skip
    keep(agent)
    _, took = wait_for("the agent's first checks", lambda: _checks(state, agent), PATIENCE_S)
    tell.step(f"This computer is enrolled and its agent runs (first checks after {took:.1f} s)")
    tell.more("with the rules we ship and one for the demo: a till service that must answer.")
    return state


def show_checks(state: Path, tell: Teller) -> None:
    """Print every check with its values."""
    checks = _status(state)["checks"]
    tell.step(f"What the agent sees of this computer ({len(checks)} checks):")
    tell.table(
        ("rule", "target", "evaluation", "values"),
        [(c["rule"], c["target"], c["evaluation"], c["summary"]) for c in checks],
    )


def stop_service(service: Service, desk: Desk, tell: Teller) -> int:
    """Stop the service and wait for its ticket; return the ticket's number."""
    service.stop()
    tell.step("The till service was stopped. Its rule waits 2 s, to be sure…")
    ticket, took = wait_for("a ticket", lambda: _till_ticket(desk, resolved=False), PATIENCE_S)
    tell.step(f"Ticket {ticket['number']} opened {took:.1f} s after the stop, by itself:")
    tell.more(f"title     {ticket['title']}")
    tell.more(f"priority  {ticket['priority']}, status {ticket['status']}")
    for clock in ticket["clocks"]:
        tell.more(f"due       {clock['name']} by {clock['due_at']} ({clock['state']})")
    tell.more(f"device    {ticket['device']['name']} ({ticket['client']}, {ticket['site']})")
    for name, value in _facts(ticket):
        tell.more(f"facts     {name}: {value}")
    tell.more(f"see       {desk.address}/tickets/{ticket['number']}")
    number: int = ticket["number"]
    return number


def start_service(service: Service, number: int, desk: Desk, tell: Teller) -> None:
    """Start the service again and wait until the monitor resolves the ticket."""
    service.start()
    tell.step("The till service was started again. Its rule waits 2 s, to be sure…")
    _, took = wait_for(
        f"the end of ticket {number}", lambda: _till_ticket(desk, resolved=True), PATIENCE_S
    )
    tell.step(f"Ticket {number} resolved {took:.1f} s after the start, by itself. Its timeline:")
    for entry in desk.get(f"tickets/{number}/timeline")["items"]:
        tell.more(f"{entry['at']}  {entry['kind']:10} {entry['body'].splitlines()[0][:70]}")


def show_findings(desk: Desk, tell: Teller) -> None:
    """Tell what else the shipped rules found on this computer."""
    found = desk.get("tickets?source=monitor")["items"]
    others = [ticket for ticket in found if not ticket["title"].startswith("The till")]
    if not others:
        tell.step("Findings of this computer's own: none, the shipped rules are quiet.")
        return
    tell.step("Findings of this computer's own, not part of the story:")
    for ticket in others:
        tell.more(f"ticket {ticket['number']} ({ticket['priority']}): {ticket['title']}")


def _status(state: Path) -> dict[str, Any]:
    tree: dict[str, Any] = json.loads(run("agent", "status", "--json", "--state", str(state)))
    return tree


def _checks(state: Path, agent: Program) -> list[Any] | None:
    return (_status(state)["checks"] or None) if agent.said("checks are running") else None


def _till_ticket(desk: Desk, *, resolved: bool) -> dict[str, Any] | None:
    for ticket in desk.get("tickets")["items"]:
        done = ticket["status"] in {"resolved", "closed"}
        if ticket["title"].startswith("The till") and done is resolved:
            whole: dict[str, Any] = desk.get(f"tickets/{ticket['number']}")
            return whole
    return None


def _facts(ticket: dict[str, Any]) -> list[tuple[str, str]]:
    facts = ticket.get("facts") or {}
    system, computer = facts.get("os", {}), facts.get("computer", {})
    memory, user = facts.get("memory", {}), facts.get("user")
    shown = {
        "computer": " ".join(str(computer[k]) for k in ("maker", "model") if computer.get(k)),
        "system": " ".join(str(system[k]) for k in ("name", "version") if system.get(k)),
        "memory": f"{memory['total_bytes'] / 2**30:.1f} GiB" if "total_bytes" in memory else "",
        "signed in": str(user or ""),
        "running since": str(facts.get("boot_at", "")),
    }
    return [(name, value) for name, value in shown.items() if value]
