# Sourced by the other scripts: finds a Python and makes private environments with it.
# shellcheck shell=bash

# Print $PYTHON, or else the newest Python of at least 3.10 that can make virtual environments.
find_python() {
    local candidate candidates="python3.13 python3.12 python3.11 python3.10 python3 /usr/bin/python3"
    for candidate in ${PYTHON:-$candidates}; do
        if "$candidate" -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 10))' \
            >/dev/null 2>&1; then
            echo "$candidate"
            return 0
        fi
    done
    echo "${PYTHON:-python3} is not Python 3.10 or newer with venv and pip. Install one (on Debian and" \
        "Ubuntu: apt-get install python3-venv), or name it: PYTHON=/path/to/python3 $0" >&2
    return 1
}

# make_environment FOLDER EXTRAS: install the project into a virtual environment, editable. Does
# nothing when FOLDER already holds what pyproject.toml asks for. Call it in the repository's root.
make_environment() {
    local folder=$1 extras=$2 python stamp
    python=$(find_python)
    stamp=$("$python" - "$PWD/$folder" "$extras" <<'PY'
import hashlib, pathlib, sys

digest = hashlib.sha256(repr((sys.argv[1:], sys.version, sys.base_prefix)).encode())
for path in ["pyproject.toml", *sorted(pathlib.Path("jupyter-config").rglob("*.json"))]:
    digest.update(pathlib.Path(path).read_bytes())
print(digest.hexdigest())
PY
    )
    if [ "$(cat "$folder/.stamp" 2>/dev/null)" = "$stamp" ]; then
        return 0
    fi

    echo "Making $folder with $("$python" --version), once; this takes about a minute." >&2
    "$python" -m venv --clear "$folder"
    # scripts/labextension builds the labextension, quicker than an isolated build does.
    mkdir -p jupyter_exec/labextension
    export SKIP_JUPYTER_BUILDER=1
    # uv is many times quicker, but does not read pip's configuration: where it fails pip may succeed.
    if ! { "$folder/bin/python" -m pip install --quiet --disable-pip-version-check uv &&
        "$folder/bin/uv" pip install --quiet --python "$folder/bin/python" --editable ".[$extras]"; }; then
        echo "uv did not succeed; trying the same with pip." >&2
        "$folder/bin/python" -m pip install --quiet --disable-pip-version-check --editable ".[$extras]"
    fi
    echo "$stamp" >"$folder/.stamp"
}

# make_node_modules: install what labextension/package.json asks for. Does nothing where that is done.
# Call it in the repository's root, with jlpm and node on PATH.
make_node_modules() {
    local stamp log
    stamp=$(cat labextension/package.json labextension/yarn.lock labextension/.yarnrc.yml | sha256sum)
    if [ "$(cat labextension/node_modules/.stamp 2>/dev/null)" = "$stamp" ]; then
        return 0
    fi
    echo "Installing the labextension's packages, once; this takes about a minute." >&2
    if ! log=$(cd labextension && jlpm install --immutable 2>&1); then
        echo "$log" >&2
        echo "The packages of labextension/yarn.lock could not be installed; the lines above say why." >&2
        return 1
    fi
    echo "$stamp" >labextension/node_modules/.stamp
}
