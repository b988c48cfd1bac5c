/** Versions as they are printed by the programs of this stack: "26.1.5+dfsg1", "1.17.0~rig", "580.126.09", "v2.3.4". */

/** The dotted numbers at the start; anything behind them (distribution suffixes) does not order. */
export const numbers = (version: string): readonly number[] =>
  (version.match(/\d+(?:\.\d+)*/)?.[0] ?? '').split('.').map(Number);

/** Negative, zero or positive, like a sort function. */
export const compare = (a: string, b: string): number => {
  const [x, y] = [numbers(a), numbers(b)];
  for (let i = 0; i < Math.max(x.length, y.length); i++) {
    const d = (x[i] ?? 0) - (y[i] ?? 0);
    if (d !== 0) return d;
  }
  return 0;
};

export const atLeast = (version: string, least: string): boolean => compare(version, least) >= 0;

/** What changed when, as far as a prediction depends on it (field reference, section 4). */
export const since = {
  /** `.real` is normalised at run time, so a stale ldconfig.real heals itself. */
  toolkitHealsLdconfigReal: '1.15.0',
  /** An ldconfig path inside the container is refused (CVE-2024-0135..0137). */
  toolkitRefusesContainerLdconfig: '1.17.3',
  /** The runtime passes --cuda-compat-mode, which an older CLI does not know. */
  toolkitPassesCompatMode: '1.17.7',
  /** auto means jit-cdi instead of legacy; refresh units are shipped. */
  toolkitJitCdi: '1.18.0',
  /** Without libcuda the folder of libnvidia-ml tells where the driver's libraries are. */
  toolkitNeedsNoLibcuda: '1.19.0',
  /** Requests for IMEX channels can be passed over. */
  toolkitMayIgnoreImex: '1.17.5',
  /** The runtime reads the variables of Swarm resources itself; before, only the hook did. */
  toolkitReadsSwarm: '1.19.0',
  /** swarm-resource may name several variables. */
  toolkitSwarmList: '1.12.0',
  /** The OCI spec is decoded strictly, with a switch to pass over what is unknown. */
  toolkitRefusesUnknownFields: '1.19.0',
  /** With the nvidia runtime the hook is taken out in the modes cdi, jit-cdi and csv. */
  toolkitStripsHook: '1.16.0',
  toolkitReadsThor: '1.17.7',
  /** The toolkit of an Operator finds its way where no plain containerd is, as on k3s. */
  toolkitServesK3s: '1.17.1',
  dockerCdi: '25.0',
  dockerCdiDefault: '28.2',
  /** --gpus tries CDI before the hook; symlinked spec directories are followed. */
  dockerGpusCdiFirst: '29.2',
  podmanCdi: '4.1',
  podmanGpus: '5.0',
  /** Netavark beside CNI, and podman info says which. */
  podmanNetavark: '4.0',
  /** Built without CNI: its networks are not taken over. */
  podmanWithoutCni: '5.0',
} as const;

/** "5:4.9.4-1.el9" -> "4.9.4-1.el9": an epoch of the distribution says nothing about the program. */
export const withoutEpoch = (version: string): string => version.replace(/^\d+:/, '');

/** Last driver branch that knows a generation of chips, by the letters of its chip names. */
export const lastBranch: Readonly<Record<string, number>> = { GF: 390, GK: 470, GM: 580, GP: 580, GV: 580 };
/** From this branch on a consumer card is allowed in a virtual machine. */
export const driverAllowsGuests = '465';
/** The open modules need a GSP, which came with Turing; Blackwell has open support only. */
export const chips = {
  withoutGsp: ['GF', 'GK', 'GM', 'GP', 'GV'] as readonly string[],
  openOnly: ['GB'] as readonly string[],
  /** Cards that share a board with a Grace processor have open support only as well. */
  besideGrace: /\bGH200\b/,
};

/** Highest CDI schema a consumer of that version reads. */
export const cdiSchemaOf = {
  docker: (v: string): string =>
    atLeast(v, '29.0') ? '1.1.0' : atLeast(v, '28.2') ? '1.0.0' : atLeast(v, '26.1') ? '0.7.0' : '0.6.0',
  podman: (v: string): string => (atLeast(v, '5.2') ? '0.8.0' : atLeast(v, '5.1') ? '0.7.0' : '0.6.0'),
  // The library in its go.mod of each release.
  crio: (v: string): string =>
    atLeast(v, '1.35')
      ? '1.1.0'
      : atLeast(v, '1.33')
        ? '1.0.0'
        : atLeast(v, '1.31')
          ? '0.8.0'
          : atLeast(v, '1.30')
            ? '0.7.0'
            : '0.6.0',
  toolkit: (v: string): string => (atLeast(v, '1.18') ? '1.1.0' : atLeast(v, '1.16') ? '0.8.0' : '0.6.0'),
};
