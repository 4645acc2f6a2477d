"""The Django application of this package."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate

from server_stub import walls


class ClientsConfig(AppConfig):
    """Registers the models, and the walls that stand round their rows after each migration."""

    name = "server_stub.clients"

    def ready(self) -> None:
        """Put the walls up once every app's tables are there."""
        post_migrate.connect(walls.put_up, sender=self, dispatch_uid="watchdesk-walls")
