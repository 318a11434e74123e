"""schemathesis: what openapi.json says holds, for what it allows and for what it does not.

SPDX-License-Identifier: GPL-3.0-or-later

Left out: /headroom/events, which does not end, and the check that whatever has the right types is accepted (there is no model of any
name, and openapi.json does not say which names there are). Server errors are looked at in openapi_hooks.py.
"""
import os
import pathlib
import subprocess
import sys

from common import URL, run


def openapi():
    folder = pathlib.Path(__file__).parent
    program = pathlib.Path(sys.executable).with_name("schemathesis")
    done = subprocess.run(
        [program, "run", f"{URL}/headroom/openapi.json", "--url", URL, "--exclude-path", "/headroom/events",
         "--exclude-checks", "positive_data_acceptance,not_a_server_error", "--phases", "coverage,fuzzing", "--max-examples", "20",
         "--request-timeout", "20", "--generation-deterministic", "--no-color"],
        cwd=os.environ["XDG_RUNTIME_DIR"], env=dict(os.environ, SCHEMATHESIS_HOOKS=str(folder / "openapi_hooks.py")),
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    print("".join(f"# {line}\n" for line in done.stdout.splitlines()[-80:] if done.returncode != 0), end="")
    assert done.returncode == 0, "see above"


run("openapi", [openapi])
