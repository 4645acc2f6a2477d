"""``python -m demo [--once]``: 0 when the story happened, 1 with the reason when it did not."""

import argparse
import shutil
import signal
import sys
import tempfile
from pathlib import Path

from demo import story
from demo.person import Person
from demo.programs import Program, Service, wait_until_interrupted
from demo.telling import NotToldError, Teller


def main() -> int:
    """Tell the story; leave no process and no folder behind."""
    parser = argparse.ArgumentParser(prog="make demo", description=__doc__)
    parser.add_argument("--once", action="store_true", help="end after the story")
    once = parser.parse_args().once
    for ending in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(ending, lambda *_: sys.exit(1))
    folder = Path(tempfile.mkdtemp(prefix="watchdesk-demo-"))
    programs: list[Program] = []
    service = Service()
    try:
        _tell(folder, service, programs, once=once)
    except NotToldError as error:
        print(f"The story did not happen: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped before the end of the story.", file=sys.stderr)
        return 1
    finally:
        for ending in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(ending, signal.SIG_IGN)  # a second one must not leave programs behind
        for program in reversed(programs):
            program.stop()
        service.stop()
        shutil.rmtree(folder, ignore_errors=True)
    return 0


def _tell(folder: Path, service: Service, programs: list[Program], *, once: bool) -> None:
    tell = Teller()
    tell.step("watchdesk shows its main job on this computer; nothing leaves it.")
    desk = story.start_server(folder, tell, programs.append)
    state = story.start_agent(folder, desk, service.port, tell, programs.append)
    story.show_checks(state, tell)
    number = story.stop_service(service, desk, tell)
    person = Person(folder, state)
    person.show_icon(tell, programs.append)
    person.show_known(number, tell)
    story.start_service(service, number, desk, tell)
    person.report(desk, tell)
    story.show_findings(desk, tell)
    if once:
        tell.step("The story happened. Everything is stopped and removed again.")
        return
    tell.step(f"Look around: {desk.address}/tickets/{number}")
    tell.more(f"sign in as {story.STAFF} with the password {desk.password}")
    tell.more("Ctrl-C stops everything and removes the demo's folder.")
    wait_until_interrupted()


if __name__ == "__main__":
    sys.exit(main())
