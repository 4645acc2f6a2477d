"""A Debian package of agent and tray for the system's own Python, by dpkg-deb alone.

``python packaging/deb.py --wheels FOLDER --to FOLDER`` prints the file it made. The same checkout
makes the same bytes, wherever and whenever (SOURCE_DATE_EPOCH).
"""

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import contents

NAME = "watchdesk-agent"
HOME = "usr/lib/watchdesk"
SCRIPTS = ("postinst", "prerm", "postrm")
PROGRAM = '#!/bin/sh\nexec /usr/bin/python3 -I -S -B /usr/lib/watchdesk {} "$@"\n'
PROGRAMS = {"usr/bin/watchdesk-agent": "agent", "usr/bin/watchdesk-tray": "tray"}
DESKTOP = {"applications": "usr/share/applications", "autostart": "etc/xdg/autostart"}
OTHERS = """watchdesk is under the licence below. What it needs lies in /usr/lib/watchdesk as its
makers published it, the licence of each in its folder there that ends with .dist-info.

"""
_HERE = Path(__file__).parent


def main() -> None:
    """Make the package."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--wheels", type=Path, required=True)
    parser.add_argument("--to", type=Path, required=True)
    parser.add_argument("--version", default=contents.version())
    parser.add_argument("--compress", default="xz", help="as dpkg-deb -Z has it")
    chosen = parser.parse_args()
    made = chosen.to / f"{NAME}_{chosen.version}_amd64.deb"
    chosen.to.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder, "tree")
        _fill(tree, sorted(chosen.wheels.glob("*.whl")))
        _control(tree, chosen.version)
        contents.settle(tree, [*PROGRAMS, *(f"DEBIAN/{script}" for script in SCRIPTS)])
        subprocess.run(
            ["dpkg-deb", "--root-owner-group", f"-Z{chosen.compress}", "--build", tree, made],
            env=os.environ | {"SOURCE_DATE_EPOCH": str(contents.epoch())},
            stdout=subprocess.DEVNULL,
            check=True,
        )
    print(made)


def _fill(tree: Path, wheels: list[Path]) -> None:
    home = tree / HOME
    home.mkdir(parents=True)
    contents.own_code(home)
    contents.dependencies(home, wheels)
    (home / "__main__.py").write_bytes((_HERE / "folder_main.py").read_bytes())
    for path, module in PROGRAMS.items():
        _write(tree / path, PROGRAM.format(module))
    for name, text in _desktop_files().items():
        place, file = name.split("/")
        _write(tree / DESKTOP[place] / file, text)
    licence = (contents.PROJECT / "LICENSE").read_text(encoding="utf-8")
    _write(tree / f"usr/share/doc/{NAME}/copyright", OTHERS + licence)


def _control(tree: Path, version: str) -> None:
    size = sum(file.stat().st_size for file in tree.rglob("*") if file.is_file())
    text = (_HERE / "debian" / "control").read_text()
    filled = text.replace("@VERSION@", version).replace("@SIZE@", str(size // 1024))
    _write(tree / "DEBIAN" / "control", filled)
    for script in SCRIPTS:
        _write(tree / "DEBIAN" / script, (_HERE / "debian" / script).read_text())


def _desktop_files() -> dict[str, str]:
    sys.path.insert(0, str(contents.PROJECT))
    from tray.desktop_files import desktop_files  # noqa: PLC0415 - the checkout's

    return dict(desktop_files(["/usr/bin/watchdesk-tray"], "linux"))


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
