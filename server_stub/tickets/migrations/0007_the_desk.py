import django.db.models.deletion
import django.db.models.functions.datetime
from django.apps.registry import Apps
from django.conf import settings
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from server_stub.tickets import words


def take_down(_apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    """SQLite makes the table anew for one column and drops its triggers with it."""
    if editor.connection.vendor == "sqlite":
        words.take_down(editor.connection)


def put_up(_apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    if editor.connection.vendor == "sqlite":
        words.put_up(editor.connection)


class Migration(migrations.Migration):
    dependencies = [
        ("clients", "0002_client_notes_version"),
        ("tickets", "0006_words_marked"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RunPython(take_down, migrations.RunPython.noop),
        migrations.CreateModel(
            name="Link",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("kind", models.CharField(max_length=12)),
                ("at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("actor", models.CharField(db_default="", max_length=254)),
            ],
        ),
        migrations.CreateModel(
            name="Notice",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("kind", models.CharField(max_length=12)),
                ("to", models.CharField(max_length=300)),
                ("text", models.TextField()),
                ("at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("send_at", models.DateTimeField()),
                ("sent_at", models.DateTimeField(blank=True, null=True)),
            ],
        ),
        migrations.CreateModel(
            name="Participant",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("email", models.CharField(db_default="", max_length=254)),
                ("name", models.CharField(db_default="", max_length=200)),
                ("contact", models.BigIntegerField(db_default=0)),
                ("watches", models.BooleanField(db_default=False)),
                ("by_ticket", models.BigIntegerField(db_default=0)),
                ("at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
        ),
        migrations.AddField(
            model_name="ticket",
            name="accepted",
            field=models.CharField(db_default="", max_length=8),
        ),
        migrations.AddField(
            model_name="ticket",
            name="accepted_until",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="ticket",
            name="approval",
            field=models.CharField(db_default="", max_length=12),
        ),
        migrations.AddField(
            model_name="ticket",
            name="chargeable",
            field=models.BooleanField(db_default=False),
        ),
        migrations.AddField(
            model_name="ticket",
            name="close_reason",
            field=models.CharField(db_default="", max_length=40),
        ),
        migrations.AddField(
            model_name="ticket",
            name="resolution",
            field=models.CharField(db_default="", max_length=12),
        ),
        migrations.AddField(
            model_name="ticket",
            name="scope",
            field=models.CharField(db_default="", max_length=40),
        ),
        migrations.AddField(
            model_name="ticket",
            name="stage",
            field=models.CharField(db_default="new", max_length=40),
        ),
        migrations.AddField(
            model_name="ticket",
            name="team",
            field=models.CharField(db_default="", max_length=40),
        ),
        migrations.AddField(
            model_name="ticket",
            name="workaround",
            field=models.TextField(db_default=""),
        ),
        migrations.AlterField(
            model_name="ticket",
            name="type",
            field=models.CharField(db_default="incident", max_length=40),
        ),
        migrations.AddIndex(
            model_name="ticket",
            index=models.Index(
                condition=models.Q(("accepted_until__isnull", False)),
                fields=["accepted_until", "id"],
                name="ticket_accepted",
            ),
        ),
        migrations.AddField(
            model_name="link",
            name="other",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="linked_by",
                to="tickets.ticket",
            ),
        ),
        migrations.AddField(
            model_name="link",
            name="ticket",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="links",
                to="tickets.ticket",
            ),
        ),
        migrations.AddField(
            model_name="notice",
            name="ticket",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="notices",
                to="tickets.ticket",
            ),
        ),
        migrations.AddField(
            model_name="participant",
            name="ticket",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="participants",
                to="tickets.ticket",
            ),
        ),
        migrations.AddConstraint(
            model_name="link",
            constraint=models.UniqueConstraint(
                fields=("ticket", "other", "kind"), name="link_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="link",
            constraint=models.UniqueConstraint(
                condition=models.Q(("kind__in", ["duplicate", "child"])),
                fields=("ticket", "kind"),
                name="link_one_original_one_parent",
            ),
        ),
        migrations.AddIndex(
            model_name="notice",
            index=models.Index(
                condition=models.Q(("sent_at__isnull", True)),
                fields=["send_at", "id"],
                name="notice_to_send",
            ),
        ),
        migrations.AddConstraint(
            model_name="participant",
            constraint=models.UniqueConstraint(
                fields=("ticket", "contact", "email"), name="participant_once"
            ),
        ),
        migrations.RunPython(put_up, migrations.RunPython.noop),
    ]
