#!/usr/bin/env python3
"""Everything that people read can be translated, and the translations that exist are complete.

    test-translations.py SOURCE_ROOT

Speaks TAP.

SPDX-License-Identifier: GPL-3.0-or-later
"""
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(sys.argv[1])
# What a string that people read is marked with.
MARKED = re.compile(r'\b(_|N_|C_|NC_|ngettext|gettext|g_dngettext|g_dpgettext2?)\s*\(\s*["N]|translatable="(yes|true)"')
KEYWORDS = ["_", "N_", "C_:1c,2", "NC_:1c,2", "ngettext:1,2", "g_dngettext:2,3", "g_dpgettext2:2c,3"]


def listed():
    lines = (ROOT / "po/POTFILES").read_text().splitlines()
    return [line.strip() for line in lines if line.strip() and not line.startswith("#")]


def marked():
    found = {str(p.relative_to(ROOT)) for pattern in ("*.desktop.in", "*.metainfo.xml.in") for p in (ROOT / "data").glob(pattern)}
    for folder in ("src", "ui"):
        for path in sorted((ROOT / folder).rglob("*")):
            if path.suffix in (".c", ".h", ".ui") and MARKED.search(path.read_text(errors="replace")):
                found.add(str(path.relative_to(ROOT)))
    return found


def test_potfiles():
    """Every file with marked strings is in POTFILES, and nothing else."""
    files = listed()
    missing, gone = marked() - set(files), [f for f in files if not (ROOT / f).exists()]
    assert not missing, f"not in po/POTFILES: {', '.join(sorted(missing))}"
    assert not gone, f"in po/POTFILES, but not there: {', '.join(gone)}"
    assert files == sorted(set(files)), "po/POTFILES is not sorted"


def template(folder):
    path = pathlib.Path(folder) / "headroom.pot"
    command = ["xgettext", "--from-code=UTF-8", "--add-comments=Translators", f"--directory={ROOT}", f"--files-from={ROOT}/po/POTFILES",
               f"--output={path}", *(f"--keyword={k}" for k in KEYWORDS)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return path


def test_complete(language):
    """Every string of the sources is translated, none of them doubtfully; formats agree."""
    path = ROOT / f"po/{language}.po"
    done = subprocess.run(["msgfmt", "--check", "--statistics", "--output-file=/dev/null", str(path)],
                          capture_output=True, text=True, env={"LC_ALL": "C", "PATH": "/usr/bin:/bin"})
    assert done.returncode == 0, done.stderr
    assert "fuzzy" not in done.stderr and "untranslated" not in done.stderr, done.stderr
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(["msgcmp", str(path), str(template(folder))], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def main():
    if not shutil.which("xgettext"):
        print("1..0 # SKIP gettext is not installed")
        return
    languages = (ROOT / "po/LINGUAS").read_text().split()
    assert "zh_CN" in languages
    cases = [("/translations/potfiles", test_potfiles)]
    cases += [(f"/translations/{language}", lambda language=language: test_complete(language)) for language in languages]
    print(f"1..{len(cases)}")
    failed = False
    for number, (name, case) in enumerate(cases, 1):
        try:
            case()
            print(f"ok {number} {name}")
        except AssertionError as error:
            failed = True
            print(f"not ok {number} {name}")
            for line in str(error).splitlines()[:40]:
                print("#", line)
    sys.exit(failed)


main()
