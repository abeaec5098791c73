"""The channel: TLS, the bearer token and the service config, by threads and by asyncio."""

from __future__ import annotations

import asyncio
import os
import pathlib
import socket
import tempfile
import threading
import unittest
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any
from unittest import mock

import grpc
from google.protobuf.any_pb2 import Any as Any_
from google.protobuf.duration_pb2 import Duration
from google.rpc import error_details_pb2, status_pb2

import popgate
from popgate import aio
from popgate.v1 import error_pb2
from popgate.v1 import mailbox_service_pb2 as mailbox
from popgate.v1 import pop3_service_pb2 as pb
from tests.support import ALICE, await_free, certificate, demo, serve


class Peer(grpc.GenericRpcHandler):
    """A server that answers nothing but UNAVAILABLE, of each method so many times and then an empty message."""

    def __init__(self, failures: int) -> None:
        self.calls: Counter[str] = Counter()
        self.tokens: set[tuple[str, Any]] = set()
        self._failures = failures
        self._server = grpc.server(ThreadPoolExecutor(4), handlers=[self])
        self.target = f"127.0.0.1:{self._server.add_insecure_port('127.0.0.1:0')}"
        self._server.start()

    def stop(self) -> None:
        self._server.stop(None).wait()

    def service(self, details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler[Any, Any]:
        name = details.method.rpartition("/")[2]
        self.calls[name] += 1
        self.tokens.add((name, dict(details.invocation_metadata).get("authorization")))
        fail = self.calls[name] <= self._failures

        def answer(requests: Iterator[Any], context: grpc.ServicerContext) -> Iterator[bytes]:
            next(requests, None)  # as the gateway does: grpc.aio takes an end that meets a write for an error of its own
            if fail:
                context.abort(grpc.StatusCode.UNAVAILABLE, "no")
            yield b""

        return grpc.stream_stream_rpc_method_handler(answer)


class PeerTest(unittest.TestCase):
    def peer(self, failures: int) -> Peer:
        peer = Peer(failures)
        self.addCleanup(peer.stop)
        return peer

    def use(self, client: popgate.Client) -> None:
        """Make a call of each kind, and one more that has its own metadata; whatever they answer."""
        with client:
            list(client.fetch("pop.example", ALICE))
            list(client.collect("pop.example", ALICE))
            with client.session("pop.example"):
                pass

    def test_repeats_what_is_safe(self) -> None:
        peer = self.peer(failures=2)
        with popgate.connect(peer.target) as client:
            client.pop3.Stat(pb.StatRequest())
            for repeat_by_hand in client.pop3.Dele, client.pop3.Pass:
                with self.assertRaises(grpc.RpcError):
                    repeat_by_hand(pb.DeleRequest())
        self.assertEqual(peer.calls, {"Stat": 3, "Dele": 1, "Pass": 1})

    def test_asyncio_repeats_what_is_safe(self) -> None:
        peer = self.peer(failures=2)

        async def main() -> None:
            async with aio.connect(peer.target) as client:
                await client.pop3.Stat(pb.StatRequest())
                with self.assertRaises(grpc.RpcError):
                    await client.pop3.Dele(pb.DeleRequest())

        asyncio.run(main())
        self.assertEqual(peer.calls, {"Stat": 3, "Dele": 1})

    def test_options_have_the_last_word(self) -> None:
        peer = self.peer(failures=2)
        with popgate.connect(peer.target, options=[("grpc.service_config", "{}")]) as client:
            with self.assertRaises(grpc.RpcError):
                client.pop3.Stat(pb.StatRequest())
        self.assertEqual(peer.calls, {"Stat": 1})

    def test_token(self) -> None:
        peer = self.peer(failures=0)
        self.use(popgate.connect(peer.target, token="t0ken"))
        methods = {"FetchMessages", "CollectMessages", "OpenSession", "CloseSession"}
        self.assertEqual(peer.tokens, {(method, "Bearer t0ken") for method in methods})

    def test_no_token(self) -> None:
        peer = self.peer(failures=0)
        self.use(popgate.connect(peer.target))
        self.assertEqual({token for _, token in peer.tokens}, {None})

    def test_asyncio_token(self) -> None:
        peer = self.peer(failures=0)

        async def main() -> None:
            async with aio.connect(peer.target, token="t0ken") as client:
                self.assertEqual([message async for message in client.fetch("pop.example", ALICE)], [])
                self.assertEqual([message async for message in client.collect("pop.example", ALICE)], [])
                async with await client.session("pop.example"):
                    pass

        asyncio.run(main())
        methods = {"FetchMessages", "CollectMessages", "OpenSession", "CloseSession"}
        self.assertEqual(peer.tokens, {(method, "Bearer t0ken") for method in methods})


class ProxyTest(PeerTest):
    """What is said in plaintext to this machine does not leave it by the environment's proxy."""

    def setUp(self) -> None:
        listener = socket.create_server(("127.0.0.1", 0))  # accepts, and never answers
        self.addCleanup(listener.close)
        proxy = f"http://127.0.0.1:{listener.getsockname()[1]}"
        environment = mock.patch.dict(os.environ, {"grpc_proxy": proxy, "no_grpc_proxy": "", "no_proxy": ""})
        environment.start()
        self.addCleanup(environment.stop)
        self.target = self.peer(failures=0).target

    def test_threads(self) -> None:
        with popgate.connect(self.target) as client:
            client.pop3.Stat(pb.StatRequest(), timeout=60)

    def test_asyncio(self) -> None:
        async def main() -> None:
            async with aio.connect(self.target) as client:
                await client.pop3.Stat(pb.StatRequest(), timeout=60)

        asyncio.run(main())


class TokenTest(unittest.TestCase):
    """A client with a token does all that one without does."""

    def test_session_and_collect(self) -> None:
        with demo() as (target, server), popgate.connect(target, token="t0ken") as client:
            with client.session(server) as session:
                session.auth(ALICE)
                with session.retr(1) as file:
                    self.assertEqual(len(file.read()), 686)
            await_free(server)
            with client.collect(server, ALICE, timeout=60) as messages:
                self.assertEqual(len(list(messages)), 5)
            self.assertEqual(messages.outcome, "COMMITTED")

    def test_asyncio(self) -> None:
        async def main(target: str, server: popgate.Server) -> None:
            async with aio.connect(target, token="t0ken") as client:
                async with await client.session(server) as session:
                    await session.auth(ALICE)
                    self.assertEqual(len(await (await session.retr(1)).read()), 686)
                await asyncio.to_thread(await_free, server)
                async with client.collect(server, ALICE, timeout=60) as messages:
                    self.assertEqual(len([message async for message in messages]), 5)
                self.assertEqual(messages.outcome, "COMMITTED")

        with demo() as where:
            asyncio.run(main(*where))


class TlsTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        stack = ExitStack()
        cls.addClassCleanup(stack.close)
        folder = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory()))
        certificates = {name: certificate(folder / name, name) for name in ("gateway.example", "other.example")}
        cls.files = {name: tuple(file.read_bytes() for file in files) for name, files in certificates.items()}
        _, cls.server = stack.enter_context(demo())
        chain, key = certificates["gateway.example"]
        callers, _ = certificates["other.example"]
        flags = [f"--tls-cert={chain}", f"--tls-key={key}", f"--tls-client-ca={callers}"]
        gateway = serve(f"{cls.server.host}:{cls.server.port}", flags=flags)
        stack.callback(gateway.stop)
        cls.target = gateway.where["gateway"]

    def greeting(self, credentials: grpc.ChannelCredentials | None, name: str = "gateway.example") -> str:
        """Open a session through TLS."""
        options = [("grpc.ssl_target_name_override", name)]
        # Not by `connect` alone where there are no credentials: it takes this target for local, and speaks plaintext.
        with popgate.connect(self.target, credentials, options=options) as client, client.session(self.server) as session:
            return session.get_welcome()

    def caller(self) -> grpc.ChannelCredentials:
        chain, key = self.files["other.example"]
        return grpc.ssl_channel_credentials(self.files["gateway.example"][0], key, chain)

    def test_ca_and_certificate(self) -> None:
        self.assertEqual(self.greeting(self.caller())[:3], "+OK")

    def test_asyncio(self) -> None:
        async def main() -> str:
            options = [("grpc.ssl_target_name_override", "gateway.example")]
            async with aio.connect(self.target, self.caller(), token="t0ken", options=options) as client:
                async with await client.session(self.server) as session:
                    return await session.get_welcome()

        self.assertEqual(asyncio.run(main())[:3], "+OK")

    def test_refuses(self) -> None:
        wrong, _ = self.files["other.example"]
        for what, credentials, name in (
            ("wrong CA", grpc.ssl_channel_credentials(wrong), "gateway.example"),
            ("public CAs", grpc.ssl_channel_credentials(), "gateway.example"),
            ("wrong name", self.caller(), "elsewhere.example"),
            ("plaintext", None, "gateway.example"),
        ):
            with self.subTest(what), self.assertRaises(popgate.Error) as caught:
                self.greeting(credentials, name)
            self.assertEqual((caught.exception.code, caught.exception.reason), (grpc.StatusCode.UNAVAILABLE, ""))

    def test_no_certificate(self) -> None:
        with self.assertRaises(popgate.Error) as caught:
            self.greeting(grpc.ssl_channel_credentials(self.files["gateway.example"][0]))
        self.assertEqual(caught.exception.reason, "CALLER_UNAUTHENTICATED")


