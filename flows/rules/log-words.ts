/** What an application writes when its image is at fault: plain data, matched against the last lines of a log. */

export type LogWord =
  | 'own'
  | 'dependency'
  | 'libcudart'
  | 'cpuOnly'
  | 'arch'
  | 'busy'
  | 'stub'
  | 'capability'
  | 'platform';

interface Said {
  readonly word: LogWord;
  readonly says: RegExp;
}

const CUDA_LIBS =
  'cudart|cublas\\w*|cudnn\\w*|nvrtc\\w*|nccl|npp\\w+|cufft\\w*|curand|cusolver\\w*|cusparse\\w*|cupti|nvToolsExt|nvJitLink';

const DRIVER_LIBS = 'nvidia-encode|nvcuvid|nvidia-fbc|nvoptix|GLX_nvidia|EGL_nvidia';

/** In the order in which they are looked for; the last line that fits is quoted. */
export const logWords: readonly Said[] = [
  { word: 'platform', says: /exec format error/ },
  { word: 'libcudart', says: new RegExp(`lib(${CUDA_LIBS})\\.so[\\w.]*: cannot open shared object file`) },
  {
    word: 'capability',
    says: new RegExp(
      `(cannot|could not|failed to) (load|open)[^.]{0,40}lib(${DRIVER_LIBS})\\.so|lib(${DRIVER_LIBS})\\.so[\\w.]*: cannot open shared object`,
      'i',
    ),
  },
  { word: 'stub', says: /CUDA driver is a stub library/ },
  {
    word: 'arch',
    says: /no kernel image is available for execution|CUDA capability sm_\d+ is not compatible|compiled with an unsupported toolchain/,
  },
  {
    word: 'cpuOnly',
    says: /Torch not compiled with CUDA enabled|CUDAExecutionProvider' is not in available provider/i,
  },
  { word: 'busy', says: /CUDA out of memory|CUDA-capable device\(s\) is\/are busy|exclusive-process mode/i },
];

const MODULE = [
  /ModuleNotFoundError: No module named '([\w.]+)'/,
  /Could not import module "([\w.]+)"/,
  /Error while finding module specification for '([\w.]+)'/,
];
/** A module that was named on the command line: the application itself. */
const BY_NAME = /Could not import module|Error while finding module specification/;

/** Import names that come from a package index; anything else is taken for the application's own. */
const KNOWN = new Set(
  'torch torchvision torchaudio tensorflow keras jax flax numpy scipy pandas sklearn cv2 PIL transformers accelerate diffusers datasets tokenizers safetensors onnx onnxruntime vllm bitsandbytes xformers triton cupy numba fastapi starlette uvicorn gunicorn flask django requests httpx aiohttp pydantic yaml dotenv redis celery sqlalchemy psycopg2 boto3 tqdm einops sentencepiece gradio streamlit pynvml whisper faster_whisper ctranslate2 llama_cpp ray deepspeed flash_attn peft trl langchain openai click typer rich loguru matplotlib seaborn nltk spacy lightning pytorch_lightning ultralytics'.split(
    ' ',
  ),
);

export interface MissingModule {
  readonly name: string;
  readonly is: 'own' | 'dependency';
  readonly line: string;
}

/** The Python module that was not found; null where none is named. */
export const missingModule = (log: string): MissingModule | null => {
  const lines = log.split('\n').filter(l => MODULE.some(m => m.test(l)));
  const line = lines.at(-1);
  if (line === undefined) return null;
  const inner = /No module named '([\w.]+)'/.exec(line)?.[1];
  const name = inner ?? MODULE.map(m => m.exec(line)?.[1]).find(Boolean) ?? '';
  const top = name.split('.')[0]!;
  return { name: top, is: !KNOWN.has(top) || (BY_NAME.test(line) && !inner) ? 'own' : 'dependency', line: line.trim() };
};

/** The first kind of trouble that a log shows, with its last such line. */
export const trouble = (log: string): { readonly word: LogWord; readonly line: string } | null => {
  const lines = log.split('\n');
  for (const { word, says } of logWords) {
    const line = lines.findLast(l => says.test(l));
    if (line !== undefined) return { word, line: line.trim() };
  }
  return null;
};

/** Lines in which a service itself says what it computes on; the best proof there is, where it prints one. */
const USES: readonly (readonly [uses: 'gpu' | 'cpu', says: RegExp])[] = [
  ['gpu', /inference compute.*library="?(cuda|rocm)/i],
  ['cpu', /inference compute.*library="?cpu|no compatible GPUs were discovered/i],
  ['gpu', /\b(using|selected) (device|backend)[:=]? ?"?cuda/i],
  ['cpu', /\b(using|selected) (device|backend)[:=]? ?"?cpu\b|falling back to (the )?cpu/i],
  ['gpu', /ggml_cuda_init: found \d+ CUDA devices|Created device .*GPU:\d+ with/],
];

/** The last such line; null where the log holds none. */
export const usesIn = (log: string): { readonly uses: 'gpu' | 'cpu'; readonly line: string } | null => {
  const line = log.split('\n').findLast(l => USES.some(([, says]) => says.test(l)));
  return line === undefined ? null : { uses: USES.find(([, says]) => says.test(line))![0], line: line.trim() };
};
