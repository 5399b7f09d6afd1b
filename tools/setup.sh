# Packages by purpose, for ./dev, which reads this file. A command names its purpose; only the
# packages that it needs and that are missing are installed, after their names, their size and the
# reason were printed.

# One line per purpose: name, what it builds on, what it is for.
purposes() {
    cat <<'EOT'
tool||the tool, the virtual board and its apps: aloft, install
idf|tool|idf
demo|tool|demo
build|idf|build, cuts, sim, bench, plug: all that the presets release and asan compile
clang|build|build clang
fuzz|clang|build fuzz, fuzz
device|tool|the compiler of a 32-bit device
rv32|device|build rv32, size
tidy|tool|tidy
mutants|tool|mutants
package|tool|package
release|package device|release
test|build rv32 tidy demo idf package|test
EOT
}

# One line per package: the purpose it is for, its name, why.
packages() {
    cat <<'EOT'
tool|gcc|builds everything that runs on Linux
tool|libc6-dev|the C library of that
tool|cmake|drives all builds
tool|ninja-build|runs them, fast
tool|python3|embeds the device's page; configuration of ESP-IDF projects; scripts
tool|libmbedtls-dev|hashes, signatures and TLS on the virtual board and in the tools
tool|zlib1g-dev|inflates what comes over the serial port
tool|libmicrohttpd-dev|the HTTP server of the tools
tool|libjansson-dev|JSON of the tools
tool|libcurl4-openssl-dev|HTTP of `aloft control`
demo|curl|asks whether the demo's server is up
idf|g++|compiles C++ sources of ESP-IDF projects
idf|libcjson-dev|cJSON for ESP-IDF projects
build|libcmocka-dev|tests of host code
clang|clang|a second compiler with other warnings
fuzz|libclang-rt-14-dev|sanitizers of clang, and libFuzzer
device|gcc-riscv64-unknown-elf|compiles core and boot for a 32-bit device
device|picolibc-riscv64-unknown-elf|the small C library of that device
rv32|qemu-system-misc|runs core's tests on that device
tidy|clang-format|checks the layout of the code
mutants|patch|plants the bugs of ./dev mutants
test|binutils|addr2line: names the places of a panic
test|python3-pytest|runs the fixtures for other projects' tests
test|gdb|stops an app in tests
package|dpkg-dev|finds the libraries that a package depends on
test|pkg-config|finds the installed library
test|make|builds such a user
test|groff-base|checks the manual pages
test|fish|checks its completions
test|zsh|checks its completions
test|faketime|builds on another day
test|openssl|makes certificates, and plays the server, in tests
test|nginx-light|plays the server in tests
test|nodejs|runs the browsers' flasher in tests
test|npm|fetches that flasher, and what drives the browser
test|python3-venv|keeps the stock tools that tests run apart from all else
test|chromium|the browser that opens the device's page in tests
EOT
}

# A purpose and all that it builds on.
closure() {
    say "$1"
    for base in $(purposes | sed -n "s/^$1|\([^|]*\)|.*/\1/p"); do
        (closure "$base")
    done
}

purpose_known() {
    purposes | cut -d'|' -f1 | grep -qx -e "$1" ||
        fail "no purpose \"$1\"; there are" "$(purposes | cut -d'|' -f1 | tr '\n' ' ')"
}

setup_help() {
    say "Purposes:"
    purposes | while IFS='|' read -r name _ text; do
        printf '    %-10s %s\n' "$name" "$text"
    done
    say ""
    say "Examples:"
    say "    ./dev setup          for everything in this repository"
    say "    ./dev setup demo     what the demo needs, about 100 packages on a bare Debian 12"
}

# Node.js and Python often come from elsewhere than Debian; then it is enough that they are there.
provided() {
    case $1 in
    nodejs) command -v node ;;
    npm) command -v npm ;;
    python3-venv) python3 -c 'import ensurepip' 2>/dev/null ;;
    *) false ;;
    esac >/dev/null
}

