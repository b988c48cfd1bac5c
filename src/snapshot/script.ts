/** A POSIX shell script that records a box where nothing of ours can run. Read-only; the result is not redacted yet. */
import { shellWord } from '../plan/commands.ts';

/** What the probes ask of any box; a test holds this list against them. */
export const COMMANDS: readonly (readonly string[])[] = [
  ...['docker', 'dockerd', 'nvidia-ctk', 'nvidia-cdi-hook', 'nvidia-container-runtime'].map(p => [p, '--version']),
  ['nvidia-container-cli', '-V'],
  ['docker', 'context', 'show'],
  ...['info', 'ps', 'version'].map(verb => ['docker', verb, '--format', '{{json .}}']),
  ['docker', 'images', '--format', '{{.Repository}}:{{.Tag}}'],
  ...['info', 'version'].map(verb => ['podman', verb, '--format', 'json']),
  ['hostname'],
  ['id', '-u'],
  ['printenv', 'DOCKER_HOST'],
  ['uname', '-srm'],
  ['uname', '-r'],
  ['lsmod'],
  ['dmesg'],
  ['lspci', '-Dnnk', '-d', '10de:'],
  ['modinfo', '-F', 'version', 'nvidia'],
  ['ldconfig', '-p'],
  ['ldconfig', '-p', '-C', '/etc/ld.so.cache'],
  ['nvidia-ctk', 'cdi', 'list'],
  ['dockerd', '--validate', '--config-file=/etc/docker/daemon.json'],
  [
    ...['journalctl', '-k', '-b', '--no-pager', '-o', 'short-monotonic', '-n', '400', '-g'],
    "nvrm|nvidia|nouveau|vfio|can't assign|no space for|lockdown|loading of|pm: suspend",
  ],
  ['journalctl', '-u', 'docker', '-b', '-n', '50', '--no-pager', '-o', 'cat'],
  ...['docker-nvidia-setup.service', 'nvidia-cdi-generate.service'].map(unit => ['systemctl', 'cat', unit]),
  ...['docker', 'nvidia-cdi-refresh.path', 'nvidia-persistenced'].map(unit => ['systemctl', 'is-active', unit]),
  ...['nvidia-cdi-refresh.path', 'nvidia-cdi-refresh.service'].map(unit => ['systemctl', 'is-enabled', unit]),
  [
    ...['systemctl', 'show', 'docker'],
    '--property=ActiveEnterTimestamp,ExecMainStartTimestamp,MainPID,ExecStart,FragmentPath,DropInPaths,Environment,LoadState,ActiveState,SubState,Result',
  ],
  ['systemd-detect-virt', '-c'],
  ['systemd-detect-virt', '-v'],
  ...['docker', 'nvidia-smi', 'podman'].map(program => ['which', program]),
  [
    'which',
    'nvidia-ctk',
    'nvidia-container-runtime',
    'nvidia-container-runtime-hook',
    'nvidia-container-cli',
    'nvidia-cdi-hook',
  ],
];

/** These may load modules or make device nodes, unless both are there already. */
export const LOADING: readonly (readonly string[])[] = [
  ['nvidia-smi', '-L'],
  ['nvidia-smi', '-q'],
  ['nvidia-smi', '--query-gpu=name,driver_version,uuid,pci.bus_id,mig.mode.current', '--format=csv,noheader'],
  ['nvidia-container-cli', 'info'],
];

export const FOLDERS =
  '/ /dev /etc/cdi /var/run/cdi /etc/docker /etc/containers/oci/hooks.d /usr/share/containers/oci/hooks.d /etc/nvidia-container-runtime /etc/nvidia-container-runtime/host-files-for-container.d /etc/systemd/system /lib/systemd/system /proc/driver/nvidia/gpus /sys/bus/pci/devices /usr/bin /usr/sbin /usr/local/bin /usr/local/sbin /usr/lib /usr/lib64 /usr/lib/x86_64-linux-gnu /usr/lib/aarch64-linux-gnu /usr/lib/x86_64-linux-gnu/nvidia/current /etc/ld.so.conf.d /etc/modprobe.d /run/modprobe.d /usr/lib/modprobe.d /var/lib/dkms/nvidia /var/lib/dkms/nvidia-srv /var/lib/dkms/nvidia-open /var/lib/dkms/nvidia-current /var/lib/dkms/nvidia-current-open /sys/firmware/efi/efivars'.split(
    ' ',
  );

export const FILES =
  '/etc/os-release /etc/docker/daemon.json /etc/containers/containers.conf /etc/nvidia-container-runtime/config.toml /etc/nv_tegra_release /proc/device-tree/model /sys/devices/soc0/family /proc/devices /proc/modules /proc/driver/nvidia/version /proc/driver/nvidia/params /sys/module/nvidia/version /sbin/ldconfig /etc/cdi/nvidia.yaml /var/run/cdi/nvidia.yaml /etc/ld.so.conf /proc/cmdline /sys/kernel/security/lockdown'.split(
    ' ',
  );

