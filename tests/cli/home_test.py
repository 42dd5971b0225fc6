"""Using a model leaves nothing in the user's home: ONNX Runtime's official builds keep an identifier
and usage data there unless they are told not to.

home_test.py WASINN MODEL.onnx"""

import os
import subprocess
import sys
import tempfile

wasinn, model = sys.argv[1:]
with tempfile.TemporaryDirectory() as home:
    env = {name: value for name, value in os.environ.items()
           if not name.startswith(("ORT_", "XDG_"))}
    env["HOME"] = home
    shown = subprocess.run([wasinn, "models", model], env=env, capture_output=True, text=True)
    if shown.returncode != 0:
        sys.exit(f"expected exit code 0, given {shown.returncode}: {shown.stderr}")
    left = [os.path.join(folder, name) for folder, _, names in os.walk(home) for name in names]
    if left:
        sys.exit(f"expected no files in the home folder, given {left}")
