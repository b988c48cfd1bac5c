/** What several failure modes say alike, written once. */

/** The tool, or a person who retells it, does not reach the driver. */
export const NO_DRIVER_TALK: readonly string[] = [
  "NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver",
  "couldn't communicate with the NVIDIA driver",
  "<couldn't|could not|can't|cannot|can not|unable to|not able to> communicate <with|to> <the NVIDIA driver|NVIDIA driver|the driver|the GPU driver>",
];

/**
 * The programs differ in how they print a result code of CUDA: samples, PyTorch old and new, Ollama, ONNX Runtime, TensorRT.
 * Codes of one digit begin others and are written out where they are meant.
 */
export const cudaCode = (code: number): readonly string[] => [
  `cuda runtime error (${code})`,
  `cudaGetDeviceCount returned ${code}`,
  `cudaGetDeviceProperties returned ${code}`,
  `library init failure: ${code}`,
  `CUDA error: ${code}`,
  `CUDA failure ${code}`,
  `CUDA failure: ${code}`,
  `CUDA initialization failure with error: ${code}`,
  `CUDA initialization fails with ${code}`,
  `CUDA driver error: ${code}`,
  `cuInit returned ${code}`,
  `cuInit(0) returned ${code}`,
  `cuInit(0) = ${code}`,
  `cuInit failed: ${code}`,
  `code=${code}(cudaError`,
];

/** A program is started without the tool: mostly nothing was injected. */
export const NO_NVIDIA_SMI: readonly string[] = [
  'exec: nvidia-smi: executable file not found',
  'nvidia-smi: executable file not found',
  'executable file nvidia-smi not found',
  'nvidia-smi: command not found',
  'nvidia-smi: not found',
  'nvidia-smi not found',
  'nvidia-smi is not <available|found|installed|in>',
  'nvidia-smi is unavailable',
  'could not find nvidia-smi',
  'No such file or directory: nvidia-smi',
];

/** What applications say that see no GPU. */
export const NO_GPU_SEEN: readonly string[] = [
  'Torch is not able to use GPU',
  'No visible GPU is found',
  'No GPU/TPU found, falling back to CPU',
  'CUDA is not available',
  'CUDA not available',
  'CUDA is unavailable',
  'GPU is not available',
  'no GPU was found',
  'no usable GPU',
  'Could not find any GPU',
  'Failed to detect any GPU',
  'No NVIDIA GPU <found|detected|available>',
  'Can not find Nvidia GPU',
  'No compute devices matched',
  '0 active driver(s) found',
  'Using torch device: CPU',
  'Using device: cpu',
  'No platform detected, vLLM is running on UnspecifiedPlatform',
  'Failed to infer device type',
  'CUDA initialization: Found no NVIDIA',
  'Auto-detected mode … cpu only',
  'Defaulting to CPU',
  'defaults to CPU',
];
