from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("intake", "0002_last_word")]

    operations = [
        migrations.AddField(
            model_name="lastword",
            name="taken_back_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
    ]
