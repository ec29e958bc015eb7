"""A whole fleet on loopback: `from local import Fleet`, or `./dev cluster`."""

from .fleet import Fleet
from .supervise import FleetError

__all__ = ["Fleet", "FleetError"]
