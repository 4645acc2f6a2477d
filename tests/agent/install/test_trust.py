"""Which files make a program unfit to be root's: others could change them, or replace them."""

import os
import subprocess
from pathlib import Path

import pytest

from agent.install import trust
from agent.install.trust import weak_spot

pytestmark = pytest.mark.needs_root

NOBODY = 65534


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A program as root would install it: an interpreter by a link, a package, data."""
    home = tmp_path / "opt" / "watchdesk"
    for folder in (home.parent, home, home / "bin", home / "agent", home / "agent" / "checks"):
        folder.mkdir(mode=0o755)
    for file in ("bin/python3.11", "agent/__init__.py", "agent/checks/memory.py", "notes.txt"):
        (home / file).touch(mode=0o644)
    (home / "bin" / "python").symlink_to("python3.11")
    return home


def looked(home: Path) -> str | None:
    return weak_spot([home / "bin" / "python", home / "agent"])


def test_what_root_alone_can_write_is_fine(home: Path) -> None:
    assert looked(home) is None
    assert weak_spot([home / "not-there"]) is None


@pytest.mark.parametrize(
    "place", ["agent/checks/memory.py", "agent/checks", "bin/python3.11", "bin", ".", ".."]
)
@pytest.mark.parametrize("way", ["owner", "group", "everybody"])
def test_each_place_on_the_way_counts_and_is_named(home: Path, place: str, way: str) -> None:
    found = (home / place).resolve()
    if way == "owner":
        os.chown(found, NOBODY, 0)
    else:
        found.chmod(found.stat().st_mode | (0o020 if way == "group" else 0o002))
    reason = looked(home)
    assert reason
    assert reason.startswith(f"{found} ")
    assert ("belongs to user 65534" if way == "owner" else "can be written by others") in reason


def test_the_folder_of_every_link_on_the_way_counts(home: Path, tmp_path: Path) -> None:
    middle = tmp_path / "middle"
    middle.mkdir()
    (middle / "python").symlink_to(home / "bin" / "python3.11")
    (home / "bin" / "python").unlink()
    (home / "bin" / "python").symlink_to(middle / "python")
    assert looked(home) is None
    os.chown(middle, NOBODY, 0)
    assert looked(home) == f"{middle} belongs to user 65534, not to root"


def test_a_module_that_is_a_link_counts_with_what_it_leads_to(home: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere.py"
    elsewhere.touch()
    elsewhere.chmod(0o666)
    (home / "agent" / "linked.py").symlink_to(elsewhere)
    reason = looked(home)
    assert reason
    assert reason.startswith(f"{elsewhere} can be written")


def test_what_is_no_code_and_what_cannot_be_imported_may_be_anybodys(home: Path) -> None:
    (home / "agent" / "data.txt").touch()
    (home / "agent" / "data.txt").chmod(0o666)
    (home / "agent" / ".cache").mkdir()
    (home / "agent" / ".cache" / "x.py").touch()
    (home / "agent" / ".cache" / "x.py").chmod(0o666)
    assert looked(home) is None


def test_a_folder_like_tmp_protects_what_root_put_there(home: Path) -> None:
    home.parent.chmod(0o1777)
    assert looked(home) is None


@pytest.mark.parametrize(
    "linked", ["opt", "opt/watchdesk/bin/python", "opt/watchdesk/agent/own.py"]
)
def test_a_link_in_such_a_folder_is_its_owners_to_replace(
    home: Path, tmp_path: Path, linked: str
) -> None:
    """Whatever it leads to: who owns it may let it lead elsewhere."""
    link = tmp_path / linked
    if link.exists():
        link.rename(tmp_path / "moved")
        link.symlink_to(tmp_path / "moved")
    else:
        link.symlink_to(home / "agent" / "__init__.py")
    link.parent.chmod(0o1777)
    assert looked(home) is None
    os.chown(link, NOBODY, 0, follow_symlinks=False)
    assert looked(home) == f"{link} belongs to user 65534, not to root"


def test_all_that_the_service_imports_from_is_looked_at() -> None:
    places = trust.program_places()
    assert any(place.name.startswith("python") for place in places)
    assert {"agent"} <= {place.name for place in places}
    assert any((place / "asyncio").is_dir() for place in places), "the standard library"
    assert any((place / "psutil").is_dir() for place in places), "what came with it"


def test_as_a_program_it_refuses_by_its_exit_status(home: Path, tmp_path: Path) -> None:
    """As the unit asks before each start."""
    checkout = Path(trust.__file__).parents[2]
    subprocess.run(["cp", "-r", str(checkout / "agent"), str(home / "copied")], check=True)
    (home / "copied" / "cli.py").chmod(0o666)
    script = (
        "import sys; from agent.install import trust; from pathlib import Path;"
        f"trust.program_places = lambda: [Path({str(home / 'copied')!r})]; sys.exit(trust.main())"
    )
    done = subprocess.run(
        [os.sys.executable, "-c", script],  # type: ignore[attr-defined] # the one that runs us
        cwd=checkout, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert "this program cannot be root's service" in done.stderr
    assert "/copied/cli.py can be written by others (mode 0666)" in done.stderr
