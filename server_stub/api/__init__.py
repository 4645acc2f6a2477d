"""The public REST interface for staff and integrations, one file per resource.

``Authorization: Bearer wds_…``; lists answer ``{"items": […], "next": URL or null}``; every
error is an RFC 9457 problem document; foreign and missing are the same 404.
"""
