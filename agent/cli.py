"""The command ``watchdesk-agent``: reads the command line and speaks; the work is elsewhere.

Exit codes: 0 done, 1 it cannot be done now (the text says why), 2 a mistake in what was given.
Every command imports what it needs itself: ``run`` stays resident for months and must not carry
what the others need.
"""

import sys
from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import TYPE_CHECKING

import agent.deferred  # noqa: F401 - first: it keeps what follows small
from agent.errors import AgentError, ConfigError
from agent.rules.borrow import borrowed

if TYPE_CHECKING:
    from agent.delivery.waiting import Waiting
    from agent.rules.model import Only
    from agent.supervisor import Supervisor
    from agent.wakeup import Wakeup

PARSER = ("agent.arguments", "argparse", "gettext", "shutil", "bz2", "lzma", "_compression")
"""What reads the command line, and what that imports: 1.0 MB that ``run`` need not keep."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    with borrowed(*PARSER):
        from agent.arguments import parse  # noqa: PLC0415 - borrowed

        chosen = SimpleNamespace(**vars(parse(arguments)))
        del parse
    try:
        return COMMANDS[chosen.command](chosen)
    except ConfigError as error:
        print(error, file=sys.stderr)
        return 2
    except AgentError as error:
        print(f"watchdesk-agent: {error}", file=sys.stderr)
        return 1
    except BrokenPipeError:
        return 1
    except KeyboardInterrupt:
        return 130


def _enroll(chosen: SimpleNamespace) -> int:
    from agent.once import enrol  # noqa: PLC0415 - see the module's docstring

    if sys.platform == "win32":
        from agent.install.windows_files import make_private  # noqa: PLC0415
        from agent.settings import default_state_dir  # noqa: PLC0415

        if chosen.state == default_state_dir():  # what it is made in, everybody may write into
            make_private(chosen.state)
    print(enrol(chosen.state, _order(chosen)))
    return 0


def _order(chosen: SimpleNamespace) -> "Waiting | None":
    from agent.once import enrolment_order  # noqa: PLC0415

    if chosen.server is None:
        return None
    return enrolment_order(
        server=chosen.server,
        token_file=chosen.token_file,
        ca_file=chosen.ca_file,
        proxy=chosen.proxy,
        proxy_file=chosen.proxy_file,
        kind=chosen.kind,
    )


def _run(
    chosen: SimpleNamespace,
    supervisor: "Supervisor | None" = None,
    wakeup: "Wakeup | None" = None,
) -> int:
    from agent import clock  # noqa: PLC0415
    from agent.checks import discover  # noqa: PLC0415
    from agent.rules.rules_file import RulesFile  # noqa: PLC0415
    from agent.settings import os_word  # noqa: PLC0415

    def ours(only: "Only") -> bool:
        return not only.os or os_word() in only.os

    # First of all: what reading takes serves what is loaded next (0.5 MB less, measured).
    rules = RulesFile(chosen.rules, discover(), clock.now(), ours)
    from agent.app import run  # noqa: PLC0415
    from agent.host.notify import Notifier  # noqa: PLC0415

    run(chosen.state, rules, supervisor or Notifier(), wakeup)
    return 0


def _install(chosen: SimpleNamespace) -> int:
    from agent.install.here import install  # noqa: PLC0415
    from agent.install.order import Order  # noqa: PLC0415

    for line in install(Order(chosen.state, chosen.rules, _order(chosen))):
        print(line, flush=True)
    return 0


def _uninstall(chosen: SimpleNamespace) -> int:
    from agent.install.here import uninstall  # noqa: PLC0415

    for line in uninstall(chosen.state, everything=chosen.purge):
        print(line, flush=True)
    return 0


def _once(chosen: SimpleNamespace) -> int:
    from agent.once import look_once  # noqa: PLC0415
    from agent.presentation import check_lines, json_text, unsupported_lines  # noqa: PLC0415

    found, unsupported = look_once(chosen.rules)
    lines = [*check_lines(found), *unsupported_lines(unsupported)]
    _print(lines if not chosen.json else [json_text(found)])
    return 0


def _status(chosen: SimpleNamespace) -> int:
    from agent.local_link.client import ask  # noqa: PLC0415
    from agent.presentation import json_text, status_lines  # noqa: PLC0415

    status = ask(chosen.state, {"verb": "status"})
    _print(status_lines(status) if not chosen.json else [json_text(status)])
    return 0


def _about_rules(chosen: SimpleNamespace) -> int:
    from agent.rule_commands import COMMANDS as OURS  # noqa: PLC0415

    return OURS[chosen.command](chosen)


def _outbox(chosen: SimpleNamespace) -> int:
    from agent.local_link.client import ask  # noqa: PLC0415
    from agent.presentation import json_text, parked_lines  # noqa: PLC0415

    if chosen.requeue or chosen.drop:
        verb = "requeue" if chosen.requeue else "drop"
        answer = ask(chosen.state, {"verb": verb, "id": chosen.requeue or chosen.drop})
        print("done" if answer["done"] else "there is no refused message with this id")
        return 0 if answer["done"] else 1
    parked = ask(chosen.state, {"verb": "parked"})["parked"]
    _print(parked_lines(parked) if not chosen.json else [json_text(parked)])
    return 0


def _job(chosen: SimpleNamespace) -> int:
    from agent import clock, jobs  # noqa: PLC0415
    from agent.device import is_name  # noqa: PLC0415
    from agent.job_command import run  # noqa: PLC0415

    if not is_name(chosen.name):
        print(f"watchdesk-agent job: {chosen.name!r} is no job's name", file=sys.stderr)
        return 2
    path = jobs.path_of(chosen.name, chosen.state / jobs.FOLDER)
    return run(path, chosen.program, lambda: clock.now().wall, _complain)


def _complain(text: str) -> None:
    print(f"watchdesk-agent job: {text}", file=sys.stderr, flush=True)


def _doctor(chosen: SimpleNamespace) -> int:
    from agent.checks import discover  # noqa: PLC0415
    from agent.doctor import examine  # noqa: PLC0415

    if chosen.record:
        return _record(chosen)
    well = True
    for finding in examine(chosen.state, chosen.rules, discover()):
        print(f"{'well ' if finding.well else 'WRONG'}  {finding.says}", flush=True)
        well = well and finding.well
    return 0 if well else 1


def _record(chosen: SimpleNamespace) -> int:
    from agent import clock  # noqa: PLC0415
    from agent.checks import discover  # noqa: PLC0415
    from agent.recording import record  # noqa: PLC0415

    for line in record(chosen.record, discover(), clock.now()):
        print(line, flush=True)
    print(f"{chosen.record}: names, serial numbers, addresses and secrets are taken out; look "
          "through it before you give it away")  # fmt: skip
    return 0


if sys.platform == "win32":

    def _service(chosen: SimpleNamespace) -> int:
        from agent.host.log_file import LogFile  # noqa: PLC0415
        from agent.host.windows_service import Service  # noqa: PLC0415
        from agent.wakeup import Wakeup  # noqa: PLC0415

        wakeup = Wakeup()
        service = Service(wakeup.stop, wakeup.wake)
        service.begin()
        sys.stderr = LogFile(chosen.state / "agent.log")  # a service has no other
        code = 1
        try:
            code = _run(chosen, service, wakeup)
        except AgentError as error:
            print(error, file=sys.stderr)
        finally:
            service.ended(code)
        return code


def _print(lines: list[str]) -> None:
    if lines:
        print("\n".join(lines))


COMMANDS: dict[str, Callable[[SimpleNamespace], int]] = {
    "enroll": _enroll,
    "run": _run,
    "install": _install,
    "uninstall": _uninstall,
    "once": _once,
    "status": _status,
    "checks": _about_rules,
    "test": _about_rules,
    "replay": _about_rules,
    "validate": _about_rules,
    "explain": _about_rules,
    "schema": _about_rules,
    "outbox": _outbox,
    "job": _job,
    "doctor": _doctor,
}
if sys.platform == "win32":
    COMMANDS["service"] = _service
