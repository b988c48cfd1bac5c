/** 1~5장. 빈 줄은 문단을 나누고, "- "로 시작하는 줄은 목록이다. */
export const lessonsA = {
  'arrive.title': '컨테이너에 들어와야 하는 것',
  'arrive.about': '라이브러리, 디바이스 노드, 권한; 그리고 이미지에 있으면 안 되는 것',
  'arrive.1': `컨테이너는 호스트와 커널을 함께 쓴다. GPU 드라이버의 절반은 커널 안(nvidia.ko)에, 나머지 절반은 그 옆의 라이브러리에 있다. 커널 쪽 절반은 이미 있다. 라이브러리 쪽 절반은 커널 쪽과 버전이 정확히 같아야 하므로 어떤 이미지도 미리 담아 올 수 없다. 그래서 컨테이너가 시작될 때 넣어 준다. 들어와야 하는 것은 네 가지다.

- 디바이스 노드: 프로그램이 커널 모듈과 이야기하는 /dev 아래의 파일.
- 노드마다의 권한: cgroup 디바이스 규칙. 규칙이 없는 노드는 보이기만 하고 열리지 않는다.
- 드라이버 라이브러리: 프로그램이 찾는 이름 그대로, 그리고 그것을 나열한 로더 캐시.
- 몇 가지 프로그램과 소켓: 예를 들면 nvidia-smi.`,
  'arrive.2': '지금 {box}에 있는 라이브러리다. .so 뒤의 버전은 로드된 모듈의 버전이어야 한다: {driver}.',
  'arrive.3':
    '디바이스 노드다. 권한은 이름이 아니라 번호에 주어지므로 번호가 중요하다. 195는 고정이다. nvidia-uvm의 번호는 모듈이 로드될 때 커널이 정하므로 /proc/devices에서 읽어야 하며 짐작하면 안 된다.',
  'arrive.4': `권한. cgroup v2에서는 커널 안의 작은 프로그램이고 v1에서는 파일 안의 목록이다. 컨테이너를 시작하는 쪽이 쓴다. systemd는 daemon-reload 때 이것을 다시 쓸 수 있고, 그때 systemd가 모르는 규칙은 사라진다. 조금 전까지 되던 컨테이너가 "Failed to initialize NVML: Unknown Error"라고 답한다.

이미지에 있으면 안 되는 것: libcuda, libnvidia-ml, 그 밖에 드라이버에 속하는 모든 것. 이미지 안의 사본은 커널 쪽 절반보다 낡았거나 새것이고, 검색 경로에서 앞에 있으면 그것이 이긴다. 반대로 CUDA 런타임, cuDNN, NCCL은 이미지의 것이다. 이들은 아무도 주입하지 않는다.`,
  'arrive.ex':
    '노드 하나가 사라진다. 재부팅 뒤 아직 아무도 /dev/nvidia-uvm을 만들지 않았다. nvidia-smi는 nvidiactl과 nvidia0이면 되고, CUDA는 nvidia-uvm도 필요하며, CDI 스펙은 이 모두를 나열한다.',
  'arrive.lesson':
    'nvidia-smi는 되는데 CUDA는 안 될 수 있다. 훅은 있는 것만 마운트하지만 CDI 스펙은 적힌 것을 요구한다. 그래서 CDI 방식은 바로 드러나게 실패하고, 다른 방식은 프로그램이 CUDA를 부를 때에야 실패한다.',

  'apis.title': '런타임 API와 드라이버 API',
  'apis.about': 'libcudart는 이미지에 있어도 되고 libcuda는 안 되는 이유',
  'apis.1': 'CUDA 프로그램은 세 층을 거쳐 아래로 내려가고, 이미지와 호스트의 경계는 그 한가운데를 지난다.',
  'apis.2': `런타임 API인 libcudart.so(cudaMalloc, cudaMemcpy)는 CUDA 툴킷의 것이고 이미지에 들어 있다. 드라이버 API인 libcuda.so는 호스트의 드라이버에서 오며 ioctl로 커널 모듈과 이야기한다.

새 드라이버는 옛 CUDA로 만든 프로그램을 돌린다. 그 반대는 안 되며, 그때 컨테이너는 시작할 때 거절된다. 이미지는 NVIDIA_REQUIRE_CUDA에 필요한 버전을 적는다(CDI는 이것을 보지 않는다). 또는 프로그램이 "CUDA driver version is insufficient for CUDA runtime version"으로 끝난다.`,
  'apis.3': '{box}에서 드라이버의 두 절반:',
  'apis.4': `비슷해 보이는 세 가지 오류:

- libcudart.so.12: cannot open shared object file. 이미지에 런타임이 없다. 호스트에서는 고칠 것이 없다. 런타임이 있는 이미지를 써라.
- libcuda.so.1: cannot open shared object file. 드라이버가 주입되지 않았다. 요청이 툴킷에 닿지 않았거나 호스트에 그 라이브러리가 없다.
- nvidia-container-cli가 말하는 libnvidia-ml.so.1 not found. 무엇을 마운트하기도 전에 툴킷 자신이 호스트에서 드라이버를 열지 못했다.`,
  'apis.ex':
    '남은 찌꺼기: 예전에 누가 여기서 GPU Operator를 돌리며 config.toml에 root = "/run/nvidia/driver"를 적었다. 드라이버는 호스트에 있지만 툴킷은 다른 폴더 아래를 보라고 지시받는다.',
  'apis.lesson':
    '호스트의 nvidia-smi는 config.toml을 읽지 않으므로 잘 된다. 툴킷은 맨 먼저 root 아래에서 libnvidia-ml.so.1을 찾으므로, 라이브러리를 마운트하기 한참 전에 "initialization error"가 난다.',

  'mechanisms.title': '네 가지 방식',
  'mechanisms.about': 'docker run과 프로그램의 첫 줄 사이에서 누가 일하는가',
  'mechanisms.1':
    'GPU가 컨테이너에 들어가는 길은 네 가지다. 결과는 모두 같은 마운트와 규칙이고, 누가 일하는지가 다르다. 그래서 무엇이 고장 날 수 있는지도 다르다.',
  'mechanisms.2':
    '레거시 훅: docker run --gpus all. Docker 29.1까지, 그리고 29.2부터는 예비로. 옛 그림은 런타임과 훅을 한 상자로 그리지만 둘은 다른 프로그램이고, 훅에는 그 런타임이 필요 없다.',
  'mechanisms.3':
    'jit-cdi, 툴킷 1.18부터: docker run --runtime=nvidia. 런타임이 드라이버를 보고 메모리에 CDI 스펙을 만들어, runc가 보기 전에 컨테이너를 고친다. 훅은 돌지 않고 /etc/cdi의 파일도 읽지 않는다.',
  'mechanisms.4':
    '네이티브 CDI: Docker와 Podman의 --device nvidia.com/gpu=all, CDI를 쓰는 쿠버네티스, Docker 29.2부터의 --gpus. 엔진이 스펙 파일을 읽고 모든 일을 직접 한다. 툴킷은 파일을 쓸 때만 필요하다.',
  'mechanisms.5':
    'csv, Jetson에서: GPU에 속하는 것을 목록이 말하고, 런타임이 그것을 메모리 안의 스펙으로 바꾼다. 자세한 것은 "jetson" 장에 있다.',
  'mechanisms.6': `레거시 방식의 오류는 그 종류만 보아도 어디까지 갔는지 알 수 있다. 단계에 순서가 있기 때문이다: initialization error, container error, detection error, device error, requirement error, mount error, ldcache error. 뒤의 종류가 나왔다면 앞의 단계는 모두 통과한 것이다. ldconfig 경로는 맨 나중에 쓰인다. 그러니 그것이 initialization error의 원인일 수는 없다.

{box}에서 요청 방식마다의 결과:`,
  'mechanisms.ex':
    '누군가 config.toml에 mode = "cdi"만 쓰면 다 낫는다는 글을 따랐다. Docker 26, 툴킷 1.17, Docker의 CDI는 꺼져 있고 스펙은 어디에도 없다.',
  'mechanisms.lesson':
    '훅은 레거시 모드만 맡고 나머지는 거절하므로 --gpus는 실패한다. 런타임은 이제 스펙을 찾는데 없다. mode = "auto"가 각 방식이 스스로 고르게 하는 설정이다.',

  'mode.title': '이 기계에서는 어느 모드인가',
  'mode.about': 'nvidia-container-runtime이 결정하는 순서, 결정한 값과 함께',
  'mode.1': `--runtime=nvidia로 요청하거나 nvidia가 기본 런타임이면 nvidia-container-runtime이 시작된다. 이것은 /etc/nvidia-container-runtime/config.toml의 값 하나, nvidia-container-runtime.mode를 읽는데 대개 "auto"다. 그다음 {box}에서는 이렇게 결정한다:`,
  'mode.2': `알아 둘 것:

- 값은 소문자다. "CDI"는 틀린 값이고, 다른 표 아래에 적힌 mode 줄은 아무 말 없이 무시된다.
- 오류 속의 "Auto-detected mode as 'legacy'"는 훅이 돌았다는 증거다. 새 툴킷이라도 그렇다. 훅에는 자기만의 기본값이 있다.
- 손으로 적은 mode = "cdi"는 Docker 26에서 docker --gpus를 언제나, 29에서는 풀리는 스펙이 없을 때 망가뜨린다.
- 지금까지 나온 버전에는 드롭인 폴더가 없다. GPU Operator는 /usr/local/nvidia/toolkit 아래에 자기 사본을 두고 /etc의 파일을 읽지 않는다.`,
  'mode.ex':
    'Jetson에서 config.toml을 베껴 왔다: mode = "csv". 그런데 이것은 Docker 29와 툴킷 1.20이 있는 보통 서버이고 CDI 스펙은 멀쩡하다.',
  'mode.lesson':
    'csv는 Jetson에만 있는 목록을 읽는다. 다른 기계에서는 오류도 없이 GPU 없는 컨테이너가 될 뿐이다. NVIDIA 런타임을 거치지 않는 방식은 상관없다. Docker 29.2는 --gpus를 네이티브 CDI로 처리한다.',

  'cdi.title': 'CDI 스펙 소리 내어 읽기',
  'cdi.about': '어느 파일이 이기고, 어떤 디바이스를 내놓고, 무엇을 마운트하는가',
  'cdi.1': `CDI 스펙은 이렇게 말하는 파일이다: nvidia.com/gpu=0이라는 디바이스를 요청하면 이 디바이스 노드, 이 마운트, 이 훅을 준다. 엔진은 /etc/cdi와 /var/run/cdi에서 찾는다. .yaml이나 .json으로 끝나는 이름만 센다. nvidia-old.yaml이라는 백업도 센다.

- 같은 폴더의 두 파일에 같은 디바이스 이름: 서로 지워져서 이름이 풀리지 않는다.
- 두 폴더에 있으면: 나중 폴더, 보통 /var/run/cdi가 이긴다.
- 읽거나 해석할 수 없는 파일은 조용히 빠진다.`,
  'cdi.2': '{box}의 스펙:',
  'cdi.3': `스펙은 버전이 붙은 파일 이름을 적는다. 드라이버를 업데이트하면 그 파일은 없어지고 다음 시작은 실패한다. "낡은(stale)" 스펙이란 이것이다. /var/run/cdi의 파일은 재부팅할 때마다 사라진다. 툴킷 자신의 유닛(nvidia-cdi-refresh, 1.18부터)이 부팅 때와 업데이트 뒤에 다시 쓴다. /etc/cdi의 파일은 누가 다시 쓸 때까지 남는다.

Docker: 25에서 28.1까지는 CDI를 켜야 하고(features.cdi, 그다음 재시작; reload로는 안 된다) 28.2부터는 켜져 있다. cdi-spec-dirs를 정해도 켜지는 것은 없다. 찾는 곳이 바뀔 뿐이다. Podman은 켤 것도 재시작할 것도 없다.`,
  'cdi.ex': '드라이버 업데이트: 이 기계의 스펙은 이전 드라이버의 파일을 적고 있다.',
  'cdi.lesson':
    '엔진은 스펙이 나열한 것을 마운트한다. 없는 파일이 있으면 시작이 멈춘다. Docker 29는 --gpus에 CDI를 먼저 쓰는데, 풀리지만 낡은 스펙은 예비 없이 실패한다. 런타임은 매번 메모리에 스펙을 새로 만들므로 무사하다.',
} as const;