class Broken(Peer):
    """A server that notes deadlines, refuses GetWelcome with these trailers, and breaks CollectMessages off."""

    def __init__(self) -> None:
        self.remaining: dict[str, float] = {}  # seconds to the deadline, by method
        self.trailers: tuple[tuple[str, bytes], ...] = ()
        super().__init__(failures=0)

    def service(self, details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler[Any, Any]:
        name = details.method.rpartition("/")[2]

        def answer(requests: Iterator[Any], context: grpc.ServicerContext) -> Iterator[bytes]:
            self.remaining[name] = context.time_remaining() or 0
            next(requests, None)
            if name == "GetWelcome":
                context.set_trailing_metadata(self.trailers)
                context.abort(grpc.StatusCode.NOT_FOUND, "no such session")
            elif name == "CollectMessages":
                part = mailbox.Part(delivery_id=1, start=mailbox.PartStart(), end=mailbox.PartEnd())
                yield mailbox.CollectMessagesResponse(parts=[part]).SerializeToString()
                commit = mailbox.Commit(outcome=error_pb2.COMMIT_OUTCOME_COMMITTED)
                yield mailbox.CollectMessagesResponse(commit=commit).SerializeToString()
                context.abort(grpc.StatusCode.UNAVAILABLE, "broken")
            yield b""

        return grpc.stream_stream_rpc_method_handler(answer)


class BrokenTest(unittest.TestCase):
    def setUp(self) -> None:
        self.peer = Broken()
        self.addCleanup(self.peer.stop)

    def check_deadlines(self) -> None:
        # gRPC may round the 10 seconds up on the wire.
        self.assertLess(self.peer.remaining["CloseSession"], 11)
        self.assertGreater(self.peer.remaining["Quit"], 100)  # it removes messages, and takes as long as it takes

    def test_close_has_a_short_deadline(self) -> None:
        with popgate.connect(self.peer.target) as client, client.session("pop.example") as session:
            session.quit()
        self.check_deadlines()
        self.assertEqual([popgate.session.close_timeout(timeout) for timeout in (None, 330, 2)], [10, 10, 2])

    def test_asyncio_close_has_a_short_deadline(self) -> None:
        async def main() -> None:
            async with aio.connect(self.peer.target) as client, await client.session("pop.example") as session:
                await session.quit()

        asyncio.run(main())
        self.check_deadlines()

    def test_details_that_are_garbage(self) -> None:
        info, retry = "type.googleapis.com/google.rpc.ErrorInfo", "type.googleapis.com/google.rpc.RetryInfo"
        not_found = grpc.StatusCode.NOT_FOUND.value[0]
        endless = error_details_pb2.RetryInfo(retry_delay=Duration(seconds=1 << 62)).SerializeToString()
        for what, trailer in {
            "no Status": b"\xff",
            "no ErrorInfo": status(not_found, info, b"\xff"),
            "no RetryInfo": status(not_found, retry, b"\xff"),
            "no duration": status(not_found, retry, endless),
            "another code": status(not_found + 1, info, b""),
        }.items():
            self.peer.trailers = (("grpc-status-details-bin", trailer),)
            with self.subTest(what), popgate.connect(self.peer.target) as client:
                with self.assertRaises(grpc.RpcError) as caught:
                    client.pop3.GetWelcome(pb.GetWelcomeRequest())
                error = popgate.errors.from_rpc(caught.exception)
                self.assertEqual((str(error), error.reason), ("no such session", ""))
                self.assertEqual((error.code, error.retry_after), (grpc.StatusCode.NOT_FOUND, None))

    def test_asyncio_leaving_a_collect_tells_of_its_error(self) -> None:
        commits: list[mailbox.Commit] = []

        async def main() -> None:
            async with aio.connect(self.peer.target) as client:
                async with client.collect("pop.example", ALICE, on_commit=commits.append) as messages:
                    async for message in messages:
                        for _ in range(20):  # the last of them find the call ended
                            await messages.settle(message, "delete")
                            await asyncio.sleep(0.01)
                        break

        with self.assertRaises(popgate.Error) as caught:
            asyncio.run(main())
        self.assertEqual((caught.exception.code, len(commits)), (grpc.StatusCode.UNAVAILABLE, 1))


class Endless(Peer):
    """A server whose streams do not end; it counts those that the caller gave up."""

    def __init__(self) -> None:
        self.given_up = threading.Semaphore(0)
        super().__init__(failures=0)

    def service(self, details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler[Any, Any]:
        part = mailbox.Part(delivery_id=1, start=mailbox.PartStart(), end=mailbox.PartEnd())
        first = {
            "List": pb.ListResponse(),
            "Retr": pb.RetrResponse(data=b"abc"),
            "FetchMessages": mailbox.FetchMessagesResponse(parts=[part]),
            "CollectMessages": mailbox.CollectMessagesResponse(parts=[part]),
        }.get(details.method.rpartition("/")[2])

        def answer(requests: Iterator[Any], context: grpc.ServicerContext) -> Iterator[bytes]:
            next(requests, None)
            over = threading.Event()
            if first:  # before the response: who has that may be gone before this goes on
                context.add_callback(self.given_up.release)
            waits = first and context.add_callback(over.set)
            yield first.SerializeToString() if first else b""
            if waits:
                over.wait()

        return grpc.stream_stream_rpc_method_handler(answer)


class LeftTest(unittest.IsolatedAsyncioTestCase):
    """A loop that is left ends its call at once, without `async with` too: until then the gateway keeps the session and the mailbox."""

    async def test_asyncio_loops(self) -> None:
        peer = Endless()
        self.addCleanup(peer.stop)
        async with aio.connect(peer.target) as client, await client.session("pop.example") as session:
            for what, begin in {
                "list": session.list,
                "fetch": lambda: client.fetch("pop.example", ALICE),
                "collect": lambda: client.collect("pop.example", ALICE),
            }.items():
                async for _ in begin():
                    break
                self.assertTrue(await asyncio.to_thread(peer.given_up.acquire, timeout=60), what)
            async for data in await session.retr(1):
                self.assertEqual(data, b"abc")
                break
            self.assertTrue(await asyncio.to_thread(peer.given_up.acquire, timeout=60), "retr")
            async with await session.retr(1) as file:
                pass
            with self.assertRaises(ValueError):
                await file.read()


def status(code: int, kind: str, value: bytes) -> bytes:
    """Make a google.rpc.Status of one detail."""
    return status_pb2.Status(code=code, message="no such session", details=[Any_(type_url=kind, value=value)]).SerializeToString()


if __name__ == "__main__":
    unittest.main()
