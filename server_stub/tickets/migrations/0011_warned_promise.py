from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("tickets", "0010_teams")]

    operations = [
        migrations.AddField(
            model_name="notice",
            name="promise",
            field=models.CharField(db_default="", max_length=64),
        ),
    ]
