"""The bearer token that requests need, where a server has one."""

import hashlib
import hmac
import os

from starlette.types import Scope

from edgetag.errors import InputError
from edgetag.serving.refusals import RefusalError
from edgetag.serving.settings import Settings
from edgetag.userfiles import read_file

TOKEN = "EDGETAG_TOKEN"  # noqa: S105 - the variable's name
MOST_TOKEN_BYTES = 4096
LEAST_TOKEN = 16

NO_TOKEN = RefusalError(
    401, "this server needs a token: Authorization: Bearer TOKEN", www_authenticate="Bearer"
)


class Token:
    """What a request must bear.

    Args:
        text: The token; empty where none is needed.
    """

    def __init__(self, text: str) -> None:
        self._digest = _digest(text.encode()) if text else b""

    def is_borne(self, scope: Scope) -> bool:
        """Whether a request bears it, or need not."""
        if not self._digest:
            return True
        for name, value in scope["headers"]:
            if name == b"authorization":
                kind, _, token = value.partition(b" ")
                return kind.lower() == b"bearer" and hmac.compare_digest(
                    _digest(token.strip()), self._digest
                )
        return False


def read_token(settings: Settings) -> str:
    """Return what requests must bear; empty for nothing.

    Raises:
        InputError: The file cannot be read, or a token is too short to be one.
    """
    path, where = settings.token_file, str(settings.token_file or TOKEN)
    if path is None:
        if TOKEN not in os.environ:
            return ""
        token = os.environ[TOKEN].strip()
    else:
        try:
            token = read_file(path, "token", MOST_TOKEN_BYTES).decode().strip()
        except OSError as error:
            raise InputError(f"{path}: {error.strerror}; give a file with the token") from None
        except UnicodeDecodeError:
            raise InputError(f"{path}: no text; give a file with the token") from None
    if len(token) < LEAST_TOKEN:
        raise InputError(f"{where}: a token has at least {LEAST_TOKEN} characters")
    return token


def _digest(token: bytes) -> bytes:
    return hashlib.sha256(token).digest()
