"""The fleet's own due work: looking over it."""

from server_stub.fleet.sweep import SWEEP_EVERY, sweep
from server_stub.work.recurring import Recurring

RECURRING = (Recurring("fleet", SWEEP_EVERY, sweep),)
