"""A seal proves that retention removed its entries; guards against TRUNCATE and REPLACE."""

from django.db import migrations, models

from server_stub.audit import guards


class Migration(migrations.Migration):
    dependencies = [("audit", "0001_initial")]

    operations = [
        migrations.AddField(
            model_name="seal",
            name="dropping",
            field=models.CharField(db_default="", max_length=64),
        ),
        migrations.RunPython(
            lambda _, editor: guards.put_up(editor.connection),
            lambda _, editor: guards.put_up(editor.connection),
        ),
    ]
