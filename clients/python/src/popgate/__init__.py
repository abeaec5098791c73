"""popgate: POP3 mailboxes through a popgate gateway.

`connect` opens a channel; its `Client` fetches and collects whole messages, or opens a `Session` with a method for each POP3
command. `popgate.aio` has the same for asyncio, `popgate.poplib` is a drop-in for Python's poplib, and `popgate.v1` holds the
generated code.
"""

from .client import Client, connect
from .errors import Error, IntegrityError
from .mailbox import Collect, Fetch, Message, Settlement
from .session import MessageFile, Session
from .v1.server_pb2 import (
    TLS_MODE_IMPLICIT,
    TLS_MODE_PLAINTEXT,
    TLS_MODE_STLS,
    Credentials,
    Server,
    TlsOptions,
)

__all__ = [
    "TLS_MODE_IMPLICIT",
    "TLS_MODE_PLAINTEXT",
    "TLS_MODE_STLS",
    "Client",
    "Collect",
    "Credentials",
    "Error",
    "Fetch",
    "IntegrityError",
    "Message",
    "MessageFile",
    "Server",
    "Session",
    "Settlement",
    "TlsOptions",
    "connect",
]
