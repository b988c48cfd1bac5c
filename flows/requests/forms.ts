/** The forms in which a Compose service can ask for the GPU, and what each needs. Whether one works on a box is not said here: the ways of the tree say it. */
import type { WayId } from '../../src/engine/flow.ts';

export const formIds = ['cdi', 'runtime', 'reservation', 'reservation-cdi', 'gpus'] as const;
export type FormId = (typeof formIds)[number];

export interface Form {
  readonly id: FormId;
  /** As it stands in a file, for messages. */
  readonly written: string;
  /** The way of the tree that it takes. */
  readonly way: WayId;
  /** First version of Compose that reads it. */
  readonly compose: string;
  /** What an older Compose makes of it; section 1.7 of the field reference. */
  readonly older: string;
}

export const forms: Readonly<Record<FormId, Form>> = {
  cdi: {
    id: 'cdi',
    written: 'devices: [nvidia.com/gpu=…]',
    way: 'docker-cdi',
    compose: '2.30.0',
    older: 'takes the name for a path of the host, and Docker finds no such device',
  },
  runtime: {
    id: 'runtime',
    written: 'runtime: nvidia with NVIDIA_VISIBLE_DEVICES',
    way: 'docker-runtime',
    compose: '0',
    older: '',
  },
  reservation: {
    id: 'reservation',
    written: 'deploy.resources.reservations.devices with driver: nvidia',
    way: 'docker-gpus',
    compose: '1.28.0',
    older: 'refuses the file: devices was unexpected',
  },
  'reservation-cdi': {
    id: 'reservation-cdi',
    written: 'deploy.resources.reservations.devices with driver: cdi',
    way: 'docker-cdi',
    compose: '1.28.0',
    older: 'refuses the file: devices was unexpected',
  },
  gpus: {
    id: 'gpus',
    written: 'gpus:',
    way: 'docker-gpus',
    compose: '2.30.0',
    older: 'refuses the file: Additional property gpus is not allowed',
  },
};

/** Gates of single spellings. */
export const composeSince = {
  /** `gpus: all`; before, only the list. */
  gpusAll: '2.33.0',
  /** `!reset` and `!override`. */
  resetTag: '2.24.4',
} as const;

/** In which order repaired forms are offered: what needs least beside itself first. */
export const offerOrder: readonly FormId[] = ['cdi', 'reservation-cdi', 'runtime', 'reservation', 'gpus'];

/** Images that set NVIDIA_VISIBLE_DEVICES themselves. */
export const imagesThatAsk: readonly RegExp[] = [
  /^(?:docker\.io\/)?nvidia\/cuda(?:gl)?[:@]/,
  /^(?:docker\.io\/)?nvidia\/(?:opengl|vulkan|cudagl)[:@]?/,
  /^nvcr\.io\/nvidia\//,
  /^(?:docker\.io\/)?ollama\/ollama(?:[:@]|$)/,
  /^(?:docker\.io\/)?pytorch\/pytorch[:@]/,
  /^(?:docker\.io\/)?tensorflow\/tensorflow[:@].*gpu/,
  /^(?:docker\.io\/)?vllm\/vllm-openai(?:[:@]|$)/,
  /^ghcr\.io\/huggingface\/text-(?:generation|embeddings)-inference(?:[:@]|$)/,
];

/** Images of a bare system or language, which know nothing of GPUs. */
export const imagesThatDoNot =
  /^(?:docker\.io\/)?(?:library\/)?(?:debian|ubuntu|alpine|fedora|rockylinux|almalinux|busybox|python|node|golang|rust|openjdk|postgres|redis|nginx)(?:[:@]|$)/;

/** Words that NVIDIA_DRIVER_CAPABILITIES may hold. */
export const driverCapabilities = ['compute', 'compat32', 'graphics', 'utility', 'video', 'display', 'ngx', 'all'];

/** What a hook gives where only `gpu` is asked for. */
export const defaultCapabilities = ['compute', 'utility'];
