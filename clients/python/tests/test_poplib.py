"""popgate.poplib beside the interpreter's own poplib, both on the sample mailbox of `popgate demo`."""

from __future__ import annotations

import contextlib
import inspect
import io
import os
import poplib as original
import socket
import ssl
import unittest
from collections.abc import Callable
from typing import Any
from unittest import mock

import popgate
from popgate import _poplib, poplib
from tests.support import await_free, demo


class PairTest(unittest.TestCase):
    """What both answer has to be the same."""

    def setUp(self) -> None:
        stack = contextlib.ExitStack()
        self.addCleanup(stack.close)
        stack.enter_context(mock.patch.object(original, "_MAXLINE", 1 << 20))  # it cannot read the sample's longest line
        # Each has a gateway with a mailbox of its own, as both delete.
        self.target, self.server = stack.enter_context(demo())
        _, other = stack.enter_context(demo())
        stack.enter_context(mock.patch.dict(os.environ, {"POPGATE_TARGET": self.target}))
        self.ours = poplib.POP3(self.server.host, self.server.port)
        self.addCleanup(self.ours.close)
        self.theirs = original.POP3(other.host, other.port)
        self.addCleanup(self.theirs.close)

    def both(self, call: Callable[[Any], Any]) -> Any:
        """Make the same call of both; what it returns or raises, and what it prints."""
        results = []
        for pop in self.theirs, self.ours:
            printed = io.StringIO()
            with contextlib.redirect_stdout(printed):
                try:
                    result = call(pop)
                except Exception as error:
                    result = (type(error).__name__, error.args)
            results.append((result, printed.getvalue()))
        self.assertEqual(results[1], results[0])
        return results[1][0]

    def test_dialogue(self) -> None:
        for level in 0, 1, 2:
            self.both(lambda pop: pop.set_debuglevel(level))
            with self.subTest(level):
                if level == 0:
                    self.both(lambda pop: pop.user("alice"))
                    self.both(lambda pop: pop.pass_("nope"))
                    self.both(lambda pop: pop.user("alice"))
                    self.both(lambda pop: pop.pass_("secret"))
                self.assertEqual(self.both(lambda pop: pop.stat()), (5, 13679))
                self.both(lambda pop: pop.capa())
                self.both(lambda pop: pop.list())
                self.both(lambda pop: pop.list(2))
                self.both(lambda pop: pop.list("2"))
                self.both(lambda pop: pop.uidl())
                self.both(lambda pop: pop.uidl(2))
                for number in range(1, 6):
                    self.both(lambda pop: pop.retr(number))
                    self.both(lambda pop: pop.top(number, 1))
                self.both(lambda pop: pop.noop())
                self.both(lambda pop: pop.utf8())
                for call in original.POP3.retr, original.POP3.dele, original.POP3.list, original.POP3.uidl:
                    self.assertEqual(self.both(lambda pop: getattr(pop, call.__name__)(6))[0], "error_proto")
                self.both(lambda pop: pop.dele(1))
                self.both(lambda pop: pop.retr(1))
                self.both(lambda pop: pop.rset())
        self.both(lambda pop: pop.dele(1))
        self.both(lambda pop: pop.quit())
        self.both(lambda pop: (pop.sock, pop.file))

    def test_close_removes_nothing(self) -> None:
        self.ours.apop("alice", "secret")
        self.ours.dele(1)
        self.ours.close()
        self.ours.close()
        with self.assertRaises(OSError):
            self.ours.noop()
        await_free(self.server)
        again = poplib.POP3(self.server.host, self.server.port)
        again.user("alice")
        again.rpop("alice")
        again.close()
        await_free(self.server)
        again = poplib.POP3(self.server.host, self.server.port)
        self.addCleanup(again.close)
        again.apop("alice", "secret")
        self.assertEqual(again.stat()[0], 5)

    def test_secrets_are_not_printed(self) -> None:
        printed = io.StringIO()
        self.ours.set_debuglevel(2)
        with contextlib.redirect_stdout(printed):
            self.ours.user("alice")
            self.ours.pass_("secret")
        self.assertIn("'PASS ***'", printed.getvalue())
        self.assertNotIn("secret", printed.getvalue())

    def test_what_is_not_sent(self) -> None:
        for number in "foo", "1\r\nDELE 2", -1, 1.5, "", 0, "00", 1 << 32, "٣":
            with self.subTest(number), self.assertRaises(poplib.error_proto):
                self.ours.dele(number)
        with self.assertRaises(ValueError):
            self.ours.user("alice\r\nQUIT")
        self.ours.user("alice")

    def test_a_client_can_be_shared(self) -> None:
        with popgate.connect(self.target) as client:
            for _ in range(2):
                pop = poplib.POP3(self.server.host, self.server.port, gateway=client)
                pop.user("alice")
                pop.close()

    def test_connecting_fails(self) -> None:
        with self.assertRaises(PermissionError):
            poplib.POP3("127.0.0.1", 1)
        with self.assertRaises(ConnectionError):
            poplib.POP3(self.server.host, self.server.port, gateway="127.0.0.1:1")
        with mock.patch.dict(os.environ):
            del os.environ["POPGATE_TARGET"]
            with self.assertRaises(ValueError):
                poplib.POP3(self.server.host)
        with self.assertRaises(ssl.SSLError):
            poplib.POP3_SSL(self.server.host, self.server.port)


