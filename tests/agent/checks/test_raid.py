"""Software RAID: md and ZFS as they were recorded, btrfs for real.

A recorded file begins with what is expected of it: array, state, missing members and errors.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.check_api import CheckError, CheckTimeoutError, Measured, TargetFilter, Unreadable
from agent.checks.raid import CHECK, values
from agent.host import arrays, program
from agent.host.arrays import Array
from agent.host.program import Ended
from tests.support.btrfs import Mirror

RECORDED = sorted((Path(__file__).parent / "recorded" / "raid").glob("*.txt"))


def split(file: Path) -> tuple[list[list[str]], str]:
    lines = file.read_text(encoding="utf-8").splitlines(keepends=True)
    expected = [line.split()[1:] for line in lines if line.startswith("expect: ")]
    return expected, "".join(lines[len(expected) :])


@pytest.mark.parametrize("file", RECORDED, ids=lambda file: file.stem)
def test_what_was_recorded_is_judged(file: Path) -> None:
    expected, text = split(file)
    found = arrays.zfs(text) if file.stem.startswith("zfs") else arrays.md(text)
    told = sorted(
        [array.target, array.state, *("-" if n is None else str(n) for n in array[2:])]
        for array in found
    )
    assert [line[: len(wanted)] for line, wanted in zip(told, expected, strict=True)] == expected


def test_as_many_quiet_cases_are_recorded_as_alarming_ones() -> None:
    cases = [state for file in RECORDED for _, state, *_ in split(file)[0]]
    alarming = [state for state in cases if state in {"degraded", "failed"}]
    assert len(cases) >= 28
    assert len(alarming) <= len(cases) / 2


class Kernel:
    """The kernel's files of a computer with one md array."""

    def __init__(self, folder: Path, mdstat: str) -> None:
        self.folder = folder
        self.write("proc/mdstat", mdstat)

    def write(self, path: str, text: str) -> None:
        file = self.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")

    def arrays(self) -> list[Array | tuple[str, CheckError]]:
        return list(arrays.read(str(self.folder)))


@pytest.fixture
def kernel(tmp_path: Path) -> Kernel:
    return Kernel(
        tmp_path,
        "Personalities : [raid0]\nmd0 : active raid0 sdb1[1] sda1[0]\n      2093056 blocks\n",
    )


class TestWhatTheKernelTellsBesides:
    def test_errors_of_all_members(self, kernel: Kernel) -> None:
        kernel.write("sys/block/md0/md/dev-sda1/errors", "3\n")
        kernel.write("sys/block/md0/md/dev-sdb1/errors", "4\n")
        assert kernel.arrays() == [Array("/dev/md0", "healthy", 0, 7)]

    def test_an_array_without_redundancy_that_lost_a_member_is_broken(self, kernel: Kernel) -> None:
        """mdstat still lists it as active."""
        kernel.write("sys/block/md0/md/array_state", "broken\n")
        assert kernel.arrays() == [Array("/dev/md0", "failed", 0)]

    def test_the_members_of_an_array(self, kernel: Kernel) -> None:
        assert arrays.members("/dev/md0", str(kernel.folder)) == "sdb1[1] sda1[0]"
        assert arrays.members("/dev/md1", str(kernel.folder)) == ""
        kernel.write("sys/fs/btrfs/1-1-1-1-1/label", "backup\n")
        for device in ("sdd", "sdc"):
            kernel.write(f"sys/fs/btrfs/1-1-1-1-1/devices/{device}/size", "9\n")
        for name in ("backup", "1-1-1-1-1"):
            assert arrays.members(f"btrfs:{name}", str(kernel.folder)) == "sdc sdd"

    def test_two_btrfs_of_one_label_are_told_by_their_ids(self, kernel: Kernel) -> None:
        kernel.write("proc/mdstat", "")
        for uuid in ("1-1-1-1-1", "2-2-2-2-2"):
            kernel.write(f"sys/fs/btrfs/{uuid}/label", "backup\n")
            for device in "12":
                kernel.write(f"sys/fs/btrfs/{uuid}/devinfo/{device}/missing", "0\n")
        kernel.write("sys/fs/btrfs/3-3-3-3-3/label", "one disk\n")
        kernel.write("sys/fs/btrfs/3-3-3-3-3/devinfo/1/missing", "0\n")
        kernel.write("sys/fs/btrfs/features/raid1c34", "0\n")
        found = sorted(kernel.arrays())
        assert found == [
            Array("btrfs:1-1-1-1-1", "healthy", 0),
            Array("btrfs:2-2-2-2-2", "healthy", 0),
        ]

    def test_a_device_being_replaced_is_being_rebuilt(self, kernel: Kernel) -> None:
        kernel.write("proc/mdstat", "")
        kernel.write("sys/fs/btrfs/1-1-1-1-1/label", "tank\n")
        kernel.write("sys/fs/btrfs/1-1-1-1-1/exclusive_operation", "device replace\n")
        for device, missing in (("1", "0"), ("2", "1")):
            kernel.write(f"sys/fs/btrfs/1-1-1-1-1/devinfo/{device}/missing", missing)
        assert kernel.arrays() == [Array("btrfs:tank", "rebuilding", 1)]

    def test_a_computer_without_any_has_none(self, tmp_path: Path) -> None:
        assert Kernel(tmp_path, "").arrays() == []