# The packages of these purposes, "NAME|WHY" a line.
wanted_packages() {
    for purpose in "$@"; do
        closure "$purpose"
    done | sort -u | while read -r purpose; do
        packages | sed -n "s/^$purpose|//p"
    done
}

missing_packages() {
    wanted_packages "$@" | while IFS='|' read -r name why; do
        if provided "$name"; then
            continue
        fi
        status=$(dpkg-query -W -f '${db:Status-Status}' "$name" 2>/dev/null || true)
        [ "$status" = installed ] || say "$name|$why"
    done
}

# How much apt-get would fetch and unpack for these packages; nothing when it does not say.
# Debug::NoLocking: asking needs no root.
announce_size() {
    LC_ALL=C apt-get install --assume-no --no-install-recommends -o Debug::NoLocking=1 "$@" \
        2>/dev/null | sed -n \
        -e 's/^[0-9]* upgraded, \([0-9]*\) newly.*/    with all they need: \1 packages/p' \
        -e 's/^Need to get \([^/]*\).*of archives\.$/    to download:        \1/p' \
        -e 's/^After this operation, \(.*\) of additional.*/    on the disk:        \1/p'
}

# Installs what these purposes need and is missing; no words when nothing is.
setup_for() {
    if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
        [ -e build/setup.said ] && return
        say "This is not a Debian system, so nothing is installed. Needed, by Debian's names:"
        wanted_packages "$@" | sed 's/^\([^|]*\)|/    \1: /'
        mkdir -p build
        : >build/setup.said
        return
    fi
    missing=$(missing_packages "$@")
    [ -n "$missing" ] || return 0
    say "Debian packages that are missing for: $*"
    say "$missing" | while IFS='|' read -r name why; do
        printf '    %-28s %s\n' "$name" "$why"
    done
    names=$(say "$missing" | cut -d'|' -f1)
    sudo=
    if [ "$(id -u)" != 0 ]; then
        command -v sudo >/dev/null ||
            fail "run as root: apt-get install --no-install-recommends" \
                "$(say "$names" | tr '\n' ' ')"
        sudo=sudo
    fi
    # $names and $sudo are lists of plain words.
    # shellcheck disable=SC2086
    quietly apt-update $sudo apt-get update -o APT::Status-Fd=1
    # shellcheck disable=SC2086
    announce_size $names
    # shellcheck disable=SC2086
    quietly apt-install $sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y \
        --no-install-recommends -o APT::Status-Fd=1 $names
}

# Packages of npm that a test needs, by the lock file beside it, into build/node/NAME. Without them
# all else works, so a failed download is not an error here: the test reports it again, and fails.
node_packages() {
    for lock in tests/system/*/*/package-lock.json; do
        name=$(basename "$(dirname "$lock")")
        folder=build/node/$name
        cmp -s "$lock" "$folder/installed.json" && continue
        mkdir -p "$folder"
        (quietly "npm-$name" flock "build/npm-$name.lock" sh -ec '
            cp "$1/package.json" "$1/package-lock.json" "$2"
            cd "$2"
            npm ci --ignore-scripts --no-audit --no-fund --fetch-retries=1
            cp package-lock.json installed.json' npm "$(dirname "$lock")" "$folder") ||
            say "dev: $(dirname "$lock") has no packages, so its test will fail" >&2
    done
}

# Stock tools that tests run, from PyPI: for each list of versions and hashes, tests/system/stock/
# NAME.txt, an environment of Python in build/python/NAME. As above, only their tests need them.
python_packages() {
    missing=
    for list in tests/system/stock/esptool*.txt tests/system/stock/idf_tools.txt; do
        cmp -s "$list" "build/python/$(basename "$list" .txt)/installed.txt" ||
            missing="$missing $list"
    done
    [ -n "$missing" ] || return 0
    mkdir -p build
    # shellcheck disable=SC2086 # plain words
    (quietly pypi flock build/pypi.lock tools/python_packages $missing) ||
        say "dev: tests/system/stock has not all packages, so tests there will fail" >&2
}
