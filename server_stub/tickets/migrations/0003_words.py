"""The word index: see ``server_stub.tickets.words``."""

from django.db import migrations

from server_stub.tickets import words


class Migration(migrations.Migration):
    dependencies = [
        ("tickets", "0002_ticket_version"),
        ("clients", "0001_initial"),
    ]

    operations = [
        migrations.RunPython(
            lambda _, editor: words.put_up(editor.connection),
            lambda _, editor: words.take_down(editor.connection),
        ),
    ]
