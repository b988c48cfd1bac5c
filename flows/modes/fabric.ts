import { entry } from './entry.ts';

const layer = 'hardware';

/** Section 2.3: NVSwitch machines, divided cards and IMEX. */
export const fabric = [
  entry('fabric-manager-not-running', {
    layer,
    line: 'On an NVSwitch machine CUDA waits for it; nvidia-smi works all the same.',
    paragraph: `The cards of this machine are joined by NVSwitches, and the service that sets up their links does not run. CUDA ends
      with error 802 on the host and in every container, so no container setting is to blame. Start the service; programs
      that use CUDA at that moment are ended.`,
    mechanism: `nvidia-fabricmanager programs the switches and registers every card. Until then cuInit returns 802, system not yet
      initialised. nvidia-smi -q shows State Completed and Status Success when it is done; older machines show N/A there. From B200 on NVLSM
      is needed as well. The driver container of the GPU Operator runs its own copy. With all cards passed through it runs
      in the guest, with shared switches in the service machine.`,
    evidence: '[D][I]',
    not: {
      'nvidia-uvm-missing': 'cuInit returns 999 and /dev/nvidia-uvm is not there.',
      'cuda-compat-conflict': 'cuInit returns 803 or 804, in one image only.',
      'fabric-manager-version-mismatch':
        'the service was started and failed; its version is not the one of the driver.',
    },
    guide: [
      'Install nvidia-fabricmanager of exactly the version of the driver.',
      'sudo systemctl enable --now nvidia-fabricmanager; running CUDA programs are ended.',
      'Re-probe: nvidia-smi -q, section Fabric, must read Completed.',
    ],
  }),
  entry('fabric-manager-version-mismatch', {
    layer,
    line: 'The fabric manager works with exactly one driver version.',
    paragraph: `The driver was updated and the fabric manager was not, or the other way round. The service refuses to start, and CUDA ends with
      error 802. Install the same version of both and keep them together from now on.`,
    mechanism: `The service compares its interface version with that of the module at its start and ends when they differ. Package managers update
      them separately unless both are held.`,
    evidence: '[F], wording unconfirmed',
    not: { 'fabric-manager-not-running': 'nv-fabricmanager --version and /sys/module/nvidia/version are equal.' },
    guide: [
      'Compare nv-fabricmanager --version with /sys/module/nvidia/version.',
      'Install the package of the version of the driver and hold both, then sudo systemctl restart nvidia-fabricmanager.',
      'Re-probe: systemctl is-active nvidia-fabricmanager.',
    ],
  }),
  entry('mig-enabled-without-instances', {
    layer,
    line: 'A card in MIG mode offers instances only, and there is none.',
    paragraph: `MIG mode was switched on, or survived a reboot, and no instance exists. CUDA finds no device, and Kubernetes offers none. Divide the card, or
      switch MIG off if nobody needs it. Both need a card that nobody uses.`,
    mechanism: `The mode is kept on the card, instances are not. cuInit returns 100. Where current and pending mode differ, the card waits for a
      reset. In Kubernetes the MIG manager divides cards by the node label nvidia.com/mig.config.`,
    evidence: '[S]',
    not: { 'mig-device-string-wrong': 'nvidia-smi -L lists instances below the card.' },
    guide: [
      'sudo nvidia-smi mig -lgip lists the profiles; sudo nvidia-smi mig -cgi PROFILE -C makes instances.',
      'Or sudo nvidia-smi -mig 0 switches MIG off (a reset of the card).',
      'Generate the CDI spec again; re-probe with nvidia-smi -L.',
    ],
  }),
  entry('mig-device-string-wrong', {
    layer: 'request',
    line: 'Each layer names instances in its own way; this name fits none that exists.',
    paragraph: `A container asks for a MIG instance that does not exist under that name. Names change with each division of the card. The UUID from
      nvidia-smi -L is the safest; CUDA_VISIBLE_DEVICES takes nothing else.`,
    mechanism: `The toolkit takes GPU:INSTANCE or MIG-uuid, drivers before 470 printed MIG-GPU-uuid/gi/ci. nvidia-container-cli answers "unknown
      device", CDI "unresolvable CDI devices". MIG does not exist in csv mode. In a shell the quotes must survive: '"device=0:0"'.`,
    evidence: '[S]',
    not: {
      'mig-reconfigured-spec-stale': 'the name exists in nvidia-smi -L, and only the CDI spec does not know it.',
      'visible-devices-unknown': 'the name is that of a whole card.',
    },
    guide: [
      'nvidia-smi -L lists the instances with their UUIDs.',
      'Ask with --gpus \'"device=MIG-uuid"\' or NVIDIA_VISIBLE_DEVICES=MIG-uuid and start the container again.',
    ],
  }),
  entry('mig-reconfigured-spec-stale', {
    layer: 'cdi',
    line: 'The card was divided anew; the CDI spec still lists the old instances.',
    paragraph: `Instances were made or removed after the spec was generated. Names of new instances do not resolve, and nodes of old ones are gone. Generate the spec
      again; nothing has to be restarted except the containers.`,
    mechanism: `A spec lists each instance with its nodes /dev/nvidia-caps/nvidia-capN. The shipped refresh units watch the driver's files and know nothing
      of MIG. In Kubernetes the MIG manager renews it.`,
    evidence: '[D]',
    not: {
      'mig-device-string-wrong': 'nvidia-ctk cdi list and nvidia-smi -L agree.',
      'cdi-spec-stale': 'the missing files carry another driver version.',
    },
    guide: [
      'sudo systemctl restart nvidia-cdi-refresh.service, or generate the spec again into its folder.',
      'Re-probe: nvidia-ctk cdi list names the instances of nvidia-smi -L; recreate the containers.',
    ],
  }),
  entry('nvidia-caps-missing', {
    layer: 'driver',
    line: 'An instance without its nodes below /dev/nvidia-caps cannot be handed over.',
    paragraph: `MIG instances exist, and the nodes that guard them do not. They are made on demand and were not yet made. Without MIG nobody
      needs the folder; then a mapping of /dev/nvidia-caps can simply go.`,
    mechanism: `Every access right has a minor number in /proc/driver/nvidia-caps/mig-minors; nvidia-modprobe -f makes the node of a right. The CLI ends
      with "mount error: stat failed: /dev/nvidia-caps/nvidia-capN". The folder itself is no device: mapping it as one fails in Compose.`,
    evidence: '[S]; seed 2 maps the folder as a device',
    not: { 'device-nodes-missing': '/dev/nvidiactl is missing too.' },
    guide: [
      'sudo nvidia-modprobe -f /proc/driver/nvidia/capabilities/gpu0/mig/gi1/access, and the same for each right.',
      'Re-probe: ls /dev/nvidia-caps.',
    ],
    seeds: `Seed 2 maps the folder /dev/nvidia-caps as a device on a card that has no MIG: wrong, and not needed.`,
  }),
  entry('imex-channel-missing', {
    layer,
    line: 'A container that asks for an IMEX channel needs its node on the host.',
    paragraph: `IMEX lets machines of one NVLink domain share memory. Its service runs here, and the node of the channel that containers ask for does not exist.
      Make the channel, or drop the request if the program does not exchange memory with other machines.`,
    mechanism: `NVIDIA_IMEX_CHANNELS asks for /dev/nvidia-caps-imex-channels/channelN. From 1.20 the toolkit checks this for CDI and jit-cdi. A module
      parameter makes channel 0 at load; in Kubernetes the DRA driver makes channels. features.ignore-imex-channel-requests drops
      the requests.`,
    evidence: '[S], text [R] with 1.20.0',
    not: { 'visible-devices-unknown': 'the message names a device or UUID, not an IMEX channel.' },
    guide: [
      'ls /dev/nvidia-caps-imex-channels; grep -i imex /proc/driver/nvidia/params.',
      'Channel 0 at every load: options nvidia NVreg_CreateImexChannel0=1 below /etc/modprobe.d, then reload the modules.',
      'Or take NVIDIA_IMEX_CHANNELS out of the request and start the container again.',
    ],
  }),
];
