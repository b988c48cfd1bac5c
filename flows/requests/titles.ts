/** Findings in project files: what each is called, and where it is written up. */
import type { ModeId } from '../modes/ids.ts';

/** Ids that only files can show; the field reference has none for a file that does not parse. */
export type FileOnlyId = 'project-file-malformed';

export const titles: Readonly<Partial<Record<ModeId | FileOnlyId, string>>> = {
  'project-file-malformed': 'A project file does not parse',
  'compose-legacy-schema': 'This Compose is too old for the form',
  'compose-cdi-syntax-too-new': 'This Compose does not know the form yet',
  'compose-device-request-invalid': 'The device request is contradictory or incomplete',
  'compose-service-without-gpu-request': 'The service does not ask for a GPU',
  'compose-stacked-mechanisms': 'Several mechanisms ask for the GPU at once',
  'bind-mounted-driver-file-missing': 'A mounted driver file does not exist on the host',
  'over-privileged-workaround': 'A work-around gives the container more than a GPU',
  'image-bundles-driver-libs': 'The image brings files of a driver',
  'image-cpu-only-framework': 'The image installs a framework without CUDA',
  'image-libcudart-missing': 'The image lacks the CUDA runtime',
  'docker-build-no-gpu': 'A step of the build wants a GPU',
  'image-app-module-missing': 'The image lacks the package that the container starts',
  'k8s-pod-not-using-nvidia-runtime': 'The pod asks for a GPU but not for the nvidia runtime',
  'k8s-all-gpus-leak': 'The pod sees every GPU of the node without asking for one',
  'k8s-insufficient-gpu': 'The resource is requested without a limit',
  'tegra-no-request': 'The pod uses the nvidia runtime and asks for no GPU',
  'cuda-requirement-unsatisfied': 'The image wants a newer CUDA than the driver serves',
  'image-arch-not-compiled': 'The framework holds no code for this GPU',
  'image-nvidia-smi-not-found': 'No program of the driver runs in this image',
  'image-platform-mismatch': 'The image is for another processor',
  'cuda-visible-devices-wrong': 'CUDA_VISIBLE_DEVICES hides the GPU',
  'cdi-device-name-unresolvable': 'The CDI name belongs to no device of this machine',
};
