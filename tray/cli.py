"""The command ``watchdesk-tray``."""

import argparse
import logging
import sys
from datetime import datetime
from pathlib import Path

from agent.protocol import VERSION
from agent.protocol.reports import Contact
from agent.protocol.words import ReportKind, Urgency
from tray import backends, icon, program
from tray.agent_link import Link, link_to
from tray.desktop_files import desktop_files
from tray.diagnosis import diagnosis
from tray.drafts import Drafts
from tray.errors import AgentUnreachableError, DraftError, NoIconError, RefusedError, TrayError
from tray.known import Known
from tray.language import _
from tray.menu import lines, menu
from tray.report_draft import ReportDraft, problems
from tray.sending import Sending, send_waiting

_EXAMPLES = """examples:
  watchdesk-tray                       the icon, where there is a desktop
  watchdesk-tray status                what is known about this computer, as text
  watchdesk-tray report --title "The printer prints blank pages" --file page.png
  watchdesk-tray send                  hand over reports that wait for the agent
"""
_BAD_REQUEST, _NO_AGENT = 2, 1


def main(arguments: list[str] | None = None) -> int:
    """Run the command; 0 when it did what it says, 1 without an agent, 2 for a bad request."""
    chosen = _parser().parse_args(arguments)
    link = link_to(chosen.state)
    logging.basicConfig(format="%(message)s")
    try:
        if chosen.diagnose:
            print(*diagnosis(link), sep="\n")
            return 0
        return _COMMANDS[chosen.command](link, chosen)
    except TrayError as error:
        print(error, file=sys.stderr)
        return _BAD_REQUEST


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="watchdesk-tray",
        description="What the agent knows about this computer, and a way to report problems.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"watchdesk-tray {VERSION}")
    parser.add_argument("--state", type=Path, metavar="DIR", help="the agent's state folder")
    ways = "how to show the icon; chosen by itself"
    parser.add_argument("--backend", choices=backends.NAMES, help=ways)
    parser.add_argument("--diagnose", action="store_true", help="say what shows icon and form")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    report = commands.add_parser("report", help="report a problem without a form")
    report.add_argument("--title", required=True, help="what is wrong, in a few words")
    report.add_argument("--text", default="", help="what happened (-: the input)")
    report.add_argument("--urgency", choices=list(Urgency), default=Urgency.SLOWS_ME)
    report.add_argument("--kind", choices=list(ReportKind), default=ReportKind.OTHER)
    report.add_argument("--error", default="", metavar="TEXT", help="the error's own words")
    report.add_argument("--file", type=Path, action="append", default=[], help="attach a file")
    report.add_argument("--name", default="", help="who reports")
    report.add_argument("--phone", default="", help="how to reach them")
    left_out = "a system detail to leave out (computer.model, or a group)"
    report.add_argument("--without", action="append", default=[], metavar="KEY", help=left_out)
    form = commands.add_parser("form", help="open the form in a window")
    form.add_argument("--view", default="", help="report, tickets, computer or help")
    commands.add_parser("send", help="hand reports that wait to the agent")
    commands.add_parser("status", help="what is known about this computer")
    written = "write the files that start the tray and put the form into the menu"
    files = commands.add_parser("desktop-files", help=written)
    files.add_argument("folder", type=Path, metavar="DIR")
    return parser


def _icon(link: Link, chosen: argparse.Namespace) -> int:
    """Show the icon; where there is no desktop, say what is known."""
    if chosen.backend is None:
        try:
            backends.choose()
        except NoIconError:
            return _status(link, chosen)
    arguments = ["--state", str(chosen.state)] if chosen.state is not None else []
    return icon.run(link, arguments, chosen.backend)


def _desktop_files(_link: Link, chosen: argparse.Namespace) -> int:
    arguments = ["--state", str(chosen.state)] if chosen.state is not None else []
    for name, text in desktop_files([*program.command(), *arguments]).items():
        file = chosen.folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        print(file)
    return 0


def _status(link: Link, _chosen: argparse.Namespace) -> int:
    known = None
    try:
        known = Known.read(link.ask("known"))
    except (AgentUnreachableError, RefusedError) as error:
        print(error, file=sys.stderr)
    for line in lines(menu(known, Drafts().waiting(), datetime.now().astimezone())):
        print(line)
    return _NO_AGENT if known is None else 0


def _form(link: Link, chosen: argparse.Namespace) -> int:
    from tray.forms.show import show_form  # noqa: PLC0415 - only what shows a form pays for it

    show_form(link, chosen.view)
    return 0


def _report(link: Link, chosen: argparse.Namespace) -> int:
    drafts = Drafts()
    text = sys.stdin.read() if chosen.text == "-" else chosen.text
    draft = ReportDraft(
        title=chosen.title, text=text, urgency=chosen.urgency, kind=chosen.kind,
        error_text=chosen.error, contact=Contact(chosen.name, chosen.phone),
        without=tuple(chosen.without),
    )  # fmt: skip
    wrong = problems(draft)
    for field, problem in wrong.items():
        print(f"--{field}: {problem}", file=sys.stderr)
    if wrong:
        return _BAD_REQUEST
    try:
        for file in chosen.file:
            draft = drafts.attach(draft, file.name, file.read_bytes())
        drafts.queue(draft, datetime.now().astimezone())
    except (DraftError, OSError) as error:
        drafts.remove(draft.id)
        print(error, file=sys.stderr)
        return _BAD_REQUEST
    return _told(send_waiting(link, drafts), draft.id)


def _send(link: Link, _chosen: argparse.Namespace) -> int:
    return _told(send_waiting(link, Drafts()))


def _told(sending: Sending, report_id: str | None = None) -> int:
    """Say what became of reports, the one of ``report_id`` above all."""
    for sent in sending.sent:
        number = _("; it is ticket {number}").format(number=sent.number) if sent.number else ""
        print(_("“{title}” is saved and will be sent").format(title=sent.title) + number + ".")
    for refused, problem in sending.refused:
        print(_("The agent refused report {id}: {problem}").format(id=refused, problem=problem),
              file=sys.stderr)  # fmt: skip
    if sending.problem is not None:
        print(sending.problem, file=sys.stderr)
        print(_("Your report is kept and will be sent when the agent answers again."))
        return 0 if report_id else _NO_AGENT
    return _BAD_REQUEST if sending.refused else 0


_COMMANDS = {
    None: _icon,
    "report": _report,
    "send": _send,
    "status": _status,
    "form": _form,
    "desktop-files": _desktop_files,
}
