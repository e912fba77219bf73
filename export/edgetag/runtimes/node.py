"""Node.js on this machine: whether it is there and new enough."""

import shutil

from edgetag.programs import told_version

OLDEST_NODE = 18
"""Major version from which the scoring process runs; older ones lack what it is written in."""

INSTALL = f"install Node.js {OLDEST_NODE} or newer (Debian: apt install nodejs npm)"


def find_node() -> str | None:
    """Return the path of `node`, None where it is not on PATH."""
    return shutil.which("node")


def why_no_node(node: str | None) -> str | None:
    """Return None, or why this Node cannot be used and what to install.

    Args:
        node: What `find_node` found.
    """
    if node is None:
        return f"node is not installed; {INSTALL}"
    version = node_version(node)
    if version is None:
        return f"{node} does not answer to --version; {INSTALL}"
    if version[0] < OLDEST_NODE:
        return f"node is version {'.'.join(map(str, version))}, too old; {INSTALL}"
    return None


def node_version(node: str) -> tuple[int, ...] | None:
    """Return the version that a Node gives, such as `(20, 20, 2)`; None where it gives none."""
    parts = told_version(node).removeprefix("v").split(".")
    if len(parts) != 3 or not all(part.isdecimal() for part in parts):
        return None
    return tuple(int(part) for part in parts)
