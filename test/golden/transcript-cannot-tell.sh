#!/bin/sh
# The changes that were accepted in session 2026-11-22-1 of gpumedic 0.1.0, and nothing else.
# Made on: Ubuntu 22.04.4 LTS, toolkit 1.17.8
#
#   sh SCRIPT           makes them; a second run changes nothing
#   sh SCRIPT --check   only says what it would do
#   ROOT=/dir sh SCRIPT edits the files below /dir; programs are taken from PATH
#
# A file that is neither as it was before nor as it is after stops the script before anything is changed.
# Exit status: 0 done, or nothing to do; 1 stopped.

echo 'No change stood at the end of this session; there is nothing to do.'
