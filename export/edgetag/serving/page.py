"""A page of one document, script and style in it, that nothing else can run in."""

import base64
import hashlib
import re
from pathlib import Path

PARTS = re.compile(r"<(script|style)>(.*?)</\1>", re.DOTALL)


class Page:
    """One HTML document that loads nothing from elsewhere; its own script and style alone run.

    Args:
        document: Its file.
    """

    def __init__(self, document: Path) -> None:
        text = document.read_text(encoding="utf-8")
        self.body = text.encode()
        hashes = {kind: f"'{_hash(content)}'" for kind, content in PARTS.findall(text)}
        policy = {
            "default-src": "'none'",
            "script-src": hashes["script"],
            "style-src": hashes["style"],
            "img-src": "blob:",
            "connect-src": "'self'",
            "base-uri": "'none'",
            "form-action": "'none'",
            "frame-ancestors": "'none'",
        }
        self.headers = {
            "content-security-policy": "; ".join(f"{key} {value}" for key, value in policy.items()),
            "referrer-policy": "no-referrer",
            "cache-control": "no-cache",
        }


def _hash(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
