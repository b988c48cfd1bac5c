/** What the search for a missing package takes for granted. */

/** Modules that come with Python or with what everybody installs. */
export const notOnesOwn: ReadonlySet<string> = new Set([
  'http',
  'pip',
  'venv',
  'pytest',
  'unittest',
  'uvicorn',
  'gunicorn',
  'celery',
  'jupyter',
  'notebook',
  'ipykernel',
  'tensorboard',
  'torch',
  'vllm',
  'sglang',
  'transformers',
  'streamlit',
  'flask',
  'fastapi',
  'django',
  'alembic',
  'debugpy',
  'asyncio',
  'json',
]);
/** Images that hold no application. */
export const bareImages =
  /^(?:docker\.io\/(?:library\/)?)?(?:scratch|(?:python|debian|ubuntu|alpine|fedora|rockylinux|almalinux|pypy|mambaorg\/micromamba|continuumio\/\w+|nvidia\/[\w-]+|pytorch\/pytorch|tensorflow\/tensorflow|rocm\/\w+)(?:[:@]|$))|^nvcr\.io\/nvidia\/|^(?:ghcr\.io\/astral-sh\/uv|gcr\.io\/distroless\/|public\.ecr\.aws\/docker\/library\/python)/;
