"""The rows of the matrix: how each route is asked for something of a client's.

Every route that Django or the device routes answer has at least one; a test counts them.
"""

from tests.server_stub.isolation.api_probes import API_PROBES
from tests.server_stub.isolation.device_probes import DEVICE_PROBES
from tests.server_stub.isolation.page_probes import PAGE_PROBES, PUBLIC_PROBES

PROBES = (*API_PROBES, *PAGE_PROBES, *DEVICE_PROBES, *PUBLIC_PROBES)