class SurfaceTest(unittest.TestCase):
    def test_names(self) -> None:
        self.assertLessEqual(set(original.__all__), set(poplib.__all__))
        for name in "POP3", "POP3_SSL":
            theirs, ours = getattr(original, name), getattr(poplib, name)
            for method, function in inspect.getmembers(theirs, inspect.isfunction):
                if method.startswith("_") and method != "__init__":
                    continue
                with self.subTest(f"{name}.{method}"):
                    wanted = inspect.signature(function).parameters
                    got = inspect.signature(getattr(ours, method)).parameters
                    defaults = {key: value.default for key, value in got.items() if key in wanted}
                    self.assertEqual(defaults, {key: value.default for key, value in wanted.items()})

    def test_arguments_that_exclude_each_other(self) -> None:
        context = ssl.create_default_context()
        for files in {"keyfile": "k"}, {"certfile": "c"}, {"keyfile": "k", "certfile": "c"}:
            with self.subTest(files), self.assertRaises(ValueError):
                poplib.POP3_SSL("localhost", context=context, **files)
        with self.assertRaises(ValueError):
            poplib.POP3_SSL("localhost", keyfile="k")

    def test_contexts(self) -> None:
        self.assertFalse(poplib._tls(None).insecure_skip_verify)
        self.assertTrue(poplib._tls(ssl._create_unverified_context()).insecure_skip_verify)
        context = ssl.create_default_context()
        self.assertEqual(poplib._tls(context).ca_bundle_pem.count("BEGIN"), len(context.get_ca_certs()))
        context.check_hostname = False
        with self.assertRaises(ValueError):
            poplib._tls(context)
        with mock.patch.object(poplib, "default_context", ssl._create_unverified_context):
            self.assertTrue(poplib._tls(None).insecure_skip_verify)

    def test_octets(self) -> None:
        self.assertEqual(_poplib.unescaped(r"+OK \xe4\\x41 ü"), b"+OK \xe4\\x41 \xc3\xbc")

    def test_lines(self) -> None:
        """As poplib's readline has it, whatever the line ends."""
        for data in b"", b"\r\n", b"a\r\nb\nc\r\n", b"\ra\n", b"\r\n\n", b"a\r\r\n", b"\r\r\n", b"a\rb\n", b"." * 5000 + b"\r\n":
            with self.subTest(data[:10]):
                pop: Any = object.__new__(original.POP3)
                pop.file, pop._debugging = io.BytesIO(data), 0
                wanted = []
                with mock.patch.object(original, "_MAXLINE", 1 << 20), contextlib.suppress(original.error_proto):
                    while True:
                        wanted.append(pop._getline()[0])
                self.assertEqual(_poplib.split_lines(data), wanted)

    def test_errors(self) -> None:
        for reason, metadata, kind in (
            ("CONNECT_FAILED", {"cause": "REFUSED"}, ConnectionRefusedError),
            ("CONNECT_FAILED", {"cause": "NAME_NOT_FOUND"}, socket.gaierror),
            ("CONNECT_FAILED", {"cause": "TIMEOUT"}, TimeoutError),
            ("TIMEOUT", {}, TimeoutError),
            ("TLS_VERIFICATION_FAILED", {"response": "+OK"}, ssl.SSLCertVerificationError),
            ("LOGIN_FAILED", {"response": "-ERR no"}, poplib.error_proto),
            ("MALFORMED_REPLY", {"response": "+OK"}, poplib.error_proto),
            ("CONNECTION_LOST", {}, poplib.error_proto),
            ("SESSION_ENDED", {}, poplib.error_proto),
        ):
            with self.subTest(reason):
                error = _poplib.translated(popgate.Error("text", reason=reason, metadata=metadata))
                self.assertIs(type(error), kind)
                self.assertNotEqual(error.args, (b"+OK",))


if __name__ == "__main__":
    unittest.main()
