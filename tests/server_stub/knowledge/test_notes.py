"""Notes as staff write them: one text file each."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.db import DatabaseError, connection, transaction

from server_stub.cli import main
from server_stub.clients.models import Client
from server_stub.clients.scope import ALL, Scope
from server_stub.errors import InvalidError, NotFoundError
from server_stub.knowledge import actions
from server_stub.knowledge.actions import count_solution, keep_note, remove_note
from server_stub.knowledge.feed import notes_of
from server_stub.knowledge.models import Note
from server_stub.knowledge.queries import notes, notes_counted
from server_stub.walls import seen_by
from tests.support.databases import ServerDatabase
from tests.support.rows import NOW, a_client

TEXT = "# Blank pages\n\nWords: printer, toner\n\nTake the strip off.\n\n\tThen print."


def titles(scope: Scope) -> list[str]:
    return [row.title for row in notes(scope)]


@pytest.mark.parametrize(
    ("written", "title", "words", "text"),
    [
        (TEXT, "Blank pages", "printer toner", "Take the strip off.\n\n\tThen print."),
        ("Slow?\nRestart it.", "Slow?", "", "Restart it."),
        ("\ufeff## A title ##x\r\nwords : a,b\r\nc", "A title ##x", "a b", "c"),
        ("One\ntext\nWords: not here", "One", "", "text\nWords: not here"),
        ("🖨 “x”\n<script>", "🖨 “x”", "", "<script>"),
    ],
)
def test_a_file_is_title_words_and_text(
    sqlite: ServerDatabase, written: str, title: str, words: str, text: str
) -> None:
    row, is_new = keep_note(written, None, NOW)
    assert is_new
    assert (row.title, row.words, row.text) == (title, words, text)


@pytest.mark.parametrize(
    ("written", "field"),
    [
        ("", "title"),
        ("#\ntext", "title"),
        ("x" * 201 + "\ntext", "title"),
        ("a\u202eb\ntext", "title"),
        ("title", "text"),
        ("title\nWords: a\n", "text"),
        ("title\n" + "x" * 4_001, "text"),
        ("title\nWords: " + "x" * 501 + "\ntext", "words"),
        ("title\nnul \0", "text"),
    ],
)
def test_what_is_no_note_is_refused_by_its_part(
    sqlite: ServerDatabase, written: str, field: str
) -> None:
    with pytest.raises(InvalidError) as told:
        keep_note(written, None, NOW)
    assert told.value.field == field
    assert Note.objects.count() == 0


def test_one_of_the_same_title_is_replaced_and_keeps_number_and_count(
    database: ServerDatabase,
) -> None:
    client = a_client()
    first, _ = keep_note(TEXT, client, NOW)
    count_solution(client, str(first.id), NOW)
    again, is_new = keep_note("Blank pages\nBuy toner.", client, NOW + timedelta(hours=1))
    common, is_another = keep_note(TEXT, None, NOW)

    assert (again.id, is_new, is_another) == (first.id, False, True)
    counted = {row.id: row.solved for row in notes_counted(ALL)}  # type: ignore[attr-defined] # annotated
    assert counted == {first.id: 1, common.id: 0}
    assert Note.objects.get(id=first.id).text == "Buy toner."


def test_each_change_moves_the_cursor_of_those_it_is_for(database: ServerDatabase) -> None:
    ours, theirs = a_client(), a_client()

    def versions() -> list[int]:
        return [Client.objects.get(id=one.id).notes_version for one in (ours, theirs)]

    own, _ = keep_note(TEXT, ours, NOW)
    assert versions() == [1, 0]
    keep_note("Slow?\nRestart it.", None, NOW)
    assert versions() == [2, 1]
    remove_note(ALL, own.id)
    assert versions() == [3, 1]


def test_counts_are_of_the_scopes_own_clients(database: ServerDatabase) -> None:
    ours, theirs = a_client(), a_client()
    common, _ = keep_note(TEXT, None, NOW)
    for client in (ours, ours, theirs):
        count_solution(client, str(common.id), NOW)

    def solved(scope: Scope) -> int:
        found: int = notes_counted(scope).get().solved  # type: ignore[attr-defined] # annotated
        return found

    assert (solved(ALL), solved(Scope.of([ours.id])), solved(Scope.of([theirs.id]))) == (3, 2, 1)


def test_notes_for_all_are_read_by_every_client_and_by_nobody_else(
    database: ServerDatabase,
) -> None:
    ours, theirs = a_client(), a_client()
    keep_note(TEXT, None, NOW)
    keep_note("Theirs\nalone", theirs, NOW)

    assert titles(Scope.of([ours.id])) == ["Blank pages"]
    assert titles(Scope.of([])) == []
    with pytest.raises(NotFoundError):
        remove_note(Scope.of([ours.id]), Note.objects.get(title="Theirs").id)


def test_the_wall_lets_them_be_read_and_not_be_written(postgresql: ServerDatabase) -> None:
    """The database's own word, for the day a query forgets its scope."""
    ours, theirs = a_client(), a_client()
    common, _ = keep_note(TEXT, None, NOW)
    keep_note("Theirs\nalone", theirs, NOW)

    with seen_by(frozenset({ours.id})):
        assert [row.title for row in Note.objects.all()] == ["Blank pages"]
        with pytest.raises(DatabaseError), transaction.atomic():
            Note.objects.filter(id=common.id).update(text="changed")
    with seen_by(frozenset()):
        assert Note.objects.count() == 0
    connection.close()


def test_a_device_is_never_given_more_than_it_keeps(
    sqlite: ServerDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = a_client()
    for number in range(3):
        keep_note(f"Note {number}\n{'x' * 300}", None, NOW)
    monkeypatch.setattr("server_stub.knowledge.feed.MOST_TEXT", 700)
    assert len(notes_of(client.id)) == 2

    monkeypatch.setattr(actions, "MOST_NOTES", 3)
    keep_note("Note 2\nanew", None, NOW)
    with pytest.raises(InvalidError, match="remove one first"):
        keep_note("Note 3\none too many", client, NOW)


def test_the_commands_keep_list_and_remove(
    sqlite: ServerDatabase, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    a_client("Corner Bakery")
    for name, text in (("a.md", TEXT), ("b.md", "Slow?\nRestart it.")):
        (tmp_path / name).write_text(text)
    files = [str(tmp_path / "a.md"), str(tmp_path / "b.md")]

    assert main(["note", "add", *files]) == 0
    assert main(["note", "add", files[0], "--client", "corner bakery"]) == 0
    told = capsys.readouterr().out
    assert "added: Blank pages" in told
    assert main(["note", "list"]) == 0
    shown = capsys.readouterr().out.splitlines()
    assert [line.split("  ", 1)[1] for line in shown] == [
        "all clients  solved 0  Blank pages",
        "Corner Bakery  solved 0  Blank pages",
        "all clients  solved 0  Slow?",
    ]
    number = shown[0].split()[0]
    assert main(["note", "remove", number]) == 0
    assert main(["note", "remove", number]) == 1
    assert "there is no note" in capsys.readouterr().err


def test_of_several_files_with_a_mistake_none_is_kept(
    sqlite: ServerDatabase, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "good.md").write_text(TEXT)
    (tmp_path / "bad.md").write_bytes(b"\xff")
    assert main(["note", "add", str(tmp_path / "good.md"), str(tmp_path / "bad.md")]) == 2
    assert "bad.md" in capsys.readouterr().err
    assert Note.objects.count() == 0
