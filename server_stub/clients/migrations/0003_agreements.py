import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models


def _importance(model: str) -> migrations.SeparateDatabaseAndState:
    """Add the column without making the table anew, as Django would on SQLite.

    That takes long and drops the triggers of the word index (see ``tickets.words``).
    """
    return migrations.SeparateDatabaseAndState(
        database_operations=[
            migrations.RunSQL(
                f"ALTER TABLE clients_{model} "
                "ADD COLUMN importance varchar(8) DEFAULT 'normal' NOT NULL",
                f"ALTER TABLE clients_{model} DROP COLUMN importance",
            )
        ],
        state_operations=[
            migrations.AddField(
                model_name=model,
                name="importance",
                field=models.CharField(db_default="normal", default="normal", max_length=8),
            )
        ],
    )


class Migration(migrations.Migration):
    dependencies = [
        ("clients", "0002_client_notes_version"),
    ]

    operations = [
        _importance("client"),
        _importance("device"),
        migrations.CreateModel(
            name="Agreement",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=40)),
                ("starts", models.DateField()),
                ("ends", models.DateField(blank=True, null=True)),
                ("whole", models.BooleanField(db_default=True, default=True)),
                ("included_minutes", models.IntegerField(db_default=0, default=0)),
                (
                    "created_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
                ),
                ("created_by", models.CharField(db_default="", max_length=254)),
                (
                    "client",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="agreements",
                        to="clients.client",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Covered",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "agreement",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="covered",
                        to="clients.agreement",
                    ),
                ),
                (
                    "device",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="clients.device",
                    ),
                ),
                (
                    "site",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="clients.site",
                    ),
                ),
            ],
        ),
        migrations.AddIndex(
            model_name="agreement",
            index=models.Index(fields=["client", "starts"], name="agreement_of_client"),
        ),
        migrations.AddConstraint(
            model_name="covered",
            constraint=models.UniqueConstraint(
                fields=("agreement", "site"), name="covered_site_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="covered",
            constraint=models.UniqueConstraint(
                fields=("agreement", "device"), name="covered_device_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="covered",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("device__isnull", False), ("site__isnull", True)),
                    models.Q(("device__isnull", True), ("site__isnull", False)),
                    _connector="OR",
                ),
                name="covered_is_site_or_device",
            ),
        ),
    ]
