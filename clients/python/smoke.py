"""A client that goes once through popgate.v1.Pop3Service, from OpenSession to Quit, and checks every reply.

It needs a running gateway with a mailbox of at least two messages behind it, one of which it deletes. The environment
says where they are: POPGATE_TARGET (host:port of the gateway), POP3_ADDRESS (host:port of the server as the gateway sees
it), POP3_USER, POP3_PASSWORD, and perhaps POP3_CA, a PEM file with the server's authority: without it the connection to
the POP3 server is plaintext, which the gateway has to allow.
"""

from __future__ import annotations

import hashlib
import os
import pathlib
import sys
import traceback
import zlib
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import grpc
from google.rpc import error_details_pb2
from grpc.experimental import ChannelOptions
from grpc_status import rpc_status
from popgate.v1 import error_pb2, pop3_service_pb2 as pb, server_pb2
from popgate.v1.pop3_service_pb2_grpc import Pop3ServiceStub

TIMEOUT = 30  # seconds; a call that hangs has to end some time

Call = Callable[..., Any]


class Failure(Exception):
    """A reply is not what the contract says."""


def check(holds: bool, what: str, *values: object) -> None:
    """Fail with the values unless it holds; `assert` would be silent under -O."""
    if not holds:
        raise Failure(f"{what}: {', '.join(map(repr, values))}")


def equal(got: object, want: object, what: str) -> None:
    """Fail unless both are the same."""
    check(got == want, f"{what}, got and wanted", got, want)


def ok(response: str) -> None:
    """Fail unless it is a status line of success without a line end."""
    check(response.startswith("+OK") and not response.endswith(("\r", "\n")), "status line", response)


def server() -> server_pb2.Server:
    """Describe the POP3 server that the environment names."""
    tls = server_pb2.TlsOptions(mode=server_pb2.TLS_MODE_PLAINTEXT)
    if authority := os.environ.get("POP3_CA"):
        tls = server_pb2.TlsOptions(
            mode=server_pb2.TLS_MODE_IMPLICIT, ca_bundle_pem=pathlib.Path(authority).read_text(encoding="ascii")
        )
    host, _, port = os.environ["POP3_ADDRESS"].rpartition(":")
    return server_pb2.Server(host=host.strip("[]"), port=int(port), tls=tls)


def refused(call: Call, request: object, code: grpc.StatusCode, reason: str) -> dict[str, str]:
    """Make a call that has to fail like this, and return the metadata of its ErrorInfo."""
    try:
        reply = call(request, timeout=TIMEOUT)
        if isinstance(reply, Iterator):
            reply = list(reply)
    except grpc.RpcError as error:
        equal(error.code(), code, "code")
        trailers = dict(error.trailing_metadata())
        equal(trailers.get("pop3-error-reason"), f"ERROR_REASON_{reason}", "trailer pop3-error-reason")
        info = detail(error, error_details_pb2.ErrorInfo)
        equal((info.domain, info.reason), ("popgate.v1", f"ERROR_REASON_{reason}"), "ErrorInfo")
        check(info.reason in error_pb2.ErrorReason.keys(), "a reason of the contract", info.reason)
        if code is grpc.StatusCode.INVALID_ARGUMENT:
            check(len(detail(error, error_details_pb2.BadRequest).field_violations) > 0, "BadRequest names a field")
        return dict(info.metadata)
    raise Failure(f"{reason} was expected, got {reply!r}")


def detail(error: grpc.RpcError, kind: type[Any]) -> Any:
    """Decode the status detail of this kind."""
    status = rpc_status.from_call(error)
    check(status is not None, "no grpc-status-details-bin", error)
    for packed in status.details:
        message = kind()
        if packed.Unpack(message):
            return message
    raise Failure(f"no {kind.DESCRIPTOR.full_name} in {status.details}")


