"""Volumes of Windows and macOS, as psutil listed them on such systems."""

from agent.host.drives import choose

WINDOWS = [
    ("C:\\", "C:\\", "NTFS", "rw,fixed"),
    ("D:\\", "D:\\", "", "cdrom"),
    ("E:\\", "E:\\", "NTFS", "rw,fixed"),
    ("E:\\", "E:\\mounts\\logs\\", "NTFS", "rw,fixed"),
    ("F:\\", "F:\\", "exFAT", "rw,removable"),
    ("Z:\\", "Z:\\", "NTFS", "rw,remote"),
    ("G:\\", "G:\\", "", "fixed"),
]
MACOS = [
    ("/dev/disk3s1s1", "/", "apfs", "ro,local,rootfs,dovolfs,journaled,multilabel"),
    ("/dev/disk3s6", "/System/Volumes/VM", "apfs", "rw,noexec,local"),
    ("/dev/disk3s5", "/System/Volumes/Data", "apfs", "rw,local,nobrowse"),
    ("/dev/disk1s2", "/System/Volumes/xarts", "apfs", "rw,local"),
    ("/dev/disk4s1", "/Volumes/Backup", "hfs", "rw,local"),
    ("com.apple.TimeMachine@/dev/disk5s1", "/Volumes/.timemachine/x", "apfs", "ro,local"),
    ("/dev/disk5s1@com.apple.snap", "/Volumes/snap", "apfs", "ro,local"),
    ("//ann@nas/share", "/Volumes/share", "smbfs", "rw"),
    ("devfs", "/dev", "devfs", "rw,local"),
    ("map auto_home", "/System/Volumes/Data/home", "autofs", "rw"),
]


def test_windows_fixed_drives_are_real() -> None:
    real, every = choose(WINDOWS)
    assert [volume.target for volume in real] == ["C:", "E:"]
    assert {volume.target for volume in every} >= {"F:", "Z:", "E:\\mounts\\logs"}
    assert [volume.plain for volume in every if volume.target == "Z:"] == [False]
    assert real[0].path == "C:\\"
    assert real[0].plain


def test_the_volumes_of_an_apfs_container_are_one() -> None:
    real, every = choose(MACOS)
    assert [volume.target for volume in real] == ["/", "/System/Volumes/xarts", "/Volumes/Backup"]
    assert [volume.plain for volume in every if volume.target == "/Volumes/share"] == [False]
