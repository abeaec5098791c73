"""What can go wrong: the gateway's errors, decoded."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import cast

import grpc
from google.protobuf.message import DecodeError
from google.rpc import error_details_pb2
from grpc_status import rpc_status

_DOMAIN = "popgate.v1"
_PREFIX = "ERROR_REASON_"


class Error(Exception):
    """A call failed. `str()` of it is the gateway's sentence, for people; the attributes are for programs.

    Attributes:
        reason: a value of ErrorReason (popgate/v1/error.proto) without its prefix, such as "LOGIN_FAILED"; empty where the
            error does not come from popgate but from the transport or the caller's own deadline.
        code: the status code of gRPC.
        command: the POP3 command without its arguments, or empty.
        response: the POP3 server's status line, or empty. Octets that are not printable UTF-8 are escaped.
        response_code: the response code in it (RFC 2449 section 8), such as "SYS/TEMP", or empty.
        cause: why a session ended or a connection was not made, such as "REFUSED", or empty.
        outcome: what became of messages marked by DELE, such as "NOT_COMMITTED", or empty.
        retry_after: seconds after which the same call may succeed; None where trying again does not help.
        metadata: all of google.rpc.ErrorInfo's metadata.
    """

    def __init__(
        self,
        text: str,
        *,
        reason: str = "",
        code: grpc.StatusCode = grpc.StatusCode.UNKNOWN,
        metadata: dict[str, str] | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(text)
        self.reason = reason
        self.code = code
        self.metadata = metadata or {}
        self.retry_after = retry_after
        self.command = self.metadata.get("command", "")
        self.response = self.metadata.get("response", "")
        self.response_code = self.metadata.get("responseCode", "")
        self.cause = self.metadata.get("cause", "")
        self.outcome = self.metadata.get("outcome", "")


class IntegrityError(Error):
    """What arrived is not what the gateway sent: its octets or its CRC-32 differ, or its end is missing. Do not store it."""

    def __init__(self, text: str) -> None:
        super().__init__(text, code=grpc.StatusCode.DATA_LOSS)


def from_rpc(error: grpc.RpcError) -> Error:
    """Decode the status of a failed call. Of details that are no google.rpc.Status, or do not fit the status, nothing is taken."""
    call = cast(grpc.Call, error)
    try:
        details = _details(call)
    except (DecodeError, ValueError, OverflowError):  # not popgate's
        details = "", {}, None
    reason, metadata, retry_after = details
    return Error(call.details() or "", reason=reason, code=call.code(), metadata=metadata, retry_after=retry_after)


def _details(call: grpc.Call) -> tuple[str, dict[str, str], float | None]:
    """Return the reason, its metadata, and the seconds to wait."""
    reason, metadata, retry_after = "", dict[str, str](), None
    status = rpc_status.from_call(call)
    for detail in status.details if status is not None else ():
        info, retry = error_details_pb2.ErrorInfo(), error_details_pb2.RetryInfo()
        if detail.Unpack(info) and info.domain == _DOMAIN:
            reason, metadata = info.reason.removeprefix(_PREFIX), dict(info.metadata)
        elif detail.Unpack(retry):
            retry_after = retry.retry_delay.ToTimedelta().total_seconds()
    return reason, metadata, retry_after


@contextmanager
def decoded() -> Iterator[None]:
    """Raise Error in place of grpc.RpcError."""
    try:
        yield
    except grpc.RpcError as error:
        raise from_rpc(error) from error
