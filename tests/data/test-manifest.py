#!/usr/bin/env python3
"""The Flatpak manifest parses and describes this program.

    test-manifest.py MANIFEST APP_ID

SPDX-License-Identifier: GPL-3.0-or-later
"""
import json
import pathlib
import sys


def main():
    path, app_id = pathlib.Path(sys.argv[1]), sys.argv[2]
    manifest = json.loads(path.read_text())
    assert manifest["id"] == app_id == path.stem, "the id is the program's, and the file is named after it"
    assert manifest["command"] == "headroom-app"
    assert manifest["runtime"] == "org.gnome.Platform" and manifest["sdk"] == "org.gnome.Sdk"
    assert "--share=network" in manifest["finish-args"], "the server and downloads need it"
    names = [module["name"] for module in manifest["modules"]]
    assert names[-1] == "headroom" and len(names) == len(set(names)), "dependencies first, each once"
    for module in manifest["modules"]:
        assert module["sources"], module["name"]
        for source in module["sources"]:
            assert source["type"] != "git" or "tag" in source, f"{module['name']} is not pinned"
    own = manifest["modules"][-1]["sources"][0]["path"]
    assert (path.parent / own / "meson.build").exists(), "the program's own sources are found"


main()
