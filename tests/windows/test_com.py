"""Objects of COM by ctypes, on the real Python for Windows with an object of Wine's."""

from tests.support.windows import Windows


def test_an_object_is_made_told_and_asked(windows: Windows) -> None:
    assert windows.run("-m", "tests.windows.com_probe") == "7 7 refused"
