/** What nvidia-cdi-refresh.service runs. */
import { generate, specText } from './cdi-generate.ts';
import { file, text } from './fs.ts';
import { setting } from './unit-files.ts';
import type { World } from './world.ts';

const unit = 'nvidia-cdi-refresh.service';

/** Writes the spec; the last line of the journal where it fails. */
export const refreshSpec = (world: World): string | null => {
  const version = world.versions.toolkit ?? '1.20.0';
  const env = `${setting(world, unit, 'Environment').join(' ')} ${text(world.fs, '/etc/nvidia-container-toolkit/nvidia-cdi-refresh.env') ?? ''}`;
  const at = [...env.matchAll(/NVIDIA_CTK_CDI_OUTPUT_FILE_PATH=(\S+)/g)].at(-1)?.[1] ?? '/var/run/cdi/nvidia.yaml';
  const made = generate(world, { version, root: '' });
  if ('error' in made)
    return `level=error msg="failed to generate CDI spec: failed to create device CDI specs: ${made.error}"`;
  file(world.fs, at, specText(made.spec, version));
  return null;
};
