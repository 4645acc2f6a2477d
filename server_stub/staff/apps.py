"""The staff pages as a Django app: templates, static files and template tags."""

from django.apps import AppConfig


class StaffConfig(AppConfig):
    """No tables of its own: everything is read through the query layer."""

    name = "server_stub.staff"
    label = "staff"
