from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("contacts", "0001_initial"),
    ]

    operations = [
        migrations.AddField(
            model_name="contact",
            name="importance",
            field=models.CharField(db_default="normal", default="normal", max_length=8),
        ),
    ]
