"""How much one device may send: token buckets in memory, one pair for each device.

A device that floods gets 429 and harms nobody else. Each process of a server counts for itself,
so the true limit is this one times the number of processes: it protects, it does not bill.
"""

import math
import threading
from dataclasses import dataclass, field

_REMEMBERED = 20_000
"""Most devices remembered: about 4 MB; above it the buckets that are full again are dropped."""


@dataclass(frozen=True, slots=True)
class Rate:
    """A bucket: ``per_s`` flows in steadily, ``burst`` is what it holds."""

    per_s: float
    burst: float


REQUESTS = Rate(per_s=10, burst=200)
"""An agent sends one request at a time; after an outage a few hundred quickly."""
BYTES = Rate(per_s=512 * 1024, burst=16 * 1024 * 1024)
"""A full outbox of 64 MB drains in two minutes."""


@dataclass(slots=True)
class _Bucket:
    requests: float
    size: float
    at: float


@dataclass(slots=True)
class Allowance:
    """What each device may still send."""

    requests: Rate = REQUESTS
    size: Rate = BYTES
    _buckets: dict[str, _Bucket] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def wait_s(self, device_id: str, size_bytes: int, now_s: float) -> int:
        """Take one request of this size; 0 when allowed, else whole seconds to wait.

        A bucket may be overdrawn by the request that empties it, so that no request is too
        large for ever. ``now_s`` is monotonic.
        """
        with self._lock:
            bucket = self._refilled(device_id, now_s)
            if bucket.requests < 1 or bucket.size <= 0:
                lacking = max(
                    (1 - bucket.requests) / self.requests.per_s, -bucket.size / self.size.per_s
                )
                return max(1, math.ceil(lacking))
            bucket.requests -= 1
            bucket.size -= size_bytes
            return 0

    def _refilled(self, device_id: str, now_s: float) -> _Bucket:
        bucket = self._buckets.get(device_id)
        if bucket is None:
            if len(self._buckets) >= _REMEMBERED:
                self._forget_the_quiet(now_s)
            bucket = _Bucket(self.requests.burst, self.size.burst, now_s)
            self._buckets[device_id] = bucket
            return bucket
        passed_s = now_s - bucket.at
        bucket.requests = min(self.requests.burst, bucket.requests + passed_s * self.requests.per_s)
        bucket.size = min(self.size.burst, bucket.size + passed_s * self.size.per_s)
        bucket.at = now_s
        return bucket

    def _forget_the_quiet(self, now_s: float) -> None:
        full_after_s = max(
            self.requests.burst / self.requests.per_s, self.size.burst / self.size.per_s
        )
        self._buckets = {
            device_id: bucket
            for device_id, bucket in self._buckets.items()
            if now_s - bucket.at < full_after_s
        }
