/** 6~9장. */
export const lessonsB = {
  'kubernetes.title': '쿠버네티스, 디바이스 플러그인, GPU Operator, k3s',
  'kubernetes.about': '누가 GPU를 나누어 주고, 누가 주입하며, Operator는 노드에서 무엇을 하는가',
  'kubernetes.1':
    '쿠버네티스에서는 두 질문이 나뉜다: 파드가 어느 GPU를 받는가, 그리고 그것이 어떻게 컨테이너에 들어가는가. 앞의 것은 디바이스 플러그인이, 뒤의 것은 노드의 컨테이너 런타임이 답한다.',
  'kubernetes.2': `플러그인은 GPU가 몇 개인지(nvidia.com/gpu) kubelet에 알린다. 파드가 limits로 요청하면 플러그인이 하나를 골라 어떻게 요청할지 말해 준다. NVIDIA 런타임만 알아듣는 환경 변수 NVIDIA_VISIBLE_DEVICES이거나, containerd와 CRI-O가 직접 알아듣는 CDI 이름이다.

그래서 환경 변수라면 파드는 NVIDIA 런타임에서 돌아야 한다: runtimeClassName: nvidia, 또는 기본 런타임이 nvidia. 파드가 돌고 변수도 있는데 /dev/nvidia0이 없다면 보통 runc가 시작한 것이다. 플러그인 자신의 파드에도 런타임 클래스가 필요하다.`,
  'kubernetes.3': `GPU Operator의 toolkit DaemonSet이 노드에서 하는 일, 순서대로:

- 드라이버를 기다린다. /run/nvidia/validations 아래의 상태 파일이 노드가 어디까지 왔는지 말해 준다.
- 툴킷을 /usr/local/nvidia/toolkit에 복사하고, 그 아래에 자기 config.toml을 둔다. 이 프로그램들은 /etc의 파일을 읽지 않는다.
- containerd나 CRI-O의 설정에 "nvidia" 핸들러를 더한다. 노드가 거기서 읽는다면 드롭인만이 아니라 본 파일에.
- CDI 스펙을 /var/run/cdi에 쓴다.
- containerd를 재시작하거나 신호를 보낸다. 돌고 있는 파드는 살아남고 노드는 재부팅하지 않는다.
- toolkit-ready를 쓰고, 그것을 기다리던 파드가 계속한다.

25.3까지 Operator는 nvidia를 기본 런타임으로 만들었다. 25.10부터 워크로드는 네이티브 CDI로 GPU를 받고 nvidia는 기본이 아니다. 옛 그림과 그것으로 쓴 글은 옛 방식을 보여 준다.`,
  'kubernetes.4': `k3s와 rke2는 자기 containerd를 가지고 온다. 서비스가 시작될 때 nvidia-container-runtime을 찾아 핸들러와 런타임 클래스를 스스로 더한다. 거기서 nvidia는 기본이 아니다. 그러니 노드에 툴킷을 설치하고, k3s를 재시작하고, runtimeClassName을 정하라. 만들어진 config.toml은 절대 고치지 마라. 몇 해 전에 통째로 베낀 템플릿은 새 k3s가 더할 것을 가린다.

어디를 볼 것인가, 이 순서로:

- kubectl describe node: Allocatable에 nvidia.com/gpu가 있는가?
- kubectl get runtimeclass: nvidia가 있는가? (없으면 "RuntimeClass not found")
- 노드에서 crictl info: nvidia 핸들러가 있는가? (없으면 "no runtime for nvidia is configured")
- 파드 자신: runtimeClassName, NVIDIA_VISIBLE_DEVICES, limits.

이 기계:`,
  'kubernetes.ex':
    '"no runtime for nvidia is configured"와 같은 고장을 기계 한 대에서: nvidia 런타임 항목이 엔진 설정에서 사라졌고 엔진은 재시작되었다. Docker 29, 툴킷 1.20.',
  'kubernetes.lesson':
    '런타임 이름을 대는 방식은 실패하고, 엔진이 CDI로 직접 하는 방식은 그렇지 않다. 쿠버네티스에서도 같다. runtimeClassName: nvidia인 파드는 실패하고 CDI 디바이스를 쓰는 파드는 시작된다.',

  'jetson.title': 'Jetson',
  'jetson.about': 'NVML 대신 목록, 그리고 거기서 --gpus가 결코 되지 않는 이유',
  'jetson.1':
    'Jetson의 GPU는 카드가 아니라 칩의 일부다. Orin까지는 NVML이 없고, 디바이스 노드가 더 많으며(/dev/nvmap, /dev/nvhost-*), 라이브러리는 따로 있는 폴더에 있다. GPU에 속하는 것은 /etc/nvidia-container-runtime/host-files-for-container.d의 목록 devices.csv, drivers.csv, l4t.csv에 적혀 있다. 이것을 읽는 것은 nvidia-container-runtime이고 csv 모드에서만 그렇다. 훅은 절대 읽지 않으며 다른 기계에는 이 목록이 없다.',
  'jetson.2': `- --runtime=nvidia 또는 runtimeClassName: nvidia로 요청하라. --gpus는 훅을 부르고 거기서는 언제나 실패한다.
- 무엇인가가 GPU를 요청해야 한다: NVIDIA_VISIBLE_DEVICES=all, 쿠버네티스에서는 nvidia.com/gpu. NVIDIA_DRIVER_CAPABILITIES만으로는 아무것도 요청하지 않는다.
- 설치되지 않은 파일을 적은 목록은 런타임 로그에 경고만 남긴다.
- 쓸 수 있는 디바이스는 "all"과 "0"뿐이다.
- Thor(JetPack 7)는 NVML이 있지만 그래도 csv여야 한다. 툴킷은 1.17.7부터 그것을 안다.
- "NvRmMemInitNvmap failed"는 nvidia-smi에는 잡음이고 Orin의 CUDA에는 치명적이다. 프로세스가 /dev/nvmap을 열 수 없다는 뜻이다.

어느 Jetson에서도 이것 때문에 privileged: true나 /dev 전체가 필요하지는 않다.

이 기계:`,
  'jetson.ex':
    'Docker 26과 툴킷 1.17이 있는 x86 서버에서, Jetson에 관한 게시판 글을 보고 누가 mode = "csv"를 시험했다.',
  'jetson.lesson':
    '훅은 레거시 모드만 맡고, 런타임은 이제 없는 목록을 읽는다. Jetson에서는 auto가 고르는 바로 그 설정이 맞는 것이다.',

  'vm.title': '가상 머신',
  'vm.about': '하이퍼바이저가 할 일, 그리고 게스트에서 달라지는 것: 거의 없다',
  'vm.1': `카드는 패스스루로 가상 머신에 온다. 호스트가 손을 떼고(vfio-pci), 하이퍼바이저가 PCI 기능을 게스트에 건네면, 거기서는 보통 드라이버를 쓰는 보통 PCI 장치다. 게스트 안에서는 앞 장들의 모든 것이 그대로 맞다.

- 게스트의 lspci에 카드가 없다: 할 일은 호스트에 있다. 게스트의 어떤 패키지도 도움이 안 된다.
- 카드가 있는데 게스트에서 vfio-pci에 묶여 있다: 호스트용 설정을 게스트에 했다.
- 카드가 있고 드라이버가 로드되고 nvidia-smi가 된다: GPU는 멀쩡하다. 컨테이너 쪽을 보라.`,
  'vm.2': `글에서는 필요하다고 하지만 게스트에 필요 없는 것: privileged: true, /dev 전체, 라이브러리 하나하나의 마운트, NVIDIA_DISABLE_REQUIRE=1. 이름에 버전이 든 라이브러리 마운트는 다음 드라이버 업데이트에서 깨지고, 마지막 것은 진짜 불일치를 가린다. 툴킷에 가상 머신을 위한 것은 아무것도 없다.

WSL은 다르다. 드라이버는 Windows의 것이고, 라이브러리는 /usr/lib/wsl/lib에 있고, 노드는 /dev/dxg 하나, 디바이스는 "all" 하나이며, 리눅스 드라이버를 절대 설치하면 안 된다. LXC 안의 컨테이너는 바깥 컨테이너에서 먼저 노드와 규칙을 받아야 한다. 리눅스의 Docker Desktop은 GPU가 없는 가상 머신에서 엔진을 돌린다.

이 기계:`,
  'vm.ex':
    '업데이트 뒤의 작은 게스트: 카드도 있고 드라이버도 설치되어 있는데, 모듈이 내려간 뒤 다시 올라오지 않았다. 이미지에 nvidia-modprobe가 없고, 툴킷은 모듈을 로드하지 말라고 되어 있다(load-kmods = false).',
  'vm.lesson':
    '컨테이너 아래의 모든 것은 모든 방식에 공통이므로 한꺼번에 실패한다. 맨 먼저 볼 것이 이것이다. 한 방식만 실패하면 그 방식을, 모두 실패하면 드라이버를 보라.',

  'breaks.title': '언제 무엇이 깨지는가',
  'breaks.about': '드라이버 업데이트, 재부팅, daemon-reload, 엔진 업데이트',
  'breaks.1': `잘 되던 기계가 멈추는 때는 네 가지다. 저마다 흔적이 다르다.

재부팅 없는 드라이버 업데이트. 커널 안의 모듈은 옛것 그대로인데 라이브러리는 새것이다: "Driver/library version mismatch". 재부팅하거나, 아무도 GPU를 쓰지 않을 때 모듈을 내렸다 올리면 낫는다. 고정된 CDI 스펙은 사라진 파일을 적고 있다. 돌고 있는 컨테이너는 다시 시작될 때까지 옛 라이브러리를 쓴다.

재부팅. /var/run이 비워진다. 손으로 거기에 쓴 스펙은 사라진다. Docker가 시작될 때 모듈이 로드되어 있지 않을 수도 있다. nvidia-uvm은 누가 요청해야 만들어진다. 새 커널에는 맞는 모듈이 없거나, 서명되지 않은 모듈을 거절할 수 있다.`,
  'breaks.2': `systemctl daemon-reload. systemd가 cgroup을 관리하는 곳에서는 돌고 있는 컨테이너의 디바이스 규칙을 다시 쓴다. systemd 모르게 더해진 규칙은 사라진다. 조금 전까지 되던 컨테이너에서 "Failed to initialize NVML: Unknown Error"가 난다. 컨테이너를 재시작하면 다음번까지는 낫는다. CDI, 또는 엔진이 아는 디바이스 노드를 쓰면 아주 낫는다.

엔진 업데이트. Docker 28.2는 CDI를 켠다. Docker 29.2는 --gpus에 CDI를 먼저 쓰므로, 아무 상관 없던 낡은 스펙이 갑자기 되던 것을 멈춘다. 툴킷 1.18부터 auto는 legacy에서 jit-cdi로 바뀐다. dockerd는 툴킷의 프로그램과 features.cdi를 시작할 때만 본다. reload로는 어느 것도 바뀌지 않는다.

패키지 업데이트. config.toml이 패키지의 것으로 바뀔 수 있다. nvidia-ctk runtime configure는 daemon.json을 다시 쓰고, --cdi.enabled를 주면 다른 features를 지운다.`,
  'breaks.3': '{box}은(는) 얼마나 오래갈까?',
  'breaks.ex': '재부팅: 손으로 /var/run/cdi에 쓴 스펙이 사라졌다. Docker 29, 툴킷 1.20. 다시 써 줄 유닛은 돌지 않았다.',
  'breaks.lesson':
    '스펙이 필요한 방식은 실패한다. Docker 29의 --gpus는 풀리는 스펙이 없으면 훅으로 물러나고, 런타임은 스스로 만든다. 이것이 없는 스펙과 낡은 스펙의 차이다.',
} as const;
