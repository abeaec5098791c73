"""Runner of the conformance suite (clients/conformance/README.md): plays what standard input says through this package.

    python -m tests.conformance
"""

from __future__ import annotations

import base64
import hashlib
import json
import pathlib
import sys
from collections.abc import Callable, Iterable, Iterator
from queue import SimpleQueue
from typing import Any

import grpc
from google.protobuf import json_format

import popgate
from popgate.errors import decoded
from popgate.v1 import mailbox_service_pb2, pop3_service_pb2, server_pb2

Answer = dict[str, Any]


class Enough(Exception):
    """The error of `fail_at`, which is not popgate's."""


def to_json(message: Any) -> Answer:
    return json_format.MessageToDict(message)


def request_of(method: str, request: Answer) -> Any:
    """Make the request message of "Service/Method" of its JSON."""
    service, _, name = method.partition("/")
    module = pop3_service_pb2 if service == "Pop3Service" else mailbox_service_pb2
    return json_format.ParseDict(request, getattr(module, f"{name}Request")())


def error_of(error: popgate.Error) -> Answer:
    names = ("reason", "command", "response", "response_code", "cause", "outcome")
    retry_after_ms = round((error.retry_after or 0) * 1000)
    texts = {name: getattr(error, name) for name in names}
    return {"code": error.code.name, **texts, "retry_after_ms": retry_after_ms, "text": str(error)}


def digest_of(chunks: Iterable[bytes]) -> Answer:
    octets, digest = 0, hashlib.sha256()
    for chunk in chunks:
        octets += len(chunk)
        digest.update(chunk)
    return {"octets": octets, "sha256": digest.hexdigest()}


def seconds(deadline_ms: int | None) -> float | None:
    return None if deadline_ms is None else deadline_ms / 1000


