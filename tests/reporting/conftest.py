"""Results of a run as the stages before the report leave them."""

import pytest

from edgetag.reporting.sources import Sources
from tests.support.made_results import make_sources


@pytest.fixture
def sources() -> Sources:
    return make_sources()
