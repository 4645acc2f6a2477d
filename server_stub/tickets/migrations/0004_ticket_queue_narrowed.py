from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("tickets", "0003_words"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="ticket",
            index=models.Index(
                condition=models.Q(("resolved_at__isnull", True)),
                fields=["status", "priority", "next_due_at", "id"],
                name="ticket_queue_narrowed",
            ),
        ),
    ]
