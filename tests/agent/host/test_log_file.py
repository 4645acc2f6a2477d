"""A service's own log: appended to, bounded, and never a reason to fail."""

import logging
from pathlib import Path

from agent.host.log_file import LogFile


def test_it_is_appended_to_and_the_one_before_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "agent.log"
    path.write_text("earlier\n")
    log = LogFile(path, largest=100)
    log.write("é half a surrogate \udce9\n")
    assert path.read_text().splitlines() == ["earlier", r"é half a surrogate \udce9"]
    log.write("x" * 100 + "\n")
    assert not path.exists()
    log.write("new\n")
    assert path.read_text() == "new\n"
    assert (tmp_path / "agent.log.1").read_text().startswith("earlier")
    log.close()


def test_logging_goes_there_and_outlives_a_folder_that_is_not_there(tmp_path: Path) -> None:
    log = LogFile(tmp_path / "later" / "agent.log")
    handler = logging.StreamHandler(log)
    record = logging.LogRecord("agent", logging.INFO, "", 0, "words", None, None)
    handler.handle(record)
    (tmp_path / "later").mkdir()
    handler.handle(record)
    assert (tmp_path / "later" / "agent.log").read_text() == "words\n"
    log.close()
