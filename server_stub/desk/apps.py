"""The Django application of this package."""

import importlib

from django.apps import AppConfig


class DeskConfig(AppConfig):
    """Registers the models, and notes when sign-ins begin and who they are of."""

    name = "server_stub.desk"

    def ready(self) -> None:
        """Listen to sign-ins before there can be one."""
        importlib.import_module("server_stub.desk.sessions")
        importlib.import_module("server_stub.desk.audited")
