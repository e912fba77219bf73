"""Versions of packages, as this environment has them."""

from importlib.metadata import version

from edgetag.installed import installed_version


def test_a_version_is_that_of_the_environment_and_none_where_there_is_no_package() -> None:
    assert installed_version("numpy") == version("numpy")
    assert installed_version("no-such-package") is None