class TestAskingZfs:
    @pytest.fixture(autouse=True)
    def loaded(self, kernel: Kernel, monkeypatch: pytest.MonkeyPatch) -> None:
        kernel.write("proc/mdstat", "")
        kernel.write("sys/module/zfs/version", "2.1.11\n")
        monkeypatch.setattr(program, "find", lambda name: Path("/sbin", name))

    def test_its_pools_are_told(self, kernel: Kernel, monkeypatch: pytest.MonkeyPatch) -> None:
        _, text = split(Path(__file__).parent / "recorded" / "raid" / "zfs_disk_faulted.txt")
        asked = []

        def run(argv: list[str], deadline_s: float) -> Ended:
            del deadline_s
            asked.append(argv)
            return Ended(0, text.encode(), b"", cut=False)

        monkeypatch.setattr(program, "run", run)
        assert kernel.arrays() == [Array("zfs:tank", "degraded", 1, 2171)]
        assert asked == [["/sbin/zpool", "status", "-p"]]

    def test_one_that_hangs_or_fails_is_unknown(
        self, kernel: Kernel, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def hangs(_argv: list[str], _deadline_s: float) -> Ended:
            raise CheckTimeoutError("/sbin/zpool did not end within 10 s")

        monkeypatch.setattr(program, "run", hangs)
        [found] = kernel.arrays()
        assert str(found[1]) == "/sbin/zpool did not end within 10 s"
        monkeypatch.setattr(program, "run", lambda *_: Ended(1, b"", b"no permission", cut=False))
        [found] = kernel.arrays()
        assert str(found[1]) == "zpool status failed (1): no permission"

    def test_without_its_tool_nothing_is_told(
        self, kernel: Kernel, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(program, "find", lambda _name: None)
        assert kernel.arrays() == []


class TestTargets:
    @pytest.fixture(autouse=True)
    def known(self, monkeypatch: pytest.MonkeyPatch) -> None:
        found = [Array("/dev/md0", "healthy", 0, 0), ("zfs", CheckError("it does not answer"))]
        monkeypatch.setattr(arrays, "read", lambda: iter(found))

    def test_every_array_by_itself_and_less_those_excluded(self) -> None:
        assert [one.target for one in CHECK.probe(TargetFilter())] == ["/dev/md0", "zfs"]
        assert [one.target for one in CHECK.probe(TargetFilter(exclude=("zfs*",)))] == ["/dev/md0"]

    def test_one_that_is_named_and_not_there_is_told(self) -> None:
        found = list(CHECK.probe(TargetFilter(("/dev/md0", "/dev/md7"))))
        assert found[1] == Unreadable("/dev/md7", "this computer runs no such array")

    def test_what_is_not_known_is_left_out(self) -> None:
        assert values(Array("/dev/md0", "failed")) == {"array_state": "failed"}


@pytest.fixture
def mirror(tmp_path: Path) -> Iterator[Mirror]:
    made = Mirror(tmp_path)
    yield made
    made.remove()


@pytest.mark.needs("mkfs.btrfs", "btrfs", "losetup")
@pytest.mark.needs_root
def test_a_real_mirror_healthy_corrupted_and_without_a_device(mirror: Mirror) -> None:
    """One story, as each state follows from the one before; making a mirror takes a second."""
    target = f"btrfs:{mirror.label}"

    def seen() -> dict[str, object]:
        [found] = CHECK.probe(TargetFilter((target,)))
        assert isinstance(found, Measured), found
        return dict(found.values)

    assert seen() == {"array_state": "healthy", "missing_count": 0, "errors_total": 0}

    mirror.corrupt_one()
    corrupted = seen()
    assert corrupted["array_state"] == "healthy", "all is there, read from the other mirror"
    errors = corrupted["errors_total"]
    assert isinstance(errors, int)
    assert errors > 100

    mirror.forget_errors()
    assert seen() == {"array_state": "healthy", "missing_count": 0, "errors_total": 0}

    mirror.lose_one()
    alone = seen()
    assert (alone["array_state"], alone["missing_count"]) == ("degraded", 1)
