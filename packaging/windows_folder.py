"""A folder for Windows, zipped: CPython's official embeddable package, agent and tray beside it.

``python packaging/windows_folder.py --python FOLDER --to FOLDER`` prints the file it made; the
first folder is what ``make windows`` fetched. Nothing in it is a program of our own making: the
service is python.exe with arguments.
"""

import argparse
import compileall
import shutil
import sys
import tempfile
import time
import zipfile
from pathlib import Path
from py_compile import PycInvalidationMode

import contents

ROOT = "watchdesk"
LIBRARIES = "packages"
PATH_FILE = "python311._pth"
_OF_THE_CHECKOUT = ("installed", PATH_FILE, LIBRARIES)


def main() -> None:
    """Make the zip."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--python", type=Path, required=True)
    parser.add_argument("--to", type=Path, required=True)
    parser.add_argument("--unpacked", action="store_true", help="make the folder alone, for tests")
    chosen = parser.parse_args()
    if chosen.unpacked:
        _fill(contents.emptied(chosen.to / ROOT), chosen.python)
        print(chosen.to / ROOT)
        return
    chosen.to.mkdir(parents=True, exist_ok=True)
    made = chosen.to / f"watchdesk-agent-{contents.version()}-windows.zip"
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder, ROOT)
        tree.mkdir()
        _fill(tree, chosen.python)
        _zip(tree, made)
    print(made)


def _fill(tree: Path, python: Path) -> None:
    for place in python.iterdir():
        if place.name not in _OF_THE_CHECKOUT:
            shutil.copy(place, tree / place.name)
    shutil.copytree(
        python / LIBRARIES, tree / LIBRARIES, ignore=shutil.ignore_patterns("__pycache__")
    )
    contents.own_code(tree / LIBRARIES)
    # All that this Python imports from; it reads no environment and no registry.
    (tree / PATH_FILE).write_text(f"python311.zip\n.\n{LIBRARIES}\n", encoding="ascii")
    _compile(tree)
    licence = (contents.PROJECT / "LICENSE").read_text(encoding="utf-8")
    (tree / "LICENSE-watchdesk.txt").write_text(licence, encoding="utf-8")


def _compile(tree: Path) -> None:
    """Compile what is imported: nobody may write there later, and senders start often.

    Only the same Python can, for its own bytecode.
    """
    if f"python{sys.version_info[0]}{sys.version_info[1]}._pth" != PATH_FILE:
        print(f"not compiled, for that takes the Python of {PATH_FILE}", file=sys.stderr)
        return
    compileall.compile_dir(
        tree / LIBRARIES,
        quiet=2,
        stripdir=str(tree),
        invalidation_mode=PycInvalidationMode.UNCHECKED_HASH,
    )


def _zip(tree: Path, made: Path) -> None:
    when = time.gmtime(contents.epoch())[:6]
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(tree.rglob("*")):
            if file.is_file():
                entry = zipfile.ZipInfo(file.relative_to(tree.parent).as_posix(), when)
                entry.compress_type = zipfile.ZIP_DEFLATED
                entry.external_attr = 0o644 << 16
                archive.writestr(entry, file.read_bytes())


if __name__ == "__main__":
    main()
