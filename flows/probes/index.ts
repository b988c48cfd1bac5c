/** Every probe there is. `snapshot` records them all; a check names those it reads. */
import { aptLists, aptSources } from './apt.ts';
import { cards, fabric, windows } from './card.ts';
import { cdiDirs, cdiHost, cdiSpecs } from './cdi.ts';
import { containerd } from './containerd.ts';
import { cri } from './cri.ts';
import { crioFiles } from './crio.ts';
import { daemonJson, docker, dockerCli, runtimePath } from './docker.ts';
import { driver, nodes, smi } from './driver.ts';
import { kernelJournal, kernelLog } from './kernel-log.ts';
import { kube } from './kube.ts';
import { kubeApi } from './kube-api.ts';
import { kubelet } from './kubelet.ts';
import { configCopies, configLeft, storeCopies, storeLeft } from './leftovers.ts';
import { libraries } from './libraries.ts';
import { mig, namedDevices, nested, wanted } from './mig.ts';
import { module, modulePlaces } from './module.ts';
import { kubeLogs, operator } from './operator.ts';
import { pci, pciList } from './pci.ts';
import { podman } from './podman.ts';
import { subject, subjectHost, subjectInside, subjectRecord } from './subject.ts';
import { subjectService, subjectTask } from './swarm.ts';
import { csvLines, csvLists, csvPaths, nvmap } from './tegra.ts';
import { config, configPaths, toolkit } from './toolkit.ts';
import { unitVerify } from './unit-verify.ts';
import { units } from './units.ts';
import { where, windowsSmi } from './where.ts';
import { notStarted, running, stopped, workloads } from './workloads.ts';

export const probes = {
  where,
  windowsSmi,
  pciList,
  pci,
  driver,
  nodes,
  smi,
  libraries,
  toolkit,
  config,
  configPaths,
  dockerCli,
  docker,
  daemonJson,
  runtimePath,
  containerd,
  podman,
  units,
  cdiDirs,
  cdiSpecs,
  cdiHost,
  csvLists,
  csvLines,
  csvPaths,
  nvmap,
  kernelJournal,
  kernelLog,
  modulePlaces,
  module,
  cards,
  windows,
  fabric,
  mig,
  namedDevices,
  wanted,
  nested,
  subject,
  subjectTask,
  subjectService,
  subjectRecord,
  subjectHost,
  subjectInside,
  running,
  workloads,
  stopped,
  notStarted,
  storeCopies,
  storeLeft,
  configCopies,
  configLeft,
  kube,
  kubelet,
  crioFiles,
  kubeApi,
  cri,
  operator,
  kubeLogs,
  unitVerify,
  aptLists,
  aptSources,
} as const;

export type ProbeId = keyof typeof probes;
export type Facts = { readonly [K in ProbeId]: ReturnType<(typeof probes)[K]['read']> };
