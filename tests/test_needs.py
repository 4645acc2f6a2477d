import pytest

from tests.support import needs


def test_what_a_machine_lacks_skips_a_test_with_the_reason(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("CI", raising=False)

    with pytest.raises(pytest.skip.Exception, match="needs a magnet"):
        needs.lacking("a magnet")


def test_in_ci_a_skip_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    """A test that never runs there proves nothing to anybody."""
    monkeypatch.setenv("CI", "true")

    with pytest.raises(pytest.fail.Exception, match="a magnet"):
        needs.lacking("a magnet")


@pytest.mark.needs("sh")
def test_a_tool_is_found_or_not() -> None:
    assert needs.tool("sh")
    assert needs.tool("no-such-tool-anywhere") is None
