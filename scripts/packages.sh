# packages.sh: the Debian packages that building, running and testing take, and how they get installed.
#
# SPDX-License-Identifier: GPL-3.0-or-later
#
# One table for Debian 12 and later. Nothing is contacted when all of them are there.

packages() { # PURPOSE: the first word of a line
    grep -E "^($1) " <<'END' | cut -d' ' -f2- | tr ' ' '\n'
build gcc libc6-dev pkgconf meson ninja-build gettext python3
build libglib2.0-dev libglib2.0-bin libsoup-3.0-dev libjson-c-dev libreadline-dev libsqlite3-dev
build libpng-dev libjpeg62-turbo-dev libwebp-dev
run libopenblas0
build libgtk-4-dev libadwaita-1-dev libcmark-gfm-dev libcmark-gfm-extensions-dev libxml2-utils
build libvulkan-dev glslc
build librsvg2-common adwaita-icon-theme dconf-gsettings-backend desktop-file-utils shared-mime-info appstream
run python3-pip unzip ca-certificates
test mesa-vulkan-drivers vulkan-validationlayers
test clang llvm libclang-rt-dev xvfb xauth xdotool dbus-daemon at-spi2-core locales python3-jinja2
clients python3-venv nodejs npm
cross meson ninja-build pkgconf python3 libglib2.0-bin gcc-aarch64-linux-gnu qemu-user
cross libc6-dev:arm64 libglib2.0-dev:arm64 libjson-c-dev:arm64
END
}

missing_packages() { # PURPOSE...
    for purpose in "$@"; do packages "$purpose"; done | while read -r package; do
        [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || printf '%s ' "$package"
    done
}

as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo "$@"
    else
        echo "dev: installing packages takes root or sudo; as root: $*" >&2
        return 1
    fi
}

need_packages() { # PURPOSE...
    if ! command -v dpkg-query >/dev/null; then
        echo "dev: this is no Debian; the packages that are needed are named in scripts/packages.sh" >&2
        return 0
    fi
    missing=$(missing_packages "$@")
    [ -n "$missing" ] || return 0
    echo "dev: installing $missing" >&2
    case $missing in
        *:arm64*) as_root dpkg --add-architecture arm64 || return 1 ;;
    esac
    as_root apt-get -q update >&2 || echo "dev: apt-get update failed; trying with the lists that are here" >&2
    # shellcheck disable=SC2086 # a list of names
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y install --no-install-recommends $missing >&2 || {
        echo "dev: these packages could not be installed: $missing" >&2
        return 1
    }
}
