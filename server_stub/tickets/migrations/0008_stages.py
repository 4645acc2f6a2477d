from django.db import migrations


class Migration(migrations.Migration):
    """Each ticket stands at the stage that is called like its status."""

    dependencies = [
        ("tickets", "0007_the_desk"),
    ]

    operations = [
        migrations.RunSQL(
            "UPDATE tickets_ticket SET stage = status WHERE status <> 'new'",
            migrations.RunSQL.noop,
        ),
    ]
