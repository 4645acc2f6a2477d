"""The word index anew, with marks that no text can make: see ``server_stub.tickets.words``."""

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from server_stub.tickets import words


def index_again(_apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    words.take_down(editor.connection)
    words.put_up(editor.connection)


class Migration(migrations.Migration):
    dependencies = [
        ("tickets", "0005_devicenews"),
        ("clients", "0001_initial"),
    ]

    operations = [
        migrations.RunPython(index_again, migrations.RunPython.noop),
    ]
