/** All programs that are modelled, by the name they are called by. */
import * as core from './coreutils.ts';
import { crictl, k3s } from './cri.ts';
import { crio } from './crio.ts';
import { docker, dockerd } from './docker.ts';
import * as files from './file-programs.ts';
import { lsmod, lspci, modinfo, modprobe, nvidiaModprobe, rmmod, uname } from './kernel.ts';
import { kubectl } from './kubectl.ts';
import { ldconfig } from './ldconfig.ts';
import { microk8s, snap } from './microk8s.ts';
import { nvidiaContainerCli } from './nvidia-container-cli.ts';
import { nvidiaContainerRuntimeProgram } from './nvidia-container-runtime.ts';
import { nvidiaContainerRuntimeHook } from './nvidia-container-runtime-hook.ts';
import { nvidiaCdiHook, nvidiaCtk } from './nvidia-ctk.ts';
import { nvidiaSmi } from './nvidia-smi.ts';
import { aptCache, aptGet, curl, env } from './packages.ts';
import { podman } from './podman.ts';
import { crunProgram, runcProgram } from './runc.ts';
import { setsebool } from './selinux.ts';
import { journalctl, systemctl } from './systemctl.ts';
import { systemdAnalyze } from './systemd-analyze.ts';
import type { Program } from './world.ts';

export const programs: Readonly<Record<string, Program>> = {
  'apt-cache': aptCache,
  'apt-get': aptGet,
  cat: core.cat,
  chmod: files.chmod,
  containerd: core.containerd,
  cp: files.cp,
  crun: crunProgram,
  crictl,
  curl,
  crio,
  docker,
  dockerd,
  'dpkg-query': core.dpkgQuery,
  echo: core.echo,
  env,
  false: core.no,
  getenforce: core.getenforce,
  grep: core.grep,
  hostname: core.hostname,
  id: core.id,
  journalctl,
  k3s,
  kubectl,
  ldconfig,
  ls: core.ls,
  lsmod,
  lspci,
  microk8s,
  mkdir: files.mkdirProgram,
  modinfo,
  modprobe,
  mokutil: core.mokutil,
  mv: files.mv,
  'nvidia-cdi-hook': nvidiaCdiHook,
  'nvidia-container-cli': nvidiaContainerCli,
  'nvidia-container-runtime': nvidiaContainerRuntimeProgram,
  'nvidia-container-runtime-hook': nvidiaContainerRuntimeHook,
  'nvidia-ctk': nvidiaCtk,
  'nvidia-modprobe': nvidiaModprobe,
  'nvidia-smi': nvidiaSmi,
  pidof: core.pidof,
  podman,
  printenv: core.printenv,
  ps: core.ps,
  readlink: files.readlink,
  rm: files.rm,
  rmmod,
  runc: runcProgram,
  setsebool,
  snap,
  stat: core.stat,
  systemctl,
  'systemd-analyze': systemdAnalyze,
  'systemd-detect-virt': core.systemdDetectVirt,
  true: core.ok,
  uname,
  which: core.which,
};
