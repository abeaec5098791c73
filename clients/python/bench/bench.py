"""How fast a mailbox of 20,000 messages of 4 KiB comes through popgate, beside poplib: both whole, from one server, by turns.

    clients/python/bench/bench [MESSAGES OCTETS]
"""

from __future__ import annotations

import os
import poplib
import statistics
import sys
import time
from collections.abc import Callable

import popgate

ROUNDS = 3


def by_poplib(host: str, port: int) -> int:
    """Read all messages by poplib; return their octets."""
    box = poplib.POP3(host, port)
    box.user("alice")
    box.pass_("secret")
    octets = sum(box.retr(number)[2] for number in range(1, box.stat()[0] + 1))
    box.quit()
    return octets


def by_fetch(target: str, server: popgate.Server) -> int:
    """Read all messages by the gateway; return their octets."""
    with popgate.connect(target) as client:
        return sum(len(message.data) for message in client.fetch(server, popgate.Credentials(username="alice", password="secret")))


def timed(read: Callable[[], int], octets: int) -> float:
    """Return how long it took to read so many octets, in seconds."""
    begin = time.perf_counter()
    got = read()
    took = time.perf_counter() - begin
    if got != octets:
        raise SystemExit(f"{got} octets came in place of {octets}")
    return took


def main(gateway: str, mailbox: str, messages: int, octets: int) -> None:
    host, _, port = mailbox.rpartition(":")
    server = popgate.Server(host=host, port=int(port), tls=popgate.TlsOptions(mode=popgate.TLS_MODE_PLAINTEXT))
    theirs, ours = [], []
    for _ in range(ROUNDS):
        theirs.append(timed(lambda: by_poplib(host, int(port)), messages * octets))
        ours.append(timed(lambda: by_fetch(gateway, server), messages * octets))
    ratios = [a / b for a, b in zip(theirs, ours)]
    print(f"{messages} messages of {octets} octets, median of {ROUNDS}, load {os.getloadavg()[0]:.1f}:")
    print(f"  poplib  {statistics.median(theirs):.2f} s  ({', '.join(f'{t:.2f}' for t in theirs)})")
    print(f"  fetch   {statistics.median(ours):.2f} s  ({', '.join(f'{t:.2f}' for t in ours)})")
    print(f"  ratio   {statistics.median(ratios):.1f}  ({', '.join(f'{r:.1f}' for r in ratios)})")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
