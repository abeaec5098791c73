"""Runs CPython's own test_poplib against popgate.poplib, with a real gateway in front of the test's own dummy server.

The test's own code is taken as it is, save that it waits longer for a reply. The module that it tests is another, and that has three
things changed for it: each dummy server gets a gateway of its own, TLS without a context is unverified as in poplib, and "foo" counts
as a message number. What is not applicable is listed here with its reason.
"""

from __future__ import annotations

import os
import ssl
import sys
import unittest
import warnings
from test import support
from typing import Any

from popgate import poplib
from tests.support import Gateway, serve

# Test method to reason.
NOT_APPLICABLE = {
    "test_exceptions": "calls the private _shortcmd with a command of the dummy server's own",
    "test_too_long_lines": "calls the private _shortcmd with a command of the dummy server's own",
    "test_context": "asks for the very socket, an ssl.SSLSocket; its ValueErrors are in tests/test_poplib.py",
}

# These pass the message number "foo", which the dummy server takes and the contract, whose numbers are numbers, cannot carry.
# They run with 1 in its place.
NO_NUMBER = ("test_retr", "test_dele", "test_uidl")

_gateways: dict[int, Gateway] = {}


def gateway_for(port: int) -> str:
    """Return the address of a gateway that may reach this port, which the dummy server has just been given."""
    if port not in _gateways:
        _gateways[port] = serve(f"127.0.0.1:{port}", f"localhost:{port}")
    return _gateways[port].where["gateway"]


def install() -> None:
    """Put popgate.poplib in poplib's place, with a gateway for each server, and TLS as unverified as in poplib."""
    original_open, original_number = poplib.POP3._open, poplib.message_number

    def opened(self: poplib.POP3, host: str, port: int, *arguments: Any, **keywords: Any) -> None:
        os.environ["POPGATE_TARGET"] = gateway_for(port)
        original_open(self, host, port, *arguments, **keywords)

    poplib.POP3._open = opened  # type: ignore[method-assign]
    poplib.message_number = lambda which, least=1: original_number(1 if which == "foo" else which, least)
    poplib.default_context = ssl._create_unverified_context
    sys.modules["poplib"] = poplib


class Result(unittest.TextTestResult):
    """Counts what passed, and stops a test's gateway behind it."""

    passed = 0

    def addSuccess(self, test: unittest.TestCase) -> None:
        super().addSuccess(test)
        self.passed += 1

    def stopTest(self, test: unittest.TestCase) -> None:
        super().stopTest(test)
        while _gateways:
            _gateways.popitem()[1].stop()


def cases(suite: unittest.TestSuite) -> list[unittest.TestCase]:
    """Flatten a suite."""
    return [case for each in suite for case in (cases(each) if isinstance(each, unittest.TestSuite) else [each])]


def main() -> int:
    """Run the test and print the figures."""
    warnings.simplefilter("ignore", DeprecationWarning)  # the test uses asyncore
    install()
    # As `python -m test --timeout` does for a slow machine: the 5 s are for two ends in one process.
    support.LOOPBACK_TIMEOUT = 60.0
    from test import test_poplib

    every = cases(unittest.defaultTestLoader.loadTestsFromModule(test_poplib))
    names = {case._testMethodName for case in every}
    for unknown in (NOT_APPLICABLE.keys() | set(NO_NUMBER)) - names:
        raise AssertionError(f"there is no {unknown}")
    applicable = [case for case in every if case._testMethodName not in NOT_APPLICABLE]
    runner = unittest.TextTestRunner(resultclass=Result, verbosity=1)
    result = runner.run(unittest.TestSuite(applicable))
    assert isinstance(result, Result)
    for name, reason in NOT_APPLICABLE.items():
        print(f"not applicable: {name}: {reason}")
    failed = len(applicable) - result.passed
    replaced = sum(case._testMethodName in NO_NUMBER for case in applicable)
    print(f"with message number 1 in place of 'foo': {', '.join(NO_NUMBER)}, {replaced} of the tests that ran")
    version = ".".join(map(str, sys.version_info[:3]))
    print(
        f"CPython {version} test_poplib through popgate.poplib: {result.passed} passed, {failed} failed,"
        f" {len(every) - len(applicable)} not applicable ({len(NOT_APPLICABLE)} names)"
    )
    return int(failed > 0 or not result.passed)


if __name__ == "__main__":
    sys.exit(main())
