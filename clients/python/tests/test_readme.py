"""The README's examples, as they stand save for the ports, each with a gateway and a sample mailbox of its own."""

from __future__ import annotations

import contextlib
import io
import os
import pathlib
import re
import shutil
import tempfile
import unittest
from contextlib import ExitStack

import popgate
from tests.support import certificate, demo, once_free, serve

README = pathlib.Path(__file__).parent.parent / "README.md"


class ReadmeTest(unittest.TestCase):
    # How many lines each example prints of the sample mailbox.
    lines = (5, 5, 0, 2, 1, 6, 1)

    def test_examples(self) -> None:
        examples = re.findall(r"^```python\n(.*?)^```$", README.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
        self.assertEqual(len(examples), len(self.lines))
        # What the first one defines the others use.
        preamble = examples[0].partition("with ")[0]
        for number, (example, lines) in enumerate(zip(examples, self.lines)):
            with self.subTest(number), demo() as (target, server), tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
                code = (preamble if number else "") + example
                code = code.replace("127.0.0.1:9110", target).replace("9111", str(server.port))
                if "ca.pem" in example:
                    code = code.replace("gateway.example:9110", self.with_tls(stack, pathlib.Path(folder), server))
                compiled = compile(code, f"README.md, example {number}", "exec")

                def run() -> str:
                    with contextlib.redirect_stdout(io.StringIO()) as printed:
                        exec(compiled, {"__name__": "example"})
                    return printed.getvalue()

                before = os.getcwd()
                os.chdir(folder)
                try:
                    # One logs in twice, and the mailbox may still be in use by its first time.
                    printed = once_free(run)
                    collected = len(list(pathlib.Path("mail").glob("*.eml")))
                finally:
                    os.chdir(before)
                self.assertEqual(len(printed.splitlines()), lines)
                self.assertEqual(collected, 5 if "collect" in example else 0)

    def with_tls(self, stack: ExitStack, folder: pathlib.Path, server: popgate.Server) -> str:
        """Start a gateway with TLS, whose authority is in ca.pem of the folder, and return its target."""
        chain, key = certificate(folder / "gateway", "localhost")
        shutil.copy(chain, folder / "ca.pem")
        gateway = serve(f"{server.host}:{server.port}", flags=[f"--tls-cert={chain}", f"--tls-key={key}"])
        stack.callback(gateway.stop)
        return gateway.where["gateway"].replace("127.0.0.1", "localhost")


if __name__ == "__main__":
    unittest.main()
