"""A channel to a gateway, and what can be asked of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import cast

import grpc
from grpc.experimental import ChannelOptions

from .channel import Options, WithToken, is_local, with_defaults
from .mailbox import Collect, Fetch, Settlement
from .session import Session
from .v1 import mailbox_service_pb2 as pb
from .v1.mailbox_service_pb2_grpc import MailboxServiceStub
from .v1.pop3_service_pb2_grpc import Pop3ServiceStub
from .v1.server_pb2 import Credentials, Server

TIMEOUT = 330.0  # seconds; the gateway waits for QUIT's reply for 300


def connect(
    target: str,
    credentials: grpc.ChannelCredentials | None = None,
    *,
    token: str | None = None,
    insecure: bool = False,
    options: Options = (),
) -> Client:
    """Open a channel to the gateway at `target`, such as "popgate.internal.example:9110". It connects at the first call.

    Without `credentials` it is TLS, verified by gRPC's own roots; only a loopback address or a Unix socket is spoken to in
    plaintext, unless `insecure` says so of another. `grpc.ssl_channel_credentials` makes credentials of a CA, or with the caller's
    certificate. `token` is sent as a bearer token with every call, in plaintext too. `options` are gRPC's, such as
    ("grpc.ssl_target_name_override", "gateway.example") where the certificate has another name than `target`.
    """
    # The option has a stream read by the caller's own thread: several times faster where elements are small.
    options = [(ChannelOptions.SingleThreadedUnaryStream, 1), *with_defaults(options, target)]
    if credentials is None and (insecure or is_local(target)):
        channel = grpc.insecure_channel(target, options=options)
    else:
        channel = grpc.secure_channel(target, credentials or grpc.ssl_channel_credentials(), options=options)
    return Client(channel if token is None else cast(grpc.Channel, WithToken(channel, token)))


class Client:
    """A gateway. `connect` makes one; `close`, or the end of `with`, ends all its calls. Threads may share it.

    Attributes:
        pop3: the generated stub of Pop3Service, for what the methods here do not offer.
        mailbox: the generated stub of MailboxService.
        timeout: seconds that a call may take that is not a stream; None is no limit of one's own.
    """

    def __init__(self, channel: grpc.Channel, *, timeout: float | None = TIMEOUT) -> None:
        self._channel = channel
        self.pop3 = Pop3ServiceStub(channel)
        self.mailbox = MailboxServiceStub(channel)
        self.timeout = timeout

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the channel. Sessions that are open end by their idle time-out, without QUIT: close them first."""
        self._channel.close()

    def session(self, server: str | Server) -> Session:
        """Connect to a POP3 server. A host's name alone is verified TLS on port 995; Server says more.

        Errors: TARGET_NOT_ALLOWED, CONNECT_FAILED, GREETING_REFUSED, TLS_VERIFICATION_FAILED and others of OpenSession.
        """
        return Session(self.pop3, as_server(server), self.timeout)

    def fetch(
        self,
        server: str | Server,
        credentials: Credentials,
        *,
        cursor: bytes = b"",
        everything: bool = False,
        unique_ids: Iterable[str] | None = None,
        seen_unique_ids: Iterable[str] = (),
        max_octets: int | None = None,
        max_messages: int | None = None,
        newest_first: bool = False,
        header_lines: int | None = None,
        timeout: float | None = None,
    ) -> Fetch:
        """Iterate over the messages that are new, and delete none.

        New is what `cursor` does not know, which an earlier Fetch left: store it with the messages. In its place `everything` takes
        all, and `unique_ids` these. `seen_unique_ids` are passed over as well. A message is as large as memory allows: `max_octets`
        skips larger ones; Session.retr streams them. `header_lines` takes the header and so many lines of the body. `timeout` is
        for the whole call, in seconds.
        """
        request = pb.FetchMessagesRequest(
            server=as_server(server),
            credentials=credentials,
            seen_unique_ids=seen_unique_ids,
            max_octets=max_octets,
            max_messages=max_messages,
            newest_first=newest_first,
            header_lines=header_lines,
        )
        select(request, cursor, everything, unique_ids)
        return Fetch(self.mailbox.FetchMessages(request, timeout=timeout))

    def collect(
        self,
        server: str | Server,
        credentials: Credentials,
        *,
        settle: Settlement | None = "delete",
        cursor: bytes = b"",
        everything: bool = False,
        unique_ids: Iterable[str] | None = None,
        max_octets: int | None = None,
        max_messages: int | None = None,
        on_commit: Callable[[pb.Commit], object] | None = None,
        timeout: float | None = None,
    ) -> Collect:
        """Iterate over the messages that are new, and have each deleted once the loop's body was left without an error.

        Collect says when exactly, and what `settle` means. Store each message durably in the body. What is new is said as for
        `fetch`. `on_commit` is told what became of each message of a batch. Use it by `with`.
        """
        fetch = pb.FetchMessagesRequest(
            server=as_server(server), credentials=credentials, max_octets=max_octets, max_messages=max_messages
        )
        select(fetch, cursor, everything, unique_ids)
        return Collect(self.mailbox, pb.CollectOpen(fetch=fetch), settle, on_commit, timeout)


def as_server(server: str | Server) -> Server:
    """Take a name for a server of that name."""
    return Server(host=server) if isinstance(server, str) else server


def select(request: pb.FetchMessagesRequest, cursor: bytes, everything: bool, unique_ids: Iterable[str] | None) -> None:
    """Say which messages are asked for."""
    if bool(cursor) + everything + (unique_ids is not None) > 1:
        raise ValueError("give one of cursor, everything and unique_ids")
    if everything:
        request.all = True
    elif unique_ids is not None:
        request.unique_ids.unique_ids.extend(unique_ids)
        request.unique_ids.SetInParent()
    else:
        request.cursor = cursor
