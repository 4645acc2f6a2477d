"""What is measured beside the agent: monit, node_exporter and a bare lean agent, every ten seconds.

All look at the same: every real disk, memory, processors, load, and the same ten services.
node_exporter judges nothing; whoever scrapes it is not counted.
"""

import os
import shutil
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

EVERY_S = 10
STARTED_S = 13.0
"""So that the first cycle and the start are not measured."""
PACKAGES = {
    "monit": "monit",
    "prometheus-node-exporter": "prometheus-node-exporter",
    "valgrind": "valgrind",  # counts instructions
}
SERVICES = tuple(f"wd-svc{number:02}" for number in range(1, 11))

_MONIT = """
set daemon {every}
set log {folder}/monit.log
set pidfile {folder}/monit.pid
set idfile {folder}/monit.id
set statefile {folder}/monit.state
check system here
  if loadavg (5min) > 90 then alert
  if cpu usage > 95% for 64 cycles then alert
  if memory usage > 97% for 64 cycles then alert
  if swap usage > 90% then alert
"""
_MONIT_DISK = """
check filesystem disk{number} with path {path}
  if space usage > 90% for 64 cycles then alert
"""
_MONIT_SERVICE = """
check process {name} with pidfile {file}
  if not exist for 30 cycles then alert
"""


@contextmanager
def services(folder: Path) -> Iterator[Path]:
    """Run ten processes with names of their own; yield the folder of their pid files."""
    pids = folder / "pids"
    pids.mkdir(exist_ok=True)
    sleep = shutil.which("sleep")
    assert sleep, "this computer has no sleep"
    started = []
    try:
        for name in SERVICES:
            program = folder / name
            shutil.copy(sleep, program)
            started.append(subprocess.Popen([program, "86400"]))
            (pids / f"{name}.pid").write_text(f"{started[-1].pid}\n")
        yield pids
    finally:
        for process in started:
            process.kill()
            process.wait()


@contextmanager
def peers(folder: Path, pids: Path, disks: list[str]) -> Iterator[dict[str, int]]:
    """Run the peers that there are; yield the process of each by its name."""
    started: dict[str, subprocess.Popen[bytes]] = {}
    stop = threading.Event()
    try:
        if shutil.which("monit"):
            started["monit"] = _start(
                folder / "monit.out", "monit", "-I", "-c", _monit(folder, pids, disks)
            )
        if shutil.which("prometheus-node-exporter"):
            address = f"127.0.0.1:{_free_port()}"
            listen = f"--web.listen-address={address}"
            started["node_exporter"] = _start(
                folder / "node_exporter.out", "prometheus-node-exporter", listen
            )
            threading.Thread(target=_scrape, args=(address, stop), daemon=True).start()
        lean = Path(__file__).with_name("lean_agent.py")
        started["lean Python"] = _start(
            folder / "lean Python.out", sys.executable, lean, "--pids", pids
        )
        time.sleep(STARTED_S)
        for name, process in started.items():
            assert process.poll() is None, f"{name} ended; see {folder / name}.out"
        yield {name: process.pid for name, process in started.items()}
    finally:
        stop.set()
        for process in started.values():
            process.terminate()
        for process in started.values():
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def install() -> None:
    """Install the peers that are missing, as far as this user may."""
    missing = [package for program, package in PACKAGES.items() if not shutil.which(program)]
    script = Path(__file__).parents[1] / ".ci" / "system-packages"
    if missing:
        subprocess.run(["sh", script, *missing], stdin=subprocess.DEVNULL, check=False)


def _start(said: Path, program: str, *arguments: str | Path) -> "subprocess.Popen[bytes]":
    with said.open("ab") as output:
        return subprocess.Popen(
            [program, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env={"PATH": os.environ["PATH"]},
        )


def _monit(folder: Path, pids: Path, disks: list[str]) -> Path:
    text = _MONIT.format(folder=folder, every=EVERY_S)
    for number, path in enumerate(disks):
        text += _MONIT_DISK.format(number=number, path=path)
    for name in SERVICES:
        text += _MONIT_SERVICE.format(name=name, file=pids / f"{name}.pid")
    file = folder / "monitrc"
    file.write_text(text)
    file.chmod(0o600)
    return file


def _scrape(address: str, stop: threading.Event) -> None:
    while not stop.wait(EVERY_S):
        with urllib.request.urlopen(f"http://{address}/metrics", timeout=5) as answer:
            answer.read()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port: int = listening.getsockname()[1]
        return port
