/** 고장의 제목과 한 줄 이유: 요청, CDI, 엔진, Compose, 이미지, Jetson. */
export const container: Readonly<Record<string, readonly [title: string, line: string]>> = {
  'hook-in-nonlegacy-mode': [
    'config.toml에 고정된 모드 때문에 훅이 --gpus를 거절한다',
    '보통의 --gpus를 맡지 않는 모드로 정해져 있다.',
  ],
  'visible-devices-unset': [
    '컨테이너가 GPU를 요청하지 않았다',
    'NVIDIA 런타임은 쓰는데 어느 GPU를 원하는지 아무도 말하지 않는다.',
  ],
  'visible-devices-ignored-unprivileged': [
    '환경 변수로 하는 요청이 꺼져 있다',
    '이 호스트는 보통 컨테이너의 변수로 한 GPU 요청을 무시한다.',
  ],
  'visible-devices-unknown': [
    '컨테이너가 없는 GPU를 요청한다',
    '번호, UUID 또는 따옴표가 틀렸다. 이 기계에 그런 장치는 없다.',
  ],
  'driver-capabilities-missing': [
    '컨테이너가 요청한 드라이버 기능이 너무 적다',
    '드라이버에서 요청한 부분만 주입되었다.',
  ],
  'driver-capabilities-unsupported': [
    '모르는 드라이버 기능을 요청했다',
    'NVIDIA_DRIVER_CAPABILITIES의 낱말이 틀렸거나 여기서 허용되지 않는다.',
  ],
  'cuda-requirement-unsatisfied': [
    '이미지에 더 새로운 드라이버가 필요하다',
    '이미지가 이 드라이버에 없는 CUDA 버전을 요구한다.',
  ],
  'cuda-compat-conflict': ['CUDA 호환 라이브러리가 방해한다', '컨테이너가 드라이버의 libcuda 대신 자기 것을 연다.'],
  'image-bundles-driver-libs': [
    '이미지에 드라이버 라이브러리가 들어 있다',
    '이미지 안의 드라이버 파일이 호스트에서 주입된 것을 이긴다.',
  ],
  'jit-cdi-generation-failed': [
    'NVIDIA 런타임이 GPU를 기술하지 못했다',
    '런타임은 시작할 때 기술을 만드는데 드라이버가 답하지 않았다.',
  ],
  'mixed-runtime-and-vendor-cdi': [
    '한 요청에 CDI 이름과 보통 GPU 번호가 섞여 있다',
    'NVIDIA_VISIBLE_DEVICES에 두 종류의 이름이 있어 거절된다.',
  ],
  'jit-cdi-regression-apps': [
    '툴킷 1.18에서 몇 프로그램에 필요한 라이브러리가 빠졌다',
    '1.18로 올린 뒤 nvidia-smi는 되는데 트랜스코딩이나 GL이 멈췄다.',
  ],
  'cgroup-lost-after-daemon-reload': [
    '돌던 컨테이너가 GPU를 잃었다',
    '몇 시간 동안 되다가 systemd가 디바이스 규칙을 다시 썼다.',
  ],
  'no-cgroups-true-on-rootful': [
    '엔진이 root로 도는데 no-cgroups가 켜져 있다',
    '파일은 오는데 컨테이너가 장치를 열도록 아무도 허락하지 않는다.',
  ],
  'rootless-cgroup-denied': [
    '루트리스 엔진은 디바이스 규칙을 쓸 수 없다',
    '레거시 방식에는 루트리스 엔진에 없는 권한이 필요하다.',
  ],
  'bpf-device-filter-error': [
    '레거시 CLI가 이 cgroup 구조를 다루지 못한다',
    'CLI가 붙이려던 디바이스 프로그램을 커널이 거절했다.',
  ],
  'container-namespace-error': [
    '레거시 CLI가 컨테이너에 들어가거나 마운트하지 못했다',
    '컨테이너 준비가 중간에 실패했다. 적힌 경로가 어디인지 말해 준다.',
  ],
  'cdi-spec-missing': ['GPU의 CDI 스펙이 없다', 'CDI로 요청하려면 GPU의 기술이 필요한데 없다.'],
  'cdi-spec-stale': [
    'CDI 스펙이 다른 드라이버 버전의 것이다',
    '스펙이 옛 드라이버의 파일을 적고 있어 시작할 때 마운트가 실패한다.',
  ],
  'cdi-spec-stale-device-major': ['CDI 스펙에 옛 장치 번호가 적혀 있다', '스펙을 쓴 뒤 nvidia-uvm의 번호가 바뀌었다.'],
  'cdi-spec-conflict': ['CDI 스펙 두 개가 같은 GPU를 정의한다', '한 폴더의 두 파일이 서로 어긋나서 둘 다 무효다.'],
  'cdi-device-name-unresolvable': [
    'CDI 디바이스 이름이 스펙에 없다',
    '스펙은 있는데 요청한 이름이 그 디바이스 가운데 없다.',
  ],
  'cdi-spec-permission': [
    '엔진이 CDI 스펙을 읽을 수 없다',
    '루트리스 엔진이 스펙을 읽지 못하니 그 디바이스는 없는 것과 같다.',
  ],
  'cdi-version-too-new': ['이 CDI 스펙에는 엔진이 너무 오래되었다', '스펙에 적힌 CDI 버전을 엔진이 받아들이지 않는다.'],
  'cdi-spec-malformed': [
    'CDI 스펙을 스펙으로 읽을 수 없다',
    '파일이 망가졌거나 비었다. 그 안의 디바이스를 모두 잃는다.',
  ],
  'cdi-spec-dir-mismatch': ['엔진이 다른 폴더에서 CDI 스펙을 찾는다', '스펙은 있는데 이 엔진이 찾는 곳에 없다.'],
  'cdi-spec-crashes-engine': [
    'CDI 스펙 하나가 모든 엔진을 죽인다',
    '한 글자 이름이 든 파일 하나가 Docker와 Podman을 쓰러뜨린다.',
  ],
  'cdi-disabled-in-docker': ['Docker에서 CDI가 꺼져 있다', '28.2 이전 Docker는 daemon.json에서 켜야 CDI를 안다.'],
  'cdi-disabled-in-containerd': [
    'containerd에서 CDI가 꺼져 있다',
    'containerd가 CDI 요청을 무시해서 파드가 GPU 없이 돈다.',
  ],
  'cdi-refresh-unit-inactive': [
    '툴킷의 CDI 갱신 유닛이 켜져 있지 않다',
    '스펙을 새것으로 지키는 유닛이 꺼져 있거나 계속 실패한다.',
  ],
  'own-generate-unit-broken': [
    '손으로 쓴 CDI 유닛이 틀렸거나 늦거나 필요 없다',
    'systemd는 틀린 줄을 무시한다. 유닛이 멀쩡해 보여도 아무 일도 안 한다.',
  ],
  'cdi-hook-binary-missing': ['CDI 스펙이 설치되지 않은 훅을 부른다', '스펙이 적은 도우미 프로그램이 그 경로에 없다.'],
  'cdi-host-device-missing': ['CDI 스펙에 적힌 장치가 호스트에 없다', '엔진이 스펙의 없는 디바이스 노드에서 멈춘다.'],
  'docker-no-device-driver': [
    'dockerd가 시작될 때 NVIDIA 프로그램을 찾지 못했다',
    'Docker는 시작할 때만 툴킷을 찾는데 툴킷이 나중에 왔다.',
  ],
  'docker-runtime-not-registered': [
    'Docker가 "nvidia" 런타임을 모른다',
    '런타임은 daemon.json에 있어야 하는데 켜져 있지 않다.',
  ],
  'docker-default-runtime-broken': [
    'Docker의 기본 런타임이 없다',
    '모든 컨테이너가 그것에 달려 있다. dockerd나 모든 컨테이너가 실패한다.',
  ],
  'docker-daemon-json-malformed': ['daemon.json이 올바르지 않다', 'dockerd는 읽을 수 없는 설정으로는 시작하지 않는다.'],
  'docker-flag-conflict': [
    'Docker 설정 하나가 두 번 주어졌다',
    '한 설정이 유닛에도 daemon.json에도 있다. dockerd는 둘 다 거절한다.',
  ],
  'docker-config-not-active': [
    'Docker 설정이 적혀 있으나 아직 쓰이지 않는다',
    '파일과 돌고 있는 dockerd가 하는 일이 다르다.',
  ],
  'docker-features-overwritten': [
    'daemon.json에서 다른 Docker 기능이 사라졌다',
    'nvidia-ctk로 CDI를 켜면서 다른 기능 스위치가 지워졌다.',
  ],
  'docker-snap': ['Docker가 자기 설정을 가진 snap이다', 'snap은 다른 파일을 읽으므로 /etc/docker를 고쳐도 소용없다.'],
  'docker-29.2-gpus-behaviour-change': [
    'Docker 29.2부터 --gpus는 CDI를 먼저 쓴다',
    '--gpus가 이제 CDI 스펙을 쓴다. 옛 스펙이 갑자기 중요해진다.',
  ],
  'docker-build-no-gpu': ['docker build에는 GPU가 없다', '기본 런타임이 무엇이든 빌드 단계는 GPU를 받지 못한다.'],
  'swarm-service-no-gpu': [
    'Swarm 서비스는 이렇게 GPU를 요청할 수 없다',
    'Swarm은 디바이스 요청을 무시한다. 대신 generic resource가 있다.',
  ],
  'docker-not-running': ['Docker가 돌고 있지 않다', '데몬이 멈춰 있는 동안에는 어떤 컨테이너도 시작되지 않는다.'],
  'docker-socket-denied': [
    '이 사용자는 Docker와 이야기할 수 없다',
    'Docker 소켓은 root와 한 그룹의 것인데 거기에 속하지 않는다.',
  ],
  'compose-legacy-schema': [
    '이 Compose는 파일의 GPU 키를 거절한다',
    '옛 docker-compose나 옛 version 줄은 이 키를 모른다.',
  ],
  'compose-cdi-syntax-too-new': [
    '이 Compose는 CDI 문법을 모른다',
    '옛 Compose는 nvidia.com/gpu=0을 호스트의 경로로 안다.',
  ],
  'compose-device-request-invalid': [
    '디바이스 예약이 스스로 어긋난다',
    'count와 device_ids는 함께 못 쓰고 capabilities는 꼭 있어야 한다.',
  ],
  'compose-service-without-gpu-request': [
    '이 컨테이너는 GPU 요청 없이 만들어졌다',
    '프로그램이 CPU에서 도는데 아무도 불평하지 않는다.',
  ],
  'compose-stacked-mechanisms': ['GPU를 요청하는 방식이 여럿 쌓여 있다', '하나면 충분하다. 함께 있으면 서로를 가린다.'],
  'bind-mounted-driver-file-missing': [
    '마운트한 드라이버 파일이 더는 없다',
    '라이브러리가 있어야 할 곳에 Docker가 빈 폴더를 만들었다.',
  ],
  'podman-gpus-noop': ['이 Podman은 --gpus를 무시한다', 'Podman 3.3~4.9는 --gpus를 받기만 하고 아무것도 하지 않는다.'],
  'podman-cdi-too-old': [
    '이 Podman은 CDI에 너무 오래되었다',
    '이 Podman은 CDI 이름을 경로로 알거나 Compose에서 무시한다.',
  ],
  'podman-legacy-hook-leftover': [
    'CDI 옆에 옛 NVIDIA 훅이 아직 켜져 있다',
    '옛 OCI 훅이 CDI와 함께 돌아 시작을 깨뜨릴 수 있다.',
  ],
  'selinux-denied': ['SELinux가 컨테이너의 GPU 노드를 막는다', '노드는 있다. 컨테이너가 쓰는 것을 정책이 금한다.'],
  'apparmor-or-seccomp-denied': [
    '보안 프로파일이 GPU를 막는다',
    '따로 만든 AppArmor나 seccomp 프로파일이 드라이버에 필요한 것을 금한다.',
  ],
  'image-libcudart-missing': [
    '이미지에 CUDA 런타임 라이브러리가 없다',
    'libcudart, cuBLAS, cuDNN은 이미지의 것이고 주입되지 않는다.',
  ],
  'image-cpu-only-framework': [
    '이미지의 프레임워크가 CPU 빌드다',
    'cuInit은 된다. 이 프레임워크 빌드에는 CUDA가 없다.',
  ],
  'image-arch-not-compiled': ['이미지에 이 GPU 세대용 코드가 없다', 'GPU는 보이는데 첫 계산이 실패한다.'],
  'image-app-module-missing': ['애플리케이션 모듈이 이미지에 없다', 'GPU 고장이 아니다. GPU를 고치자마자 드러난다.'],
  'image-platform-mismatch': [
    '이미지가 다른 프로세서용으로 만들어졌다',
    '에뮬레이션에서는 CUDA가 안 되고, 없으면 아무것도 시작되지 않는다.',
  ],
  'image-nvidia-smi-not-found': [
    '이 컨테이너에서 nvidia-smi를 돌릴 수 없다',
    '대개 아무것도 주입되지 않은 것이고, 아니면 이미지가 돌릴 수 없다.',
  ],
  'image-not-present': ['이미지가 이 기계에 없다', 'GPU에 대해서는 아직 아무것도 시험되지 않았다.'],
  'image-stub-libcuda': ['프로그램이 libcuda 대신 스텁을 연다', 'CUDA 툴킷의 stubs 폴더가 실행 경로에 있다.'],
  'cuda-visible-devices-wrong': [
    'CUDA_VISIBLE_DEVICES가 GPU를 가린다',
    'nvidia-smi에는 GPU가 보이는데 CUDA는 0개로 센다.',
  ],
  'tegra-gpus-flag': ['Jetson에서는 --gpus가 되지 않는다', 'Jetson에는 NVIDIA 런타임이 필요한데 --gpus는 훅으로 간다.'],
  'tegra-csv-missing-or-empty': ['CSV 목록이 없는 파일을 적고 있다', '목록에 있고 보드에 없는 것은 오류 없이 빠진다.'],
  'tegra-thor-misdetected': [
    '이 툴킷은 Jetson Thor를 알아보지 못한다',
    '1.17.7 이전 툴킷은 Thor를 보통 GPU 기계로 안다.',
  ],
  'tegra-no-request': [
    'Jetson의 컨테이너가 아무것도 요청하지 않았다',
    '런타임 클래스와 기능만으로는 GPU를 요청하지 않는다.',
  ],
  'over-privileged-workaround': [
    '컨테이너가 GPU에 필요한 것보다 훨씬 많은 권한을 가졌다',
    'privileged 컨테이너는 호스트를 가진다. GPU에는 필요 없다.',
  ],
  'destructive-advice-guard': [
    '이 조언은 데이터를 지우거나 기계를 약하게 한다',
    '이 방법의 한 단계는 도움도 안 되면서 데이터를 지우거나 호스트를 연다.',
  ],
};
