"""Commands that come to an end: enrol, look once, explain a rule; ``run`` needs none of it."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from agent import clock
from agent.checks import discover
from agent.device_file import DeviceFile, beside
from agent.errors import AgentError
from agent.facts import device_kind
from agent.host.boot import boot_id
from agent.identity import Identity
from agent.plan import plan_of
from agent.protocol.words import DeviceKind
from agent.rules.rules_file import RulesFile
from agent.runner import Runner
from agent.schedule import judged, unsupported
from agent.settings import os_word
from agent.status import check_states, check_trees
from agent.whereabouts import Whereabouts

if TYPE_CHECKING:
    from agent.delivery.waiting import Waiting


def enrol(state_dir: Path, order: "Waiting | None") -> str:
    """Make this computer known to its server; return a sentence for the person.

    Without an ``order``, as one waits in the state folder. Raises AgentError, with what to do.
    """
    from agent.delivery import waiting  # noqa: PLC0415 - once only
    from agent.store.folder import private_folder  # noqa: PLC0415

    private_folder(state_dir)
    if order is None:
        mine = waiting.enrol_now(state_dir, lambda kept: _ask_server(state_dir, kept))
    else:
        mine = _ask_server(state_dir, order)
        waiting.forget(state_dir)
    return f"This computer is enrolled at {mine.server} as device {mine.device_id}."


def enrolment_order(
    *,
    server: str,
    token_file: str,
    ca_file: Path | None = None,
    proxy: str | None = None,
    proxy_file: Path | None = None,
    kind: str | None = None,
) -> "Waiting":
    """Return what enrolling takes, from what a person named; raises AgentError."""
    from agent.delivery.address import proxy_address, server_address  # noqa: PLC0415 - once only
    from agent.delivery.enrolment import read_token  # noqa: PLC0415
    from agent.delivery.waiting import Waiting  # noqa: PLC0415

    if proxy_file is not None:
        try:
            proxy = proxy_file.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise AgentError(f"the proxy file {proxy_file} cannot be read: {error}") from error
    return Waiting(
        server=server_address(server),
        token=read_token(token_file),
        ca_file=str(ca_file.resolve()) if ca_file else None,
        proxy=proxy_address(proxy) if proxy else None,
        kind=kind,
    )


def _ask_server(state_dir: Path, order: "Waiting") -> Identity:
    from agent.delivery.enrolment import DeviceDescription  # noqa: PLC0415 - once only
    from agent.delivery.enrolment import enrol as ask_server  # noqa: PLC0415
    from agent.host import computer  # noqa: PLC0415

    return ask_server(
        state_dir,
        DeviceDescription(
            name=computer.name(),
            kind=DeviceKind(order.kind) if order.kind else device_kind(),
            os=os_word(),
        ),
        server=order.server,
        token=order.token,
        now=clock.now(),
        ca_file=Path(order.ca_file) if order.ca_file else None,
        proxy=order.proxy,
    )


def look_once(rules_file: Path) -> tuple[list[dict[str, Any]], dict[str, str]]:
    """Run every rule of this computer once; a check that compares two moments looks twice.

    Returns the check states as JSON objects, and by rule why some cannot be checked here.
    """
    checks = discover()
    now = clock.now()
    DeviceFile(beside(rules_file))
    rules = RulesFile(rules_file, checks, now)
    runner = Runner(
        plan_of(rules.rules, checks, device_kind()),
        {},
        lambda *_: True,
        clock=clock.now,
        boot_id=boot_id(),
        at=Whereabouts().at,
    )
    runner.turn()
    return check_trees(check_states(judged(runner.schedules))), unsupported(runner.schedules)


def explain_rule(rules_file: Path, name: str) -> list[str]:
    """Run one rule's check and tell what the rule makes of it.

    Raises AgentError for a rule that does not exist or whose check cannot run here.
    """
    from agent.explain import explain  # noqa: PLC0415 - a person's command, not the service's
    from agent.rules.loader import load  # noqa: PLC0415

    checks = discover()
    DeviceFile(beside(rules_file))
    rules = load(rules_file, checks)
    rule = rules.rule(name)
    if rule is None:
        known = ", ".join(each.name for each in rules.rules)
        raise AgentError(f"{rules_file} has no rule {name!r}; it has {known}")
    check = checks[rule.check]
    return explain(rule, check, check.look(rule.targets), clock.now())