class Session:
    """One session: every request carries its id, every unary reply a status line."""

    def __init__(self, stub: Pop3ServiceStub) -> None:
        self._stub = stub
        opened, call = stub.OpenSession.with_call(pb.OpenSessionRequest(server=server()), timeout=TIMEOUT)
        ok(opened.response)
        check(len(opened.session_id) > 0, "session id")
        equal(dict(call.initial_metadata()).get("pop3-session"), opened.session_id, "header pop3-session")
        check(opened.idle_timeout.ToSeconds() > 0, "idle time-out", opened.idle_timeout)
        check(opened.max_age.ToSeconds() > 0, "max age", opened.max_age)
        if "POP3_CA" in os.environ:
            check(opened.tls.verified, "TLS is verified", opened.tls)
            equal({len(digest) for digest in opened.tls.peer_chain_sha256}, {32}, "octets of digests")
        else:
            check(not opened.HasField("tls"), "plaintext", opened.tls)
        self.greeting = opened.response
        self.id = opened.session_id

    def method(self, name: str) -> tuple[Call, type[Any]]:
        """Return the stub's method and the type of its request."""
        return getattr(self._stub, name), getattr(pb, f"{name}Request")

    def call(self, name: str, **fields: Any) -> Any:
        """Make a unary call whose reply has a status line of success."""
        method, request = self.method(name)
        reply = method(request(session_id=self.id, **fields), timeout=TIMEOUT, metadata=[("pop3-session", self.id)])
        ok(reply.response)
        return reply

    def stream(self, name: str, **fields: Any) -> Iterator[Any]:
        """Make a streaming call and check what all streams share: only the first message has a status line, the last octets."""
        method, request = self.method(name)
        replies = list(method(request(session_id=self.id, **fields), timeout=TIMEOUT))
        check(len(replies) > 0, "an empty stream")
        ok(replies[0].response)
        equal([reply.response for reply in replies[1:]], [""] * (len(replies) - 1), "later status lines")
        # LIST and UIDL of one message have no listing, hence no octets of it.
        total = name in ("Retr", "Top") or "message_number" not in fields
        equal([reply.HasField("octets") for reply in replies], [False] * (len(replies) - 1) + [total], "totals")
        return iter(replies)

    def listing(self, name: str, **fields: Any) -> list[Any]:
        """Make a List or Uidl and return the entries, all of which have to parse."""
        replies = list(self.stream(name, **fields))
        entries = [entry for reply in replies for entry in reply.entries]
        check(all(len(reply.entries) <= 1000 for reply in replies), "entries of a batch")
        check(all(entry.HasField("message_number") for entry in entries), "entries that parse", entries)
        if not fields:
            equal(replies[-1].octets, sum(len(entry.line) + 2 for entry in entries), "octets of the listing")
        return entries

    def message(self, name: str, **fields: Any) -> bytes:
        """Make a Retr or Top, join the message and compare it with the totals."""
        replies = list(self.stream(name, want_sha256=True, **fields))
        message = b"".join(reply.data for reply in replies)
        totals = replies[-1]
        equal(totals.octets, len(message), "octets")
        equal(totals.crc32, zlib.crc32(message), "CRC-32")
        if "max_octets" in fields:
            check(totals.size_agrees, "LIST's size", totals)
        equal(totals.sha256, hashlib.sha256(message).digest(), "SHA-256")
        return message

    def refused(self, name: str, code: grpc.StatusCode, reason: str, **fields: Any) -> dict[str, str]:
        """Make a call that has to fail like this."""
        method, request = self.method(name)
        return refused(method, request(session_id=self.id, **fields), code, reason)

    def login(self) -> None:
        """Log in by USER and PASS."""
        self.call("User", username=os.environ["POP3_USER"])
        self.call("Pass", password=os.environ["POP3_PASSWORD"])


def wrong_password(stub: Pop3ServiceStub) -> None:
    """A refused login is an error with details, and the session lives on."""
    session = Session(stub)
    session.call("User", username=os.environ["POP3_USER"])
    metadata = session.refused("Pass", grpc.StatusCode.PERMISSION_DENIED, "LOGIN_FAILED", password="not the password")
    equal(metadata.get("command"), "PASS", "command")
    check(metadata.get("response", "").startswith("-ERR"), "the server's words", metadata)
    check("not the password" not in repr(metadata), "no secret in an error", metadata)
    equal(session.call("Quit").outcome, error_pb2.COMMIT_OUTCOME_NOTHING_MARKED, "outcome")


def bad_arguments(stub: Pop3ServiceStub) -> None:
    """What could smuggle a command in never reaches the wire; the session does not notice."""
    session = Session(stub)
    session.refused("User", grpc.StatusCode.INVALID_ARGUMENT, "INVALID_ARGUMENT", username="someone\r\nQUIT")
    session.refused("Retr", grpc.StatusCode.INVALID_ARGUMENT, "INVALID_ARGUMENT", message_number=0)
    forged = Session(stub)
    forged.id = session.id[:-1] + ("A" if session.id[-1] != "A" else "B")
    forged.refused("Noop", grpc.StatusCode.NOT_FOUND, "SESSION_NOT_FOUND")
    session.call("Quit")


