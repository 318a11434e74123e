#!/usr/bin/env python3
"""What `meson install` puts into a DESTDIR is whole, and the program starts from there.

    test-install.py BUILD_ROOT APP_ID PREFIX

Speaks TAP. Runs the programs with an environment that knows the installed files only.

SPDX-License-Identifier: GPL-3.0-or-later
"""
import configparser
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

BUILD, APP_ID, PREFIX = pathlib.Path(sys.argv[1]), sys.argv[2], sys.argv[3]
DEST = pathlib.Path(tempfile.mkdtemp(prefix="headroom-install-"))
USR = DEST / PREFIX.lstrip("/")
SHARE = USR / "share"
OBJECT_PATH = "/" + APP_ID.replace(".", "/")


class Skipped(Exception):
    pass


def run(command, **more):
    env = {**os.environ, "XDG_DATA_DIRS": f"{SHARE}:/usr/share", "PATH": f"{USR}/bin:{os.environ['PATH']}",
           "XDG_DATA_HOME": str(DEST / "home"), "XDG_CONFIG_HOME": str(DEST / "config"), "XDG_CACHE_HOME": str(DEST / "cache"),
           "GSETTINGS_BACKEND": "memory", "GSK_RENDERER": "cairo", **more.pop("env", {})}
    return subprocess.run(command, capture_output=True, text=True, timeout=60, env=env, **more)


def need(tool):
    if not shutil.which(tool):
        raise Skipped(f"{tool} is not installed")


def install():
    done = subprocess.run(["meson", "install", "-C", str(BUILD), "--no-rebuild", "--destdir", str(DEST)], capture_output=True, text=True,
                          env={**os.environ, "DESTDIR": str(DEST)})
    assert done.returncode == 0, done.stdout + done.stderr
    # With a DESTDIR, indexes are the packager's work.
    subprocess.run(["glib-compile-schemas", "--strict", str(SHARE / "glib-2.0/schemas")], check=True, capture_output=True)


def test_files():
    wanted = ["bin/headroom", "bin/headroom-app", f"share/applications/{APP_ID}.desktop", f"share/metainfo/{APP_ID}.metainfo.xml",
              f"share/icons/hicolor/scalable/apps/{APP_ID}.svg", f"share/icons/hicolor/symbolic/apps/{APP_ID}-symbolic.svg",
              f"share/glib-2.0/schemas/{APP_ID}.gschema.xml", f"share/dbus-1/services/{APP_ID}.service",
              f"share/mime/packages/{APP_ID}.xml", "share/locale/zh_CN/LC_MESSAGES/headroom.mo"]
    missing = [name for name in wanted if not (USR / name).exists()]
    assert not missing, f"not installed: {missing}"
    extra = [str(p.relative_to(USR)) for p in USR.rglob("*") if p.is_file() and p.suffix in (".a", ".h", ".pc")]
    assert not extra, f"no business of a user's: {extra}"


def test_programs():
    for program in ("headroom", "headroom-app"):
        done = run([str(USR / "bin" / program), "--version"])
        assert done.returncode == 0, done.stderr
        assert done.stdout.lower().startswith("headroom"), done.stdout


def chinese_locale():
    """Environment of a Chinese locale made for this test: in C.UTF-8, newer systems translate nothing."""
    need("localedef")
    made = subprocess.run(["localedef", "-i", "zh_CN", "-f", "UTF-8", str(DEST / "zh_CN.UTF-8")], capture_output=True)
    if made.returncode > 1:
        raise Skipped("the locales' definitions are not installed")
    return {"LOCPATH": str(DEST), "LC_ALL": "zh_CN.UTF-8", "LANGUAGE": ""}


def test_translated():
    done = run([str(USR / "bin/headroom"), "--help"], env=chinese_locale())
    assert done.returncode == 0, done.stderr
    assert any("\u4e00" <= letter <= "\u9fff" for letter in done.stdout), done.stdout


def test_desktop_entry():
    entry = configparser.ConfigParser(interpolation=None, strict=True)
    entry.optionxform = str
    entry.read(SHARE / f"applications/{APP_ID}.desktop")
    section = entry["Desktop Entry"]
    assert section["DBusActivatable"] == "true" and section["Icon"] == APP_ID
    assert (USR / "bin" / section["Exec"].split()[0]).exists(), "Exec names an installed program"
    assert "Name[zh_CN]" in section or "Comment[zh_CN]" in section, "the entry is translated"


def test_service():
    service = configparser.ConfigParser(interpolation=None)
    service.optionxform = str
    service.read(SHARE / f"dbus-1/services/{APP_ID}.service")
    section = service["D-BUS Service"]
    program, argument = section["Exec"].split()
    assert section["Name"] == APP_ID and argument == "--gapplication-service"
    assert (DEST / program.lstrip("/")).exists(), "Exec names an installed program by its path"


def test_mime():
    need("update-mime-database")
    need("gio")
    subprocess.run(["update-mime-database", str(SHARE / "mime")], check=True, capture_output=True)
    sample = DEST / "model-without-a-suffix"
    sample.write_bytes(b"GGUF\x03\0\0\0" + bytes(16))
    done = run(["gio", "info", "-a", "standard::content-type", str(sample)])
    assert "application/x-gguf" in done.stdout, done.stdout + done.stderr


ACTIVATE = """
set -e
gdbus call --session --dest %(id)s --object-path %(path)s --method org.freedesktop.Application.Activate '{}'
gdbus call --session --dest %(id)s --object-path %(path)s --method org.gtk.Actions.List
gdbus call --session --dest %(id)s --object-path %(path)s --method org.freedesktop.Application.ActivateAction new-chat '[]' '{}'
gdbus call --session --dest %(id)s --object-path %(path)s --method org.freedesktop.Application.ActivateAction quit '[]' '{}'
"""


def test_activation():
    """The bus starts the program from its service file; it shows its window and ends when told."""
    for tool in ("dbus-run-session", "xvfb-run", "gdbus"):
        need(tool)
    services = DEST / "activatable/dbus-1/services"
    services.mkdir(parents=True)
    text = (SHARE / f"dbus-1/services/{APP_ID}.service").read_text()
    (services / f"{APP_ID}.service").write_text(text.replace(f"Exec={PREFIX}", f"Exec={USR}"))
    script = ACTIVATE % {"id": APP_ID, "path": OBJECT_PATH}
    done = run(["xvfb-run", "-a", "dbus-run-session", "--", "sh", "-c", script], env={"XDG_DATA_DIRS": f"{DEST}/activatable:{SHARE}:/usr/share"})
    assert done.returncode == 0, done.stdout + done.stderr
    for action in ("quit", "about", "new-chat"):
        assert f"'{action}'" in done.stdout, f"actions are exported: {done.stdout}"


def main():
    cases = [test_files, test_programs, test_translated, test_desktop_entry, test_service, test_mime, test_activation]
    failed = False
    try:
        install()
        print(f"1..{len(cases)}")
        for number, case in enumerate(cases, 1):
            name = "/install/" + case.__name__.removeprefix("test_").replace("_", "-")
            try:
                case()
                print(f"ok {number} {name}")
            except Skipped as reason:
                print(f"ok {number} {name} # SKIP {reason}")
            except (AssertionError, OSError, subprocess.SubprocessError, KeyError) as error:
                failed = True
                print(f"not ok {number} {name}")
                print("\n".join(f"# {line}" for line in str(error).splitlines()[:40]))
    finally:
        shutil.rmtree(DEST, ignore_errors=True)
    sys.exit(failed)


main()
