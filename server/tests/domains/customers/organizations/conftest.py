"""The bench, for all tests of organizations."""

from tests.domains.customers.conftest import bench

__all__ = ["bench"]
