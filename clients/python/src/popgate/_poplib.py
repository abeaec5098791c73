"""What has to be translated between poplib and the gateway: errors, contexts of TLS, numbers, octets."""

from __future__ import annotations

import errno
import re
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager

from .errors import Error
from .v1.server_pb2 import TlsOptions

_ERRNO = {"REFUSED": errno.ECONNREFUSED, "UNREACHABLE": errno.EHOSTUNREACH}


class error_proto(Exception):
    """The server refused, or what it said cannot be read. The argument is the status line, as bytes, where there is one."""


def tls_options(context: ssl.SSLContext) -> TlsOptions:
    """Say of a context what the gateway can do too."""
    if context.verify_mode == ssl.CERT_NONE:
        return TlsOptions(insecure_skip_verify=True)
    if not context.check_hostname:
        raise ValueError("the gateway cannot check a certificate without its name")
    authorities = [ssl.DER_cert_to_PEM_cert(der) for der in context.get_ca_certs(binary_form=True)]
    return TlsOptions(ca_bundle_pem="".join(authorities))


def message_number(which: int | str, least: int = 1) -> int:
    """Read a message number, or a number of lines, of which the least is 0; digits alone, as in the grammar of POP3."""
    text = str(which)
    if not re.fullmatch("[0-9]{1,10}", text) or not least <= int(text) < 1 << 32:
        raise error_proto(f"-ERR not a number that the gateway can send: {text!r}")
    return int(text)


def unescaped(text: str) -> bytes:
    """Undo the gateway's escapes: a doubled backslash, and a backslash with "x" and two hexadecimal digits."""

    def octet(match: re.Match[bytes]) -> bytes:
        return bytes.fromhex(match[1].decode("ascii")) if match[1] else b"\\"

    return re.sub(rb"\\(?:\\|x([0-9A-Fa-f]{2}))", octet, text.encode("utf-8"))


def split_lines(data: bytes) -> list[bytes]:
    """Split a message as poplib does: at LF, with one CR before it, or else at the line's begin, taken away."""
    lines = data.split(b"\n")
    if lines[-1] == b"":
        lines.pop()
    return [line[:-1] if line.endswith(b"\r") else line.removeprefix(b"\r") for line in lines]


@contextmanager
def as_poplib() -> Iterator[None]:
    """Raise what poplib would."""
    try:
        yield
    except Error as error:
        raise translated(error) from error


def translated(error: Error) -> Exception:
    """Make of an Error what poplib would raise."""
    text = str(error)
    # Before the -ERR of a status line: these may have one too.
    if error.reason == "TLS_VERIFICATION_FAILED":
        return ssl.SSLCertVerificationError(1, text)
    if error.reason == "TLS_HANDSHAKE_FAILED":
        return ssl.SSLError(1, text)
    if error.response and not error.response.startswith("+"):
        return error_proto(unescaped(error.response))
    if error.reason == "TIMEOUT" or error.cause == "TIMEOUT" or error.code.name == "DEADLINE_EXCEEDED":
        return TimeoutError(errno.ETIMEDOUT, text)
    if error.reason == "CONNECT_FAILED":
        if error.cause == "NAME_NOT_FOUND":
            return socket.gaierror(socket.EAI_NONAME, text)
        return OSError(_ERRNO.get(error.cause, errno.EIO), text)
    if error.reason == "TARGET_NOT_ALLOWED":
        return PermissionError(errno.EACCES, text)
    if error.reason == "INVALID_ARGUMENT":
        return ValueError(text)
    if error.reason == "CONNECTION_LOST":
        return error_proto("-ERR EOF")
    if not error.reason:
        return ConnectionError(text)
    return error_proto(f"-ERR {text}")