class Runner:
    """What there is at a time: a client, a session, and a call that streams both ways. An operation is a method."""

    def __init__(self) -> None:
        self._client: popgate.Client | None = None
        self._session: popgate.Session | None = None
        self._requests: SimpleQueue[Any] = SimpleQueue()
        self._method = ""
        self._call: Any = None

    def close(self) -> None:
        """End all that there is."""
        if self._call is not None:
            self._call.cancel()
            self._requests.put(None)
        if self._session is not None:
            self._session.close()
        if self._client is not None:
            self._client.close()
        self._client = self._session = self._call = None

    @property
    def client(self) -> popgate.Client:
        assert self._client is not None, "no connect before"
        return self._client

    @property
    def session(self) -> popgate.Session:
        assert self._session is not None, "no session.open before"
        return self._session

    def stub(self, method: str) -> Callable[..., Any]:
        service, _, name = method.partition("/")
        stub: Any = {"Pop3Service": self.client.pop3, "MailboxService": self.client.mailbox}[service]
        return getattr(stub, name)  # type: ignore[no-any-return]

    def connect(self, target: str, ca_file: str | None = None, server_name: str | None = None, token: str | None = None) -> Answer:
        self.close()
        credentials = None
        if ca_file:
            credentials = grpc.ssl_channel_credentials(pathlib.Path(ca_file).read_bytes())
        options = [("grpc.ssl_target_name_override", server_name)] if server_name else []
        self._client = popgate.connect(target, credentials, token=token or None, options=options)
        return {}

    def call(
        self,
        method: str,
        request: Answer | None = None,
        metadata: dict[str, str] | None = None,
        deadline_ms: int | None = None,
        cancel_after: int | None = None,
    ) -> Answer:
        stub = self.stub(method)
        message = request_of(method, request or {})
        options: Answer = {"timeout": seconds(deadline_ms), "metadata": list((metadata or {}).items())}
        # A unary call is a stream of one: `future` makes it one that can be cancelled.
        unary = hasattr(stub, "future")
        call = stub.future(message, **options) if unary else stub(message, **options)
        responses: list[Any] = []
        answer: Answer = {}
        if cancel_after == 0:
            call.cancel()
        try:
            with decoded():
                for response in self.results(call) if unary else call:
                    responses.append(response)
                    if len(responses) == cancel_after:
                        call.cancel()
        except popgate.Error as error:
            answer["error"] = error_of(error)
        if method in ("Pop3Service/Retr", "Pop3Service/Top"):
            answer |= digest_of(response.data for response in responses)
            for response in responses:
                response.ClearField("data")
        header = {key: value for key, value in call.initial_metadata() or () if isinstance(value, str)}
        return {"responses": [to_json(response) for response in responses], "header": header, **answer}

    @staticmethod
    def results(call: Any) -> Iterator[Any]:
        try:
            yield call.result()
        except grpc.FutureCancelledError:
            raise popgate.Error(call.details(), code=call.code()) from None

    def open(self, method: str, deadline_ms: int | None = None) -> Answer:
        self._method, self._requests = method, SimpleQueue()
        self._call = self.stub(method)(iter(self._requests.get, None), timeout=seconds(deadline_ms))
        return {}

    def send(self, request: Answer) -> Answer:
        self._requests.put(request_of(self._method, request))
        return {}

    def half_close(self) -> Answer:
        self._requests.put(None)
        return {}

    def cancel(self) -> Answer:
        self._call.cancel()
        self._requests.put(None)
        return {}

    def receive(self) -> Answer:
        try:
            with decoded():
                return {"response": to_json(next(self._call))}
        except StopIteration:
            answer: Answer = {"end": True}
        except popgate.Error as error:
            answer = {"error": error_of(error)}
        self._requests.put(None)
        return answer

    def session_open(self, server: Answer) -> Answer:
        self._session = self.client.session(json_format.ParseDict(server, server_pb2.Server()))
        return {"session_id": self._session.id, "response": self._session.opened.response}

    def session_login(self, username: str, password: str) -> Answer:
        self.session.login(username, password)
        return {}

    def session_retr(self, number: int) -> Answer:
        with self.session.retr(number) as file:
            return digest_of(file.chunks())

    def session_dele(self, number: int) -> Answer:
        self.session.dele(number)
        return {}

    def session_quit(self) -> Answer:
        quit_ = to_json(self.session.quit())
        return {"outcome": quit_.get("outcome", "").removeprefix("COMMIT_OUTCOME_")}

    def session_close(self) -> Answer:
        with self.session:
            return {}

    def fetch(self, request: Answer) -> Answer:
        wanted = json_format.ParseDict(request, mailbox_service_pb2.FetchMessagesRequest())
        fetch = self.client.fetch(
            seen_unique_ids=wanted.seen_unique_ids,
            newest_first=wanted.newest_first,
            header_lines=wanted.header_lines if wanted.HasField("header_lines") else None,
            **arguments(wanted),
        )
        messages: list[Answer] = []
        answer: Answer = {"messages": messages}
        try:
            messages += map(told, fetch)
        except popgate.Error as error:
            answer["error"] = error_of(error)
        return {"cursor": base64.b64encode(fetch.cursor or b"").decode("ascii"), **answer}

    def collect(self, open: Answer, settle: str, stop_at: int | None = None, fail_at: int | None = None) -> Answer:
        wanted = json_format.ParseDict(open, mailbox_service_pb2.CollectOpen()).fetch
        by_loop: Any = settle or None
        messages: list[Answer] = []
        answer: Answer = {"messages": messages}
        collect = self.client.collect(settle=by_loop, **arguments(wanted))
        try:
            with collect:
                for count, message in enumerate(collect, 1):
                    messages.append(told(message))
                    if count == stop_at:
                        break
                    if count == fail_at:
                        raise Enough
                    if by_loop is None:
                        collect.settle(message, "delete" if count % 2 else "keep")
        except Enough:
            pass
        except popgate.Error as error:
            answer["error"] = error_of(error)
        return {"outcome": collect.outcome, **answer}


def arguments(wanted: mailbox_service_pb2.FetchMessagesRequest) -> dict[str, Any]:
    """Say a request in the arguments that `fetch` and `collect` share."""
    given: dict[str, Any] = {"server": wanted.server, "credentials": wanted.credentials}
    match wanted.WhichOneof("selection"):
        case "cursor":
            given["cursor"] = wanted.cursor
        case "all":
            given["everything"] = wanted.all
        case "unique_ids":
            given["unique_ids"] = wanted.unique_ids.unique_ids
    for name in ("max_octets", "max_messages"):
        if wanted.HasField(name):
            given[name] = getattr(wanted, name)
    return given


def told(message: popgate.Message) -> Answer:
    return {"number": message.number, "unique_id": message.unique_id, **digest_of([message.data])}


def main() -> None:
    runner = Runner()
    for line in sys.stdin:
        request = json.loads(line)
        operation = getattr(runner, request.pop("op").replace(".", "_"))
        try:
            answer = operation(**request)
        except popgate.Error as error:
            answer = {"error": error_of(error)}
        print(json.dumps(answer), flush=True)
    runner.close()


if __name__ == "__main__":
    main()