export const PLACES =
  '/bin /sbin /lib /lib64 /var/run /dev/dxg /dev/nvidiactl /dev/nvidia0 /dev/nvidia-uvm /dev/nvidia-uvm-tools /dev/nvidia-modeset /etc/cdi /var/run/cdi /etc/docker/daemon.json /etc/ld.so.cache /sbin/ldconfig /sbin/ldconfig.real /usr/bin/nvidia-cdi-hook /usr/bin/nvidia-container-cli /usr/bin/nvidia-container-runtime /usr/local/bin/nvidia-container-runtime /usr/bin/nvidia-container-runtime-hook /usr/bin/nvidia-cuda-mps-control /usr/bin/nvidia-cuda-mps-server /usr/bin/nvidia-debugdump /usr/bin/nvidia-persistenced /usr/bin/nvidia-smi /usr/bin/runc /etc/cdi/nvidia.yaml /var/run/cdi/nvidia.yaml /dev/nvmap /etc/rancher/k3s /var/lib/rancher/k3s/agent /etc/rancher/rke2 /var/lib/rancher/rke2/agent /var/snap/microk8s/current /run/k3s/containerd/containerd.sock /var/snap/microk8s/common/run/containerd.sock /var/lib/kubelet/config.yaml /etc/kubernetes/kubelet.conf'.split(
    ' ',
  );

const lines = (verb: string, commands: readonly (readonly string[])[]): string =>
  commands.map(argv => `${verb} ${argv.map(shellWord).join(' ')}`).join('\n');

const folded = (name: string, paths: readonly string[]): string =>
  `for p in ${paths.join(' \\\n  ')}; do ${name} "$p"; done`;

/** Questions besides those written down here. */
export interface More {
  readonly commands: readonly (readonly string[])[];
  readonly folders: readonly string[];
  readonly files: readonly string[];
  readonly places: readonly string[];
}

const besides = <T>(known: readonly T[], more: readonly T[]): readonly T[] => {
  const seen = new Set(known.map(one => JSON.stringify(one)));
  return [...known, ...more.filter(one => !seen.has(JSON.stringify(one)))];
};

