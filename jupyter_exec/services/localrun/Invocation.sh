#!/bin/bash
# Starts the run that this folder was extracted for, and returns at once; with --wait when it has ended.
# Looks for a Python 3.6 or later: the run's own, then what is on PATH.
setup="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
cd "$setup/.." || exit 1
chmod 600 "$setup/run.json" 2>/dev/null
for python in @INTERPRETER@ python3 python; do
    if "$python" -c 'import sys; sys.exit(sys.version_info < (3, 6))' </dev/null >/dev/null 2>&1; then
        exec "$python" "$setup/runner.py" "$@"
    fi
done
mkdir -p azureml-logs
echo "The run was not started: there is no Python 3.6 or later here (looked for" @INTERPRETER@ "python3 python)." \
    | tee -a azureml-logs/70_driver_log.txt >&2
exit 127
