"""Tests that come to an end or fail."""

from tests.helpers.processor_limit import processor_limit as processor_limit  # a fixture
