from django.db import migrations, models


def _text(name: str, length: int) -> migrations.SeparateDatabaseAndState:
    """Add the column without making the table anew, as Django would on SQLite.

    That takes long and drops the triggers of the word index (see ``tickets.words``).
    """
    return migrations.SeparateDatabaseAndState(
        database_operations=[
            migrations.RunSQL(
                f"ALTER TABLE clients_device ADD COLUMN {name} varchar({length}) "
                "DEFAULT '' NOT NULL",
                f"ALTER TABLE clients_device DROP COLUMN {name}",
            )
        ],
        state_operations=[
            migrations.AddField(
                model_name="device",
                name=name,
                field=models.CharField(db_default="", default="", max_length=length),
            )
        ],
    )


class Migration(migrations.Migration):
    dependencies = [
        ("clients", "0003_agreements"),
    ]

    operations = [
        migrations.AddField(
            model_name="device",
            name="retired_at",
            field=models.DateTimeField(null=True, blank=True),
        ),
        _text("retired_by", 254),
        _text("retired_because", 300),
    ]
