from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("tickets", "0008_stages")]

    operations = [
        migrations.AddField(
            "ticket", "policy_version", models.BigIntegerField(blank=True, null=True)
        ),
        migrations.AddIndex(
            "ticket",
            models.Index(
                condition=models.Q(("alert_key__isnull", False), ("resolved_at__isnull", False)),
                fields=["resolved_at"],
                name="ticket_alert_settled",
            ),
        ),
    ]