/** The script, ending in a newline. */
export const collectorScript = (more: More = { commands: [], folders: [], files: [], places: [] }): string => `#!/bin/sh
# Records this box for gpumedic: what the programs of the NVIDIA container stack say, and its files. Changes nothing.
#   sh SCRIPT > box.json                              here; as root it sees more
#   gpumedic snapshot --box box.json -o shared.json.gz   where gpumedic runs: takes secrets and names out
# box.json itself is NOT redacted: do not share it.
set -u
LC_ALL=C
export LC_ALL
t=$(mktemp -d) || exit 1
trap 'rm -rf "$t"' EXIT
tab=$(printf '\\t')
cr=$(printf '\\r')
limit=
if command -v timeout >/dev/null 2>&1; then limit='timeout 10'; fi

utf8() { if command -v iconv >/dev/null 2>&1; then iconv -c -f UTF-8 -t UTF-8; else tr -d '\\200-\\377'; fi; }
escape() { tr -d '\\000-\\010\\013\\014\\016-\\037\\177' | utf8 | sed -e 's/\\\\/\\\\\\\\/g' -e 's/"/\\\\"/g' -e "s/$tab/\\\\\\\\t/g" -e "s/$cr/\\\\\\\\r/g"; }
# The dot keeps the last newline.
str() {
  printf '"'
  { cat; printf .; } | escape | awk 'NR > 1 { printf "%s\\\\n", last } { last = $0 } END { printf "%s", substr(last, 1, length(last) - 1) }'
  printf '"'
}
word() { printf '%s' "$1" | str; }
first=yes
next() { if [ -n "$first" ]; then first=; else printf ',\\n'; fi; }
open() { printf '%s' "$1"; first=yes; }

run() {
  next
  printf '{"argv":['
  sep=
  for a in "$@"; do printf '%s' "$sep"; word "$a"; sep=,; done
  if ! command -v "$1" >/dev/null 2>&1; then
    printf '],"code":127,"stdout":"","stderr":"","ms":0,"absent":true}'
    return
  fi
  # shellcheck disable=SC2086 # empty, or a program and its argument
  $limit "$@" >"$t/out" 2>"$t/err" </dev/null
  code=$?
  more=
  if [ -n "$limit" ] && [ "$code" -eq 124 ]; then more=',"timedOut":true'; fi
  if [ "$(wc -c <"$t/out")" -gt 400000 ]; then more=',"truncated":true'; fi
  printf '],"code":%d,"stdout":' "$code"
  head -c 400000 "$t/out" | str
  printf ',"stderr":'
  head -c 20000 "$t/err" | str
  printf ',"ms":0%s}' "$more"
}

say() { next; word "$1"; printf ':'; }
trouble() { word "$1" >>"$t/errors"; printf ':"%s"\\n' "$2" >>"$t/errors"; }
gone() { [ ! -e "$1" ] && [ ! -h "$1" ]; }
# Texts of the device tree end in a zero byte.
is_binary() {
  case $1 in /proc/device-tree/*) return 1 ;; esac
  tr -d '\\000' <"$t/file" >"$t/text"
  ! cmp -s "$t/text" "$t/file"
}
read_file() {
  if gone "$1"; then say "$1"; printf null
  elif [ -d "$1" ]; then trouble "$1" EISDIR
  elif [ ! -f "$1" ]; then :
  elif ! head -c 2000001 "$1" >"$t/file" 2>/dev/null; then trouble "$1" EACCES
  elif [ "$(wc -c <"$t/file")" -gt 2000000 ]; then trouble "$1" tooBig
  elif is_binary "$1"; then trouble "$1" binary
  else say "$1"; str <"$t/file"; fi
}
list() {
  if gone "$1"; then say "$1"; printf null
  elif [ -d "$1" ] && [ -r "$1" ]; then
    say "$1"
    # shellcheck disable=SC2012 # names are what is wanted, and a name with a newline may look like two
    ls -1A "$1" | escape | awk 'BEGIN { printf "[" } { printf "%s\\"%s\\"", (NR > 1 ? "," : ""), $0 } END { printf "]" }'
  fi
}
place() {
  found=$(stat -c '%F|%a|%u|%g|%s|%Y|%t|%T' "$1" 2>/dev/null) || return 0
  IFS='|' read -r type mode uid gid size mtime major minor <<EOF
$found
EOF
  more=
  case $type in
    symbolic*) type='link' more=",\\"target\\":$(readlink "$1" | tr -d '\\n' | str)" ;;
    directory) type=dir ;;
    character*) type=char more=",\\"major\\":$((0x$major)),\\"minor\\":$((0x$minor))" ;;
    block*) type=block more=",\\"major\\":$((0x$major)),\\"minor\\":$((0x$minor))" ;;
    socket) ;;
    fifo) ;;
    *) type='file' ;;
  esac
  say "$1"
  printf '{"type":"%s","mode":"0o%s","uid":%d,"gid":%d,"size":%d,"mtime":%d%s}' "$type" "$mode" "$uid" "$gid" "$size" "$mtime" "$more"
}

open '{"format":"gpumedic-snapshot/1","description":"recorded by the shell script","commands":['
${lines('run', besides(COMMANDS, more.commands))}
if [ -d /sys/module/nvidia ] && [ -e /dev/nvidiactl ]; then
${lines('  run', LOADING)}
fi

# Specs, device files and what the specs name; once each.
{
  ls -d /etc/cdi/* /var/run/cdi/* /dev/nvidia* /dev/nvidia-caps/* /usr/lib/*/libcuda.so* /usr/lib/*/libnvidia-ml.so* /usr/lib64/libcuda.so* /usr/lib64/libnvidia-ml.so* 2>/dev/null
  for d in /sys/bus/pci/devices/*; do printf '%s\\n' "$d/driver"; done
  cat /etc/cdi/*.yaml /etc/cdi/*.json /var/run/cdi/*.yaml /var/run/cdi/*.json 2>/dev/null | grep -oE '(/[A-Za-z0-9_.+-]+)+'
  printf '%s\\n' ${besides(PLACES, more.places).map(shellWord).join(' \\\n    ')}
} | sort -u >"$t/places"
{
  printf '%s\\n' ${besides(FILES, more.files).map(shellWord).join(' \\\n    ')}
  ls -d /etc/cdi/*.yaml /etc/cdi/*.json /var/run/cdi/*.yaml /var/run/cdi/*.json /proc/driver/nvidia/gpus/*/information \\
    /etc/nvidia-container-runtime/host-files-for-container.d/*.csv /etc/modprobe.d/*.conf /run/modprobe.d/*.conf /usr/lib/modprobe.d/*.conf 2>/dev/null
  for d in /sys/bus/pci/devices/*; do
    printf '%s\\n' "$d/vendor" "$d/class"
    if [ "$(cat "$d/vendor" 2>/dev/null)" = 0x10de ]; then printf '%s\\n' "$d/class" "$d/device" "$d/resource"; fi
  done
} | sort -u >"$t/files"

open '],
"files":{'
while IFS= read -r p; do read_file "$p"; done <"$t/files"
while IFS= read -r p; do
  if gone "$p" && ! grep -qxF -e "$p" "$t/files"; then say "$p"; printf null; fi
done <"$t/places"
open '},
"dirs":{'
${folded('list', besides(FOLDERS, more.folders).map(shellWord))}
open '},
"stats":{'
while IFS= read -r p; do place "$p"; done <"$t/places"
open '},
"errors":{'
if [ -f "$t/errors" ]; then sort -u "$t/errors" | awk 'NR > 1 { printf ",\\n" } { printf "%s", $0 }'; fi
printf '}}\\n'
`;
