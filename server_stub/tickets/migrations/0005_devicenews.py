import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("clients", "0001_initial"),
        ("tickets", "0004_ticket_queue_narrowed"),
    ]

    operations = [
        migrations.CreateModel(
            name="DeviceNews",
            fields=[
                (
                    "device",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="clients.device",
                    ),
                ),
                ("version", models.BigIntegerField()),
                ("reports", models.BigIntegerField()),
            ],
        ),
    ]
