/** 고장의 제목과 한 줄 이유: 하드웨어, 드라이버, 가상 머신, 라이브러리, 툴킷. */
export const host: Readonly<Record<string, readonly [title: string, line: string]>> = {
  'no-nvidia-pci-device': [
    'PCI 버스에 NVIDIA GPU가 없다',
    '버스에 GPU가 없으면 드라이버도 툴킷도 컨테이너 설정도 소용없다.',
  ],
  'gpu-fallen-off-bus': ['GPU가 PCI 버스에서 떨어졌다', '카드가 답하지 않는다. 재부팅이나 전원을 껐다 켜야 돌아온다.'],
  'gpu-fatal-xid': [
    '드라이버가 GPU의 치명적인 Xid를 기록했다',
    'GPU가 오류를 알렸다. 무엇이 도움이 되는지는 그 번호가 정한다.',
  ],
  'gsp-boot-failure': [
    'GPU의 펌웨어 프로세서가 시작되지 않는다',
    '펌웨어 없이는 카드가 침묵한다. nvidia-smi는 장치를 찾지 못한다.',
  ],
  'rm-init-adapter-failed': [
    '드라이버는 로드되었으나 카드가 초기화되지 않는다',
    '모듈이 있는데도 nvidia-smi가 장치를 찾지 못한다. 로그를 보라.',
  ],
  'pci-bar-unassigned': [
    '카드가 PCI 버스에서 메모리 창을 받지 못했다',
    '메모리 창이 없는 카드는 쓸 수 없다. 펌웨어나 VM 설정의 문제다.',
  ],
  'nvidia-smi-device-fault-codes': [
    'nvidia-smi가 자기 오류 코드로 끝났다',
    '컨테이너와 상관없이 어느 층이 고장인지 종료 코드가 말해 준다.',
  ],
  'driver-not-installed': [
    'NVIDIA 드라이버가 설치되어 있지 않다',
    '컨테이너는 호스트의 드라이버를 빌려 쓰는데 빌릴 것이 없다.',
  ],
  'kernel-module-missing-for-kernel': [
    '이 커널용 nvidia 모듈이 만들어지지 않았다',
    '새 커널로 부팅했는데 드라이버는 그 커널용으로 빌드되지 않았다.',
  ],
  'dkms-build-failed': ['nvidia 모듈 빌드가 실패했다', '이유는 빌드 로그에 있다. 모듈이 없으면 GPU는 꺼진 것과 같다.'],
  'kernel-module-not-loaded': [
    'nvidia 커널 모듈이 로드되지 않았다',
    '드라이버는 설치되어 있으나 돌고 있지 않다. 카드에 닿을 수 없다.',
  ],
  'secure-boot-key-rejected': [
    'Secure Boot가 nvidia 모듈을 거절한다',
    '커널은 서명된 모듈만 받는데 이 모듈의 키를 모른다.',
  ],
  'nouveau-bound': [
    'nouveau 드라이버가 GPU를 잡고 있다',
    'nouveau가 카드를 가지고 있어 NVIDIA 드라이버가 잡을 수 없다.',
  ],
  'open-module-required': ['이 GPU에는 오픈 커널 모듈이 필요하다', 'Blackwell 이후는 오픈 판 드라이버에서만 동작한다.'],
  'gpu-too-old-for-open-or-branch': [
    '이 드라이버에는 GPU가 너무 오래되었다',
    '이 드라이버 가지나 종류는 이 카드를 더는 모른다.',
  ],
  'driver-library-version-mismatch': [
    '커널 모듈과 드라이버 라이브러리의 버전이 다르다',
    '디스크의 드라이버는 업데이트되었는데 옛 모듈이 아직 로드되어 있다.',
  ],
  'nvidia-uvm-missing': [
    '통합 메모리 장치 /dev/nvidia-uvm이 없다',
    '컨테이너에서 nvidia-smi는 되는데 모든 CUDA 프로그램이 실패한다.',
  ],
  'uvm-broken-after-suspend': [
    '절전 뒤로 CUDA가 망가졌다',
    '절전에서 깨어난 뒤 CUDA는 어디서나 실패하고 nvidia-smi는 멀쩡해 보인다.',
  ],
  'device-nodes-missing': ['/dev/nvidia* 디바이스 노드가 없다', '모듈은 로드되었는데 /dev 아래에 들어갈 문이 없다.'],
  'device-node-permissions': [
    'GPU 디바이스 노드가 이 사용자에게 열려 있지 않다',
    'root는 GPU를 쓸 수 있으나 컨테이너의 다른 사용자는 못 쓴다.',
  ],
  'persistence-daemon-off': [
    'persistence 데몬이 꺼져 있다',
    '쓰지 않으면 드라이버가 잠든다. 첫 시작이 느리거나 시간을 넘긴다.',
  ],
  'gpu-busy-or-exclusive': [
    'GPU가 바쁘거나 한 프로세스에 묶여 있다',
    '주입은 된다. 다른 프로그램이나 compute 모드가 GPU를 막는다.',
  ],
  'fabric-manager-not-running': [
    'fabric manager가 돌고 있지 않다',
    'NVSwitch 기계에서 CUDA는 그것을 기다린다. nvidia-smi는 그래도 된다.',
  ],
  'fabric-manager-version-mismatch': [
    'fabric manager와 드라이버의 버전이 다르다',
    'fabric manager는 정확히 한 드라이버 버전하고만 동작한다.',
  ],
  'mig-enabled-without-instances': [
    'MIG가 켜져 있는데 카드가 나뉘지 않았다',
    'MIG 모드의 카드는 인스턴스만 내놓는데 하나도 없다.',
  ],
  'mig-device-string-wrong': [
    'MIG 인스턴스를 틀린 이름으로 요청했다',
    '층마다 인스턴스 이름이 다르다. 이 이름은 어느 것에도 맞지 않는다.',
  ],
  'mig-reconfigured-spec-stale': [
    'CDI 스펙이 카드를 나누기 전의 것이다',
    '카드는 새로 나뉘었는데 CDI 스펙은 옛 인스턴스를 적고 있다.',
  ],
  'nvidia-caps-missing': [
    'MIG 인스턴스의 노드가 없다',
    '/dev/nvidia-caps 아래에 노드가 없는 인스턴스는 넘겨줄 수 없다.',
  ],
  'imex-channel-missing': ['IMEX 채널이 없다', 'IMEX 채널을 요청하는 컨테이너에는 호스트의 그 노드가 필요하다.'],
  'vm-gpu-not-passed-through': [
    '이 가상 머신은 GPU를 받지 못했다',
    '하이퍼바이저가 정한다. 게스트 안에서는 고칠 수 없다.',
  ],
  'gpu-bound-to-vfio-in-guest': [
    '이 기계에서 vfio-pci가 GPU를 잡고 있다',
    '카드가 가상 머신용으로 잡혀 있어 드라이버가 여기서 쓸 수 없다.',
  ],
  'hypervisor-host-driver-grabbed-gpu': [
    '하이퍼바이저 자신의 드라이버가 GPU를 잡고 있다',
    'VM이 가지려면 하이퍼바이저에서 카드가 vfio-pci의 것이어야 한다.',
  ],
  'guest-driver-blocked-by-hypervisor': [
    '옛 드라이버가 가상 머신에서 돌기를 거부한다',
    '465 이전 드라이버는 가상 머신에서 일반 소비자용 카드를 거부한다.',
  ],
  'vgpu-guest-driver-or-license': [
    'vGPU의 게스트 드라이버가 틀렸거나 라이선스가 없다',
    'vGPU에는 호스트 가지에 맞는 게스트 드라이버와 라이선스가 필요하다.',
  ],
  'lxc-nested-engine': [
    'Docker가 시스템 컨테이너 안에서 돈다',
    '바깥 컨테이너가 디바이스 규칙을 막아 레거시 방식이 규칙을 쓸 수 없다.',
  ],
  'wsl-no-adapter': ['WSL이 GPU 어댑터를 보지 못한다', 'WSL의 GPU는 Windows에서 오므로 고칠 곳도 Windows다.'],
  'wsl-linux-driver-installed': [
    '리눅스 NVIDIA 드라이버가 WSL의 것을 가린다',
    '리눅스 드라이버 패키지가 Windows가 주는 라이브러리를 덮는다.',
  ],
  'wsl-cdi-device-names': [
    'WSL에는 CDI 디바이스 "all"만 있다',
    'WSL은 모든 GPU가 한 디바이스다. 번호 이름은 풀리지 않는다.',
  ],
  'docker-desktop-linux': [
    'Docker Desktop이 답하는데 그 VM에는 GPU가 없다',
    'docker 명령이 GPU 없는 가상 머신과 이야기하고 있다.',
  ],
  'nvml-lib-missing': [
    '호스트에서 libnvidia-ml.so.1을 열 수 없다',
    '툴킷은 모든 것을 이 라이브러리에 묻는다. 없으면 시작마다 실패한다.',
  ],
  'host-ldcache-stale': ['호스트의 로더 캐시가 드라이버를 모른다', '라이브러리는 있는데 그것을 찾는 색인이 낡았다.'],
  'host-libcuda-missing': [
    '호스트에 libcuda.so.1이 없다',
    '관리 도구는 있고 계산 라이브러리가 없다. CUDA가 시작될 수 없다.',
  ],
  'driver-root-wrong': ['설정된 드라이버 root가 틀렸다', '툴킷이 드라이버가 없는 폴더에서 드라이버를 찾는다.'],
  'cli-driver-rpc-timeout': ['툴킷이 드라이버를 기다리다 포기했다', '드라이버 준비가 주어진 10초보다 오래 걸렸다.'],
  'toolkit-not-installed': [
    'NVIDIA Container Toolkit이 설치되어 있지 않다',
    'Docker가 GPU를 부탁할 상대가 없다. 그 상대가 툴킷이다.',
  ],
  'toolkit-base-only': [
    '툴킷의 base 패키지만 설치되어 있다',
    '29.2 이전 Docker가 --gpus에 부르는 훅은 다른 패키지에 있다.',
  ],
  'toolkit-version-skew': [
    '툴킷 구성 요소의 버전이 서로 다르다',
    '네 패키지는 버전이 같아야 한다. 일부만 올리면 시작이 깨진다.',
  ],
  'toolkit-repo-conflict': [
    'apt 소스 파일 두 개가 툴킷 저장소를 적고 있다',
    '둘 중 하나가 없어질 때까지 apt가 일하지 않는다.',
  ],
  'toolkit-binary-not-in-daemon-path': [
    'dockerd가 NVIDIA 런타임 프로그램을 찾지 못한다',
    '등록된 런타임이 가리키는 프로그램이 Docker가 보는 곳에 없다.',
  ],
  'low-level-runtime-not-found': [
    'NVIDIA 런타임이 runc도 crun도 찾지 못한다',
    'NVIDIA 런타임은 runc나 crun을 감쌀 뿐인데 둘 다 없다.',
  ],
  'unknown-oci-spec-field': [
    '툴킷이 OCI 스펙의 한 항목을 모른다',
    '엔진이 툴킷보다 새것이라 툴킷이 거절하는 항목을 쓴다.',
  ],
  'toolkit-known-vulnerable': [
    '이 툴킷 버전에는 알려진 구멍이 있다',
    '옛 툴킷으로는 컨테이너가 우리를 벗어날 수 있다. 곧 올려라.',
  ],
  'ldconfig-path-wrong': [
    'config.toml이 없는 ldconfig를 가리킨다',
    '레거시 방식의 마지막 단계에 그 프로그램이 필요한데 없다.',
  ],
  'ldconfig-container-path-rejected': [
    'ldconfig 경로에 @가 없다',
    '@가 없으면 컨테이너 안의 경로라는 뜻이고 그것은 거절된다.',
  ],
  'ldcache-process-failed': [
    '컨테이너의 라이브러리 캐시 갱신이 실패했다',
    '호스트의 ldconfig가 컨테이너 안에서 돌았으나 성공하지 못했다.',
  ],
  'container-ldcache-not-updated': [
    'ldconfig가 스크립트라서 라이브러리가 연결되지 않는다',
    '파일은 모두 컨테이너에 왔는데 거기서 아무도 찾지 못한다.',
  ],
  'ldcache-pivot-root-failed': [
    '툴킷 1.18이 이 루트 파일 시스템에서 pivot하지 못한다',
    '메모리에 있는 루트에서는 1.18의 훅이 루트를 바꿀 수 없다.',
  ],
  'config-toml-invalid': [
    'NVIDIA 런타임의 config.toml이 올바르지 않다',
    '런타임이 읽을 수 없는 줄에서 멈춘다. 기본값이라면 될 것이다.',
  ],
  'config-toml-reverted-by-upgrade': [
    '패키지 업그레이드가 config.toml의 설정을 지웠다',
    '1.20 이전에는 저장할 때마다 예시와 같은 값을 주석으로 돌린다.',
  ],
};