def read_mailbox(stub: Pop3ServiceStub) -> None:
    """Every command that looks and leaves no trace."""
    session = Session(stub)
    equal(session.call("GetWelcome").response, session.greeting, "greeting")
    capabilities = session.call("Capa").capabilities
    check(len(capabilities) > 0, "capabilities")
    for capability in capabilities:
        equal(" ".join([capability.name, *capability.arguments]).upper(), capability.line.upper(), "capability")
    session.login()

    stat = session.call("Stat")
    sizes = {entry.message_number: entry.octets for entry in session.listing("List")}
    names = {entry.message_number: entry.unique_id for entry in session.listing("Uidl")}
    check(stat.message_count >= 2, "messages of the mailbox", stat.message_count)
    equal((len(sizes), sum(sizes.values())), (stat.message_count, stat.octets), "LIST against STAT")
    equal(names.keys(), sizes.keys(), "UIDL against LIST")
    check(all(names.values()), "unique-ids", names)

    for number, octets in sizes.items():
        [entry] = session.listing("List", message_number=number)
        equal(entry.octets, octets, "LIST of one message")
        [entry] = session.listing("Uidl", message_number=number)
        equal(entry.unique_id, names[number], "UIDL of one message")
        message = session.message("Retr", message_number=number, max_octets=octets)
        equal(len(message), octets, "RETR against LIST")
        header, separator, _ = message.partition(b"\r\n\r\n")
        equal(session.message("Top", message_number=number, lines=0), header + separator, "TOP against RETR")

    too_small = min(sizes.values()) - 1
    session.refused("Retr", grpc.StatusCode.RESOURCE_EXHAUSTED, "MESSAGE_TOO_LARGE", message_number=1, max_octets=too_small)
    metadata = session.refused("Retr", grpc.StatusCode.FAILED_PRECONDITION, "COMMAND_REFUSED", message_number=len(sizes) + 1)
    check(metadata.get("response", "").startswith("-ERR"), "the server's words", metadata)
    session.call("Noop")
    equal(session.call("Quit").outcome, error_pb2.COMMIT_OUTCOME_NOTHING_MARKED, "outcome")


def delete_message(stub: Pop3ServiceStub) -> None:
    """Marks are taken back by Rset, committed by Quit, and Quit's answer can be had again."""
    session = Session(stub)
    session.login()
    count = session.call("Stat").message_count
    name = session.listing("Uidl", message_number=1)[0].unique_id

    session.refused(
        "Dele", grpc.StatusCode.FAILED_PRECONDITION, "UNIQUE_ID_MISMATCH", message_number=1, if_unique_id=f"not-{name}"
    )
    session.call("Dele", message_number=1, if_unique_id=name)
    equal(session.call("Stat").message_count, count - 1, "messages with one marked")
    session.call("Rset")
    equal(session.call("Stat").message_count, count, "messages after RSET")
    session.call("Dele", message_number=1)

    quit_ = session.call("Quit")
    equal((quit_.outcome, quit_.replayed), (error_pb2.COMMIT_OUTCOME_COMMITTED, False), "QUIT")
    again = session.call("Quit")
    equal((again.outcome, again.replayed, again.response), (quit_.outcome, True, quit_.response), "QUIT again")
    metadata = session.refused("Noop", grpc.StatusCode.FAILED_PRECONDITION, "SESSION_ENDED")
    equal((metadata.get("cause"), metadata.get("outcome")), ("QUIT", "COMMITTED"), "cause and outcome")

    after = Session(stub)
    after.login()
    equal(after.call("Stat").message_count, count - 1, "messages afterwards")
    check(name not in [entry.unique_id for entry in after.listing("Uidl")], "the deleted message is gone", name)
    after.call("Quit")


def run(scenarios: Iterable[Callable[[Pop3ServiceStub], None]]) -> int:
    """Run each on a channel of its own and return how many failed."""
    passed = failed = 0
    for scenario in scenarios:
        # The option has a stream read by the caller's own thread: several times faster where elements are small.
        options = [(ChannelOptions.SingleThreadedUnaryStream, 1)]
        with grpc.insecure_channel(os.environ["POPGATE_TARGET"], options=options) as channel:
            try:
                grpc.channel_ready_future(channel).result(timeout=TIMEOUT)
                scenario(Pop3ServiceStub(channel))
            except Exception:  # the next scenario may tell more
                traceback.print_exc()
                print(f"FAILED {scenario.__name__}")
                failed += 1
            else:
                print(f"ok {scenario.__name__}")
                passed += 1
    print(f"{passed} passed, {failed} failed")
    return failed


if __name__ == "__main__":
    sys.exit(run([wrong_password, bad_arguments, read_mailbox, delete_message]) > 0)
