#!/usr/bin/env python3
"""What scripts/deps.py does when a download or the disk fails: deps_test.py SCRIPTS.

It runs on a copy whose pin of one wheel names a small wheel of this test, which a registry in this process serves.
"""

import contextlib
import hashlib
import http.server
import io
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import unittest
import zipfile

SCRIPTS = pathlib.Path(sys.argv.pop(1)) if len(sys.argv) > 1 else None
NAME = "magika"


def wheel(version):
    """The bytes of a wheel that holds one file of 2 MB, which does not shrink."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr(f"{NAME}/data", b"".join(hashlib.sha256(b"%d" % i).digest() for i in range(1 << 16)))
        folder = f"{NAME}-{version}.dist-info"
        archive.writestr(f"{folder}/METADATA", f"Metadata-Version: 2.1\nName: {NAME}\nVersion: {version}\n")
        archive.writestr(f"{folder}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{folder}/RECORD", "")
    return content.getvalue()


class Registry(http.server.BaseHTTPRequestHandler):
    """Serves one wheel; the first `server.broken` answers end in their middle, and `server.asked` counts all."""

    def log_message(self, *_):
        pass

    def do_GET(self):
        if not self.path.endswith(".whl"):
            page = f'<!DOCTYPE html><a href="/{self.server.file}">{self.server.file}</a>'.encode()
            return self.answer(page, "text/html")
        self.server.asked += 1
        whole = self.server.content
        broken = self.server.asked <= self.server.broken
        return self.answer(whole[:len(whole) // 2] if broken else whole, "application/octet-stream")

    def answer(self, content, kind):
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.end_headers()
        self.wfile.write(content)


class DepsTest(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.cache = self.folder / "cache"
        shutil.copytree(SCRIPTS, self.folder / "scripts", ignore=shutil.ignore_patterns("__pycache__"))
        versions = self.folder / "scripts/versions.txt"
        row = re.search(rf"^pypi {NAME} +(\S+) +\S+ +(\S+)$", versions.read_text(), re.M)
        self.version = row[1]
        self.content = wheel(self.version)
        versions.write_text(versions.read_text().replace(row[2], hashlib.sha256(self.content).hexdigest()))
        self.target = self.cache / "deps" / f"{NAME}-{self.version}"

    @contextlib.contextmanager
    def registry(self, broken=0):
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Registry)
        server.content, server.broken, server.asked = self.content, broken, 0
        server.file = f"{NAME}-{self.version}-py3-none-any.whl"
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield server
        finally:
            server.shutdown()
            server.server_close()

    def start(self, port, before=None):
        environment = {name: value for name, value in os.environ.items() if not name.upper().startswith("PIP_")
                       and not name.lower().endswith("_proxy")}
        environment |= {"WASINN_CACHE": str(self.cache), "PIP_INDEX_URL": f"http://127.0.0.1:{port}/simple",
                        "PIP_CACHE_DIR": str(self.folder / "pip"), "PIP_CONFIG_FILE": os.devnull, "PIP_RETRIES": "1"}
        return subprocess.Popen([sys.executable, "-B", self.folder / "scripts/deps.py", "fetch", NAME], text=True,
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=environment, preexec_fn=before)

    def fetch(self, port, before=None):
        process = self.start(port, before)
        output, _ = process.communicate()
        self.assertNotIn("Traceback", output)
        return process.returncode, output

    def unfinished(self):
        """Names in the cache that belong to no finished dependency."""
        return [path.name for path in (self.cache / "deps").iterdir() if path != self.target]

    def test_a_download_that_breaks_off_is_made_again(self):
        with self.registry(broken=1) as server:
            status, output = self.fetch(server.server_port)
            self.assertEqual(status, 0, output)
            self.assertEqual(server.asked, 2)
        self.assertTrue((self.target / ".stamp").exists())

    def test_a_wrong_file_is_refused(self):
        with self.registry(broken=9) as server:
            status, output = self.fetch(server.server_port)
        self.assertEqual(status, 1)
        self.assertIn("DO NOT MATCH THE HASHES", output)
        self.assertFalse(self.target.exists())

    def test_without_a_network_it_says_so_and_goes_on_later(self):
        with socket.socket() as nobody:
            nobody.bind(("127.0.0.1", 0))
            status, output = self.fetch(nobody.getsockname()[1])
        self.assertEqual(status, 1)
        self.assertIn("deps: error: expected downloads of magika from PyPI or a mirror, the connection failed: "
                      "Connection refused; when the network is back", output)
        with self.registry() as server:
            status, output = self.fetch(server.server_port)
        self.assertEqual(status, 0, output)

    def test_a_disk_that_is_full_is_told(self):
        def no_large_files():
            import resource
            resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))

        with self.registry() as server:
            self.assertEqual(self.fetch(server.server_port)[0], 0)
            shutil.rmtree(self.target)
            status, output = self.fetch(server.server_port, no_large_files)
            self.assertEqual(status, 1)
            self.assertIn("deps: error: [Errno 27] File too large", output)
            self.assertEqual(self.unfinished(), [])
            self.assertEqual(self.fetch(server.server_port)[0], 0)

    def test_who_stops_it_finds_nothing_half_made(self):
        with self.registry() as server:
            self.assertEqual(self.fetch(server.server_port)[0], 0)
            shutil.rmtree(self.target)
            # Unpacking says that it has begun and waits, so the signal comes while it runs.
            script = self.folder / "scripts/deps.py"
            script.write_text(script.read_text().replace(
                "def unzip(archive, target, under=\"\", names=\"*\"):",
                "def unzip(archive, target, under=\"\", names=\"*\"):\n    (target / 'half').touch()\n"
                "    print('now', flush=True)\n    signal.pause()\n\n\ndef other(archive, target, under=\"\", names=\"*\"):"))
            for number in (signal.SIGTERM, signal.SIGINT):
                process = self.start(server.server_port)
                while (line := process.stdout.readline()) not in ("now\n", ""):
                    pass
                self.assertEqual(line, "now\n")
                self.assertNotEqual(self.unfinished(), [])
                process.send_signal(number)
                output, _ = process.communicate()
                self.assertEqual(output, "")
                self.assertEqual(process.returncode, 128 + number)
                self.assertEqual(self.unfinished(), [])


if __name__ == "__main__":
    unittest.main()
