#!/usr/bin/env python3
"""What ./dev does when a step fails or is stopped: dev_test.py DEV.

It runs on a copy beside which scripts/deps.sh is a stand-in of this test, and so is the cargo that it names.
"""

import os
import pathlib
import platform
import shutil
import signal
import subprocess
import sys
import tempfile
import unittest

DEV = pathlib.Path(sys.argv.pop(1)) if len(sys.argv) > 1 else None
DEPS = """#!/bin/sh
case $1 in
  missing) echo onnxruntime ;;
  cargo) echo "$PWD/cargo" ;;
  fetch) %s ;;
esac
"""


class DevTest(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        shutil.copy(DEV, self.folder / "dev")
        (self.folder / "scripts").mkdir()
        (self.folder / "scripts/versions.txt").touch()

    def program(self, name, text):
        path = self.folder / name
        path.write_text(text)
        path.chmod(0o755)

    def start(self, **variables):
        environment = os.environ | {"WASINN_CACHE": str(self.folder), "WASINN_PACKAGES": "none"} | variables
        environment.pop("WASINN_CARGO_TARGET_DIR", None)
        # A shell cannot trap what was ignored when it began.
        return subprocess.Popen([self.folder / "dev", "build", "program"], stdout=subprocess.PIPE, text=True, env=environment,
                                stderr=subprocess.STDOUT, preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))

    def test_who_stops_it_stops_all_that_it_began(self):
        os.mkfifo(self.folder / "alive")
        # The pipe ends when the last of them has ended.
        waits = "exec 9>alive && echo started >&9 && sleep 1000"
        self.program("scripts/deps.sh", DEPS % waits)
        self.program("cargo", f"#!/bin/sh\n{waits}\n")
        for number in (signal.SIGINT, signal.SIGTERM):
            process = self.start()
            with open(self.folder / "alive", encoding="utf-8") as alive:
                self.assertEqual([alive.readline(), alive.readline()], ["started\n"] * 2)
                process.send_signal(number)
                process.communicate()
                self.assertEqual(process.returncode, 130)
                self.assertEqual(alive.read(), "")

    def test_a_disk_that_is_full_is_told(self):
        self.program("scripts/deps.sh", DEPS % "echo 'deps: error: [Errno 28] No space left on device'; exit 1")
        self.program("cargo", "#!/bin/sh\n")
        process = self.start()
        output, _ = process.communicate()
        self.assertEqual(process.returncode, 1)
        self.assertIn("== downloads FAILED (status 1)", output)
        self.assertRegex(output, r"== the disk is full: \S+ free on /.*; what is done is kept")

    @unittest.skipUnless(platform.freedesktop_os_release().get("ID") == "debian", "not Debian")
    def test_a_network_that_is_down_is_told(self):
        (self.folder / "bin").mkdir()
        (self.folder / "scripts/versions.txt").write_text("apt program g++\n")
        self.program("bin/dpkg-query", "#!/bin/sh\nexit 1\n")
        self.program("bin/apt-get", "#!/bin/sh\necho 'W: Failed to fetch http://a.example/InRelease  Temporary failure'\n")
        self.program("bin/apt-cache", "#!/bin/sh\n")
        self.program("bin/sudo", "#!/bin/sh\n[ $1 = -n ] || \"$@\"\n")
        process = self.start(WASINN_PACKAGES="", PATH=f"{self.folder / 'bin'}:{os.environ['PATH']}")
        output, _ = process.communicate()
        self.assertEqual(process.returncode, 1)
        self.assertIn("no connection: Failed to fetch http://a.example/InRelease  Temporary failure", output)


if __name__ == "__main__":
    unittest.main()
