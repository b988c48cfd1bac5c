#!/bin/sh
# The changes that were accepted in session 2026-11-22-1 of gpumedic 0.1.0, and nothing else.
# Made on: Ubuntu 22.04.4 LTS, driver 580.126.09, toolkit 1.17.8
#
#   sh SCRIPT           makes them; a second run changes nothing
#   sh SCRIPT --check   only says what it would do
#   ROOT=/dir sh SCRIPT edits the files below /dir; programs are taken from PATH
#
# A file that is neither as it was before nor as it is after stops the script before anything is changed.
# Exit status: 0 done, or nothing to do; 1 stopped.

set -eu
LC_ALL=C
export LC_ALL
ROOT=${ROOT:-}
ROOT=${ROOT%/}
dry=
case ${1:-} in
  '') ;;
  --check) dry=yes ;;
  *) echo "usage: ${0##*/} [--check]" >&2; exit 64 ;;
esac

say() { printf '%s\n' "$*"; }
stop() { printf 'stopped: %s\n' "$*" >&2; exit 1; }

command -v sha256sum >/dev/null 2>&1 || stop 'sha256sum is needed'
work=$(mktemp -d)
trap '[ -z "$work" ] || rm -rf "$work"' EXIT
trap 'exit 130' HUP INT TERM

sum() {
  if [ -f "$1" ]; then
    sha256sum <"$1" | cut -d ' ' -f 1
  elif [ -e "$1" ] || [ -h "$1" ]; then
    echo other
  else
    echo absent
  fi
}

# below PATH: the file below ROOT; a link in there may not lead out of it.
below() {
  place=$ROOT$1
  case $1 in
    /var/run/*) if [ -n "$ROOT" ] && [ -h "$ROOT/var/run" ]; then place=$ROOT/run/${1#/var/run/}; fi ;;
  esac
  if [ -n "$ROOT" ]; then
    near=$place
    while [ ! -e "$near" ] && [ -n "$near" ]; do near=${near%/*}; done
    case $(readlink -f "$near")/ in
      "$(readlink -f "$ROOT")"/*) ;;
      *) stop "$place leads out of $ROOT" ;;
    esac
  fi
  printf '%s' "$place"
}

# look PATH STATE...: before anything is changed, every file must be in a state this script knows.
look() {
  file=$(below "$1")
  now=$(sum "$file")
  shift
  for state in "$@"; do
    if [ "$now" = "$state" ]; then return 0; fi
  done
  stop "$file is neither as it was before the change nor as it is after it; nothing was changed"
}

# changes PATH BEFORE AFTER [LATER...]: whether the edit is still to be made.
changes() {
  path=$1 before=$2
  shift 2
  file=$(below "$path")
  now=$(sum "$file")
  for state in "$@"; do
    if [ "$now" = "$state" ]; then
      say "already done: $path"
      return 1
    fi
  done
  [ "$now" = "$before" ] || stop "$file is not as it was before the change"
  return 0
}

# Keeps the old file, so that a command that fails later can put it back.
keep() {
  count=$((${count:-0} + 1))
  if [ "$before" != absent ]; then cp -p "$file" "$work/old.$count"; fi
  printf '%s' "$file" >"$work/path.$count"
  changed="$count $changed"
}

back() {
  for n in $changed; do
    name=$(cat "$work/path.$n")
    if [ ! -f "$work/old.$n" ]; then
      rm -f "$name"
    elif [ -f "$name" ]; then
      cat "$work/old.$n" >"$name"
    else
      cp -p "$work/old.$n" "$name"
    fi
  done
}

fail() {
  if [ -z "${changed:-}" ]; then stop "$*"; fi
  if back; then stop "$*; the files of this step are as before"; fi
  kept=$work work=
  stop "$*; the old files are kept in $kept"
}

# put MODE AFTER: the new text becomes the file, if it is exactly what it should be.
put() {
  if [ "$(sum "$work/new")" != "$2" ]; then
    stop "$path: the exact text cannot be made here, because private names in the change were replaced in the transcript"
  fi
  if [ -n "$dry" ]; then
    say "would write: $path"
    changed="dry $changed"
    return 0
  fi
  keep
  if [ "$before" = absent ]; then
    (umask 022 && mkdir -p "${file%/*}")
    (umask 077 && : >"$file")
  fi
  cat "$work/new" >"$file" || fail "$path could not be written"
  if [ "$before" = absent ]; then chmod "$1" "$file"; fi
  say "written: $path"
}

# part FROM BYTES: a stretch of the old file as it is.
part() { tail -c "+$(($1 + 1))" "$file" | head -c "$2"; }

rest() { tail -c "+$(($1 + 1))" "$file"; }

look /etc/nvidia-container-runtime/config.toml 8d51d04497bb1444dd488efb3f82f9510392ba73e9fee57b17f9be42ae195654 6f6b45a6715544ecd07926e9d634ed21a34e3ac7e7c828fc898bcf848ac02630

# 1. Point the toolkit at the ldconfig that exists (set-ldconfig-path, for ldconfig-real-missing)
# Changes one value in config.toml; the @ stays, so the program of the host is used.
changed=
# ldconfig.real is only on Ubuntu
if changes /etc/nvidia-container-runtime/config.toml 8d51d04497bb1444dd488efb3f82f9510392ba73e9fee57b17f9be42ae195654 6f6b45a6715544ecd07926e9d634ed21a34e3ac7e7c828fc898bcf848ac02630; then
  {
    part 0 95
    cat <<'END'
ldconfig = "@/sbin/ldconfig"
END
    rest 129
  } >"$work/new"
  put 0644 6f6b45a6715544ecd07926e9d634ed21a34e3ac7e7c828fc898bcf848ac02630
fi
say 'still to do: Recreate the containers that need the GPU: docker compose up -d --force-recreate worker'

say 'done'
