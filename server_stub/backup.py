"""A backup: one file with database, secret key, attachments, and what tells that it is whole.

A tar archive of ``backup.json`` (format, version, product, migrations, SHA-256 of the rest), then
the key, then the database as ``server_stub.dump`` writes it, then the attachments. The key is in
it because sessions and second factors are worth nothing without: who has the file has everything,
hence mode 0600.

An attachment's file is named by the SHA-256 of what it holds and never changes, so those that are
there once the database was copied are all that the copy names, and each tells whether it is whole.
"""

import hashlib
import json
import os
import shutil
import tarfile
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from django.db import connection
from django.db.migrations.loader import MigrationLoader

from agent.protocol import VERSION
from server_stub import dump, secret_key
from server_stub.attachment_files import FOLDER, files, place_of
from server_stub.database import sync
from server_stub.errors import InvalidError, SetupError

FORMAT = 1
_DESCRIPTION = "backup.json"
_DATABASE = "database"
_MEMBERS = (secret_key.FILE_NAME, _DATABASE)
_LONGEST_DESCRIPTION = 1_000_000
_CHUNK = 1 << 20
_IS_THERE = "it is there already, and a backup overwrites nothing"
_NO_URL = "leave out --database-url"


@dataclass(frozen=True, slots=True)
class Backup:
    """What a backup says of itself.

    ``vendor`` is ``sqlite`` or ``postgresql``; ``attachments`` is how many files it holds.
    """

    version: str
    vendor: str
    at: str
    migrations: tuple[str, ...]
    sha256: dict[str, str]
    attachments: int = 0


def write(to: Path, data: Path, progress: dump.Progress) -> int:
    """Back the default database and what is in ``data`` up to a new file; return its bytes.

    The file appears under its name when it is whole and durable. Raises InvalidError when it
    exists or cannot be made, SetupError when something cannot be read.
    """
    if to.exists():
        raise InvalidError(str(to), _IS_THERE)
    if not to.parent.is_dir():
        raise InvalidError(str(to), "its folder does not exist")
    with _beside(to) as folder:
        shutil.copyfile(data / secret_key.FILE_NAME, folder / secret_key.FILE_NAME)
        migrations = _migrations()
        dump.dump(folder / _DATABASE, progress)
        kept = files(data)
        description = {
            "format": FORMAT,
            "version": VERSION,
            "vendor": connection.vendor,
            "at": datetime.now(UTC).isoformat(timespec="seconds"),
            "migrations": migrations,
            "sha256": {name: _sha256(folder / name) for name in _MEMBERS},
            "attachments": len(kept),
        }
        (folder / _DESCRIPTION).write_text(json.dumps(description, indent=1))
        whole = folder / "whole"
        # Made with its mode: a file system without modes (FAT) refuses to change one.
        whole.touch(mode=0o600)
        with tarfile.open(whole, "w") as archive:
            for name in (_DESCRIPTION, *_MEMBERS):
                archive.add(folder / name, name, filter=_nobodys)
            _add(archive, kept, progress)
        sync(whole)
        _name(whole, to)
        sync(to.parent)
        return to.stat().st_size


def _name(whole: Path, to: Path) -> None:
    """Give a finished file its name; one that is taken stays as it is.

    A link replaces nothing, unlike a rename. FAT and some network shares have none: there the
    name is taken by an empty file first, which only we can have made, and that one is replaced.
    Raises InvalidError when the name was taken meanwhile.
    """
    try:
        try:
            os.link(whole, to)
        except FileExistsError:
            raise
        except OSError:
            to.touch(mode=0o600, exist_ok=False)
            try:
                whole.replace(to)
            except OSError:
                to.unlink()
                raise
    except FileExistsError as error:
        raise InvalidError(str(to), _IS_THERE) from error


def restore(source: Path, data: Path, progress: dump.Progress) -> Backup:
    """Fill the default database and ``data``, both empty, from a backup; return what it says.

    Raises InvalidError when the file is no backup, is damaged or is another product's or a newer
    version's, SetupError when there is something already or it cannot be written. Then nothing
    was changed.
    """
    key = data / secret_key.FILE_NAME
    taken = next((path for path in (key, data / FOLDER) if path.exists()), None)
    there = f"{taken} is there already" if taken else dump.content()
    if there:
        raise SetupError(
            f"{there}: a backup is restored only where there is nothing yet; nothing was changed. "
            "Name an empty folder with --data (and an empty database with --database-url)"
        )
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _beside(key) as folder:
        found = _unpack(source, folder)
        _demand_usable(source, found)
        dump.load(folder / _DATABASE, progress)
        if found.attachments:
            (folder / FOLDER).rename(data / FOLDER)
        sync(folder / secret_key.FILE_NAME)
        (folder / secret_key.FILE_NAME).rename(key)
        sync(data)
    return found


