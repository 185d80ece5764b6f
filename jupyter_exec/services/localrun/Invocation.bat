@echo off
rem Starts the run that this folder was extracted for, and returns at once; with --wait when it has ended.
set "setup=%~dp0"
cd /d "%setup%.."
for %%P in ("@INTERPRETER@" python3 python) do (
    %%P -c "import sys; sys.exit(sys.version_info < (3, 6))" >nul 2>nul
    if not errorlevel 1 (
        %%P "%setup%runner.py" %*
        exit /b
    )
)
if not exist azureml-logs mkdir azureml-logs
echo The run was not started: there is no Python 3.6 or later here. >> azureml-logs\70_driver_log.txt
exit /b 127
