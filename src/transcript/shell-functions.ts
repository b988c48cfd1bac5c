/** The fixed parts of the exported script; only those that a script needs are put into it. */

/** `names`: put in where one of them is used; always where there are none. */
export const FUNCTIONS: readonly { readonly names: readonly string[]; readonly text: string }[] = [
  {
    names: [],
    text: `set -eu
LC_ALL=C
export LC_ALL
ROOT=\${ROOT:-}
ROOT=\${ROOT%/}
dry=
case \${1:-} in
  '') ;;
  --check) dry=yes ;;
  *) echo "usage: \${0##*/} [--check]" >&2; exit 64 ;;
esac

say() { printf '%s\\n' "$*"; }
stop() { printf 'stopped: %s\\n' "$*" >&2; exit 1; }`,
  },
  {
    names: ['already'],
    text: `already() { say "already done: $*"; }`,
  },
  {
    names: ['look', 'changes'],
    text: `command -v sha256sum >/dev/null 2>&1 || stop 'sha256sum is needed'
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
    /var/run/*) if [ -n "$ROOT" ] && [ -h "$ROOT/var/run" ]; then place=$ROOT/run/\${1#/var/run/}; fi ;;
  esac
  if [ -n "$ROOT" ]; then
    near=$place
    while [ ! -e "$near" ] && [ -n "$near" ]; do near=\${near%/*}; done
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
  count=$((\${count:-0} + 1))
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
}`,
  },
  {
    names: ['look', 'run'],
    text: `fail() {
  if [ -z "\${changed:-}" ]; then stop "$*"; fi
  if back; then stop "$*; the files of this step are as before"; fi
  kept=$work work=
  stop "$*; the old files are kept in $kept"
}`,
  },
  {
    names: ['put'],
    text: `# put MODE AFTER: the new text becomes the file, if it is exactly what it should be.
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
    (umask 022 && mkdir -p "\${file%/*}")
    (umask 077 && : >"$file")
  fi
  cat "$work/new" >"$file" || fail "$path could not be written"
  if [ "$before" = absent ]; then chmod "$1" "$file"; fi
  say "written: $path"
}`,
  },
  {
    names: ['take_away'],
    text: `take_away() {
  if [ -n "$dry" ]; then
    say "would remove: $path"
    changed="dry $changed"
    return 0
  fi
  keep
  rm -f "$file"
  say "removed: $path"
}`,
  },
  {
    names: ['part'],
    text: `# part FROM BYTES: a stretch of the old file as it is.
part() { tail -c "+$(($1 + 1))" "$file" | head -c "$2"; }`,
  },
  {
    names: ['rest'],
    text: `rest() { tail -c "+$(($1 + 1))" "$file"; }`,
  },
  {
    names: ['crlf'],
    text: `crlf() { awk '{ printf "%s\\r\\n", $0 }'; }`,
  },
  {
    names: ['bare'],
    text: `# The last line of a file that does not end in a newline.
bare() { awk 'NR > 1 { printf "\\n" } { printf "%s", $0 }'; }`,
  },
  {
    names: ['run'],
    text: `run() {
  if [ -n "$dry" ]; then
    say "would run: $*"
    return 0
  fi
  say "+ $*"
  "$@" || fail "$1 failed"
}`,
  },
  {
    names: ['docker_is_younger'],
    text: `# Docker was started after its file was last changed.
docker_is_younger() {
  pid="$ROOT"/var/run/docker.pid
  [ -e "$pid" ] && [ -z "$(find "$ROOT"/etc/docker/daemon.json -newer "$pid" 2>/dev/null)" ]
}`,
  },
];

/** The transcript names no GPU by its UUID; the script asks the machine it runs on. */
export const UUIDS = `# uuid NUMBER: of the GPUs here, counted from 1. The transcript holds stand-ins; GPU_UUIDS='GPU-... GPU-...' overrides.
uuid() {
  if [ -n "\${GPU_UUIDS:-}" ]; then
    printf '%s\\n' "$GPU_UUIDS" | tr ' ' '\\n'
  elif [ -d "$ROOT"/proc/driver/nvidia/gpus ]; then
    cat "$ROOT"/proc/driver/nvidia/gpus/*/information | sed -n 's/^GPU UUID:[[:space:]]*//p'
  else
    nvidia-smi -L | sed -n 's/^GPU [0-9]*:.*(UUID: \\(GPU-[^)]*\\)).*/\\1/p'
  fi | sed -n "$1p"
}`;
