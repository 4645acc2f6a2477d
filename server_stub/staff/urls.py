"""The staff pages' paths."""

from django.urls import path

from server_stub.staff.attachment import attachment_page
from server_stub.staff.audit import audit_page
from server_stub.staff.device import device_page, device_restore, device_retire
from server_stub.staff.devices import devices_page
from server_stub.staff.maintenance import maintenance_end, maintenance_page
from server_stub.staff.queue import queue_page
from server_stub.staff.ticket import ticket_act, ticket_page, ticket_what_if

urlpatterns = [
    path("", queue_page, name="queue"),
    path("tickets/<int:number>", ticket_page, name="ticket"),
    path("tickets/<int:number>/attachments/<int:attachment>", attachment_page, name="attachment"),
    path("tickets/<int:number>/what-if", ticket_what_if, name="ticket_what_if"),
    path("tickets/<int:number>/<slug:act>", ticket_act, name="ticket_act"),
    path("maintenance", maintenance_page, name="maintenance"),
    path("maintenance/<int:number>/end", maintenance_end, name="maintenance_end"),
    path("audit", audit_page, name="audit"),
    path("devices", devices_page, name="devices"),
    path("devices/<uuid:device_id>", device_page, name="device"),
    path("devices/<uuid:device_id>/retire", device_retire, name="device_retire"),
    path("devices/<uuid:device_id>/restore", device_restore, name="device_restore"),
]