@contextmanager
def _beside(place: Path) -> Iterator[Path]:
    """Make a folder on the disk where the result belongs; remove it afterwards."""
    try:
        with tempfile.TemporaryDirectory(prefix=".backup-", dir=place.parent) as folder:
            yield Path(folder)
    except OSError as error:
        raise SetupError(f"{error.filename or place}: {error.strerror or error}") from error


def _unpack(source: Path, folder: Path) -> Backup:
    try:
        with tarfile.open(source, "r:") as archive:
            found = _described(archive)
            for name in _MEMBERS:
                _extract(archive, name, folder / name)
                if _sha256(folder / name) != found.sha256.get(name):
                    raise InvalidError(str(source), f"it is damaged: {name} is not what was kept")
            _unpack_attachments(archive, found.attachments, source, folder)
    except OSError as error:
        raise InvalidError(str(source), error.strerror or str(error)) from error
    except (tarfile.TarError, KeyError, TypeError, ValueError, EOFError) as error:
        raise InvalidError(str(source), f"it is no whole backup of watchdesk ({error})") from error
    return found


def _unpack_attachments(archive: tarfile.TarFile, count: int, source: Path, folder: Path) -> None:
    """Extract the files of attachments; each must be what its name says."""
    kept = [one.name for one in archive.getmembers() if one.name.startswith(f"{FOLDER}/")]
    if len(kept) != count:
        raise ValueError(f"it holds {len(kept)} of its {count} attachments")
    for member in kept:
        name = member.removeprefix(f"{FOLDER}/")
        path = place_of(folder, name)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _extract(archive, member, path)
        if _sha256(path) != name:
            raise InvalidError(str(source), f"it is damaged: {member} is not what was kept")
        sync(path)
    for one in {place_of(folder, member.removeprefix(f"{FOLDER}/")).parent for member in kept}:
        sync(one)


def _add(archive: tarfile.TarFile, kept: Sequence[Path], progress: dump.Progress) -> None:
    """Add the files of attachments."""
    for number, path in enumerate(kept, 1):
        archive.add(path, f"{FOLDER}/{path.name}", filter=_nobodys)
        progress(f"attachment {number} of {len(kept)}")


def _described(archive: tarfile.TarFile) -> Backup:
    member = archive.next()
    if member is None or member.name != _DESCRIPTION or member.size > _LONGEST_DESCRIPTION:
        raise ValueError(f"it does not begin with {_DESCRIPTION}")
    tree: dict[str, Any] = json.loads(_opened(archive, _DESCRIPTION).read())
    if tree["format"] != FORMAT:
        raise ValueError(f"its format is {tree['format']}, this version reads {FORMAT}")
    return Backup(
        str(tree["version"]),
        str(tree["vendor"]),
        str(tree["at"]),
        tuple(map(str, tree["migrations"])),
        dict(tree["sha256"]),
        int(tree.get("attachments", 0)),
    )


def _demand_usable(source: Path, found: Backup) -> None:
    if found.vendor != connection.vendor:
        raise InvalidError(
            str(source),
            f"it is of a {found.vendor} database and this is {connection.vendor}: "
            + ("name one with --database-url" if found.vendor == "postgresql" else _NO_URL),
        )
    ours = {f"{app}.{name}" for app, name in MigrationLoader(None).disk_migrations or ()}
    if unknown := sorted(set(found.migrations) - ours):
        raise InvalidError(
            str(source),
            f"it was made by version {found.version}, which knows more than {VERSION} "
            f"({unknown[0]}): restore it with that version or a newer one",
        )


def _extract(archive: tarfile.TarFile, name: str, to: Path) -> None:
    with _opened(archive, name) as kept, to.open("xb") as file:
        shutil.copyfileobj(kept, file, _CHUNK)


def _opened(archive: tarfile.TarFile, name: str) -> IO[bytes]:
    file = archive.extractfile(name)
    if file is None:
        raise ValueError(f"{name} is no file")
    return file


def _migrations() -> list[str]:
    applied = MigrationLoader(connection).applied_migrations
    return sorted(f"{app}.{name}" for app, name in applied)


def _nobodys(member: tarfile.TarInfo) -> tarfile.TarInfo:
    """Leave out who made it: names of this computer's users are nobody else's business."""
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    member.mode = 0o600
    return member


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
