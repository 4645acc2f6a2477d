"""The staff pages' paths."""

from django.urls import path

from server_stub.staff.attachment import attachment_page
from server_stub.staff.device import device_page
from server_stub.staff.devices import devices_page
from server_stub.staff.queue import queue_page
from server_stub.staff.ticket import ticket_act, ticket_page

urlpatterns = [
    path("", queue_page, name="queue"),
    path("tickets/<int:number>", ticket_page, name="ticket"),
    path("tickets/<int:number>/attachments/<int:attachment>", attachment_page, name="attachment"),
    path("tickets/<int:number>/<slug:act>", ticket_act, name="ticket_act"),
    path("devices", devices_page, name="devices"),
    path("devices/<uuid:device_id>", device_page, name="device"),
]
