"""What every channel to a gateway has: what is repeated, how streams are read, and the caller's token."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib.resources import files
from ipaddress import ip_address
from typing import Any

Options = Sequence[tuple[str, Any]]

SERVICE_CONFIG = files(__package__).joinpath("service_config.json").read_text(encoding="utf-8")
"""gRPC's service config in JSON: a call that harms nothing when it is repeated is, after UNAVAILABLE, up to four times."""

_KINDS = ("unary_unary", "unary_stream", "stream_unary", "stream_stream")


def with_defaults(options: Options, target: str) -> Options:
    """Add what the caller's options do not say: the service config, and that no proxy is between this machine and itself."""
    defaults: dict[str, Any] = {"grpc.service_config": SERVICE_CONFIG}
    if is_local(target):
        defaults["grpc.enable_http_proxy"] = 0  # else gRPC would send it to the environment's, in plaintext
    return list({**defaults, **dict(options)}.items())


def is_local(target: str) -> bool:
    """Whether a target is this machine, so that nobody can read along."""
    if target.startswith(("unix:", "unix-abstract:")):
        return True
    host = target.rpartition(":")[0].strip("[]")
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


class WithToken:
    """A channel, of threads or of asyncio, that sends a bearer token with every call.

    gRPC's own call credentials do so only over TLS, and its interceptors differ between the two kinds of channel.
    """

    def __init__(self, channel: Any, token: str) -> None:
        self._channel = channel
        self._header = ("authorization", f"Bearer {token}")

    def __getattr__(self, name: str) -> Any:
        attribute = getattr(self._channel, name)
        if name not in _KINDS:
            return attribute
        return lambda *args, **kwargs: _Method(attribute(*args, **kwargs), self._header)


class _Method:
    """One method of a stub: `()`, and without asyncio also `with_call` and `future`."""

    def __init__(self, method: Any, header: tuple[str, str]) -> None:
        self._method = method
        self._header = header

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._with_header(self._method)(*args, **kwargs)

    def __getattr__(self, name: str) -> Any:
        return self._with_header(getattr(self._method, name))

    def _with_header(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def wrapped(*args: Any, metadata: Any = None, **kwargs: Any) -> Any:
            return call(*args, metadata=(*(metadata or ()), self._header), **kwargs)

        return wrapped
