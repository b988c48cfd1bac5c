/** 고장의 제목과 한 줄 이유: 쿠버네티스, GPU Operator, k3s, Jetson의 나머지. */
export const cluster: Readonly<Record<string, readonly [title: string, line: string]>> = {
  'k8s-runtime-handler-missing': [
    '노드의 엔진이 nvidia라는 핸들러를 모른다',
    '런타임 클래스가 가리키는 핸들러가 엔진에 없다.',
  ],
  'k8s-runtimeclass-missing': ['nvidia 런타임 클래스가 없다', '없는 런타임 클래스를 적은 파드는 거절된다.'],
  'k8s-pod-not-using-nvidia-runtime': [
    '파드가 GPU를 받고도 그 런타임 없이 돈다',
    '플러그인은 변수만 정한다. 그것을 보고 일하는 것은 nvidia 런타임이다.',
  ],
  'k8s-insufficient-gpu': [
    '빈 GPU가 없어 파드가 기다린다',
    'Pending이 맞을 수도 있다. GPU가 모두 쓰이거나 메모리가 다 나갔다.',
  ],
  'k8s-unexpected-admission-error': [
    '플러그인이 재시작하는 동안 파드가 거절되었다',
    '실패한 파드는 남는다. 지우면 새것이 시작된다.',
  ],
  'k3s-runtime-not-detected': [
    'k3s가 시작될 때 nvidia 런타임을 찾지 못했다',
    'k3s는 그 노드에서 시작될 때 한 번만 런타임을 찾는다.',
  ],
  'k3s-template-override': [
    '템플릿이 k3s가 쓸 GPU 설정을 가린다',
    '베껴 둔 템플릿이 nvidia 부분을 바꾸고 옛 스키마를 붙잡는다.',
  ],
  'containerd-config-not-effective': [
    '파일에 적힌 것이 파드의 엔진에 닿지 않는다',
    '항목은 적혀 있는데 엔진이 그것으로 아무것도 하지 않는다.',
  ],
  'k8s-all-gpus-leak': ['파드가 요청하지 않은 GPU를 본다', '변수 속의 all은 스케줄러를 지나쳐 모든 GPU를 준다.'],
  'device-plugin-cannot-load-nvml': [
    '디바이스 플러그인이 자기 파드에서 NVML을 찾지 못한다',
    '플러그인도 파드인데 nvidia 런타임 없이 시작되었다.',
  ],
  'device-plugin-no-devices': [
    '디바이스 플러그인이 있는 것보다 적은 GPU를 내놓는다',
    'Xid 뒤의 불량, 인스턴스 없는 MIG, 또는 찾은 것이 없다.',
  ],
  'gpu-operator-validator-init': [
    'GPU Operator가 이 노드의 한 단계를 기다린다',
    '처음으로 빠진 상태 파일이 어느 단계의 잘못인지 말해 준다.',
  ],
  'gpu-operator-driver-conflict': [
    '호스트와 GPU Operator가 둘 다 드라이버를 가지려 한다',
    '노드마다 드라이버는 하나다. 호스트에 있는데 Operator가 또 설치한다.',
  ],
  'gpu-operator-toolkit-config-path': [
    'GPU Operator가 다른 containerd에 쓴다',
    'k3s, rke2 등은 소켓과 설정을 다른 곳에 둔다.',
  ],
  'gpu-operator-management-cdi-unresolvable': [
    'Operator의 관리용 디바이스가 없다',
    'management.nvidia.com/gpu는 toolkit 파드의 스펙에서 온다.',
  ],
  'gpu-operator-daemonset-zero': [
    '이 노드에 디바이스 플러그인이 놓이지 않는다',
    '라벨이나 taint 때문에 데몬셋이 GPU 노드에 오지 않는다.',
  ],
  'tegra-nvmap-noise': ['Jetson의 NvRmMem 오류', 'NVML에는 해가 없고 Orin의 CUDA에는 치명적이다. 시험 한 번이면 안다.'],
  'tegra-gfd-labels': [
    'Jetson에 GPU 메모리와 개수 라벨이 없다',
    '라벨을 쓰려면 feature discovery의 파드에 libcuda가 있어야 한다.',
  ],
  'tegra-image-mismatch': [
    '이미지가 다른 종류의 Jetson용이다',
    'Orin에는 그 릴리스의 L4T 이미지, Thor에는 보통 arm64 이미지가 맞다.',
  ],
  'tegra-unsupported-request': [
    '요청한 장치가 Jetson에 없다',
    'Jetson의 GPU는 하나이고 이름은 all이나 0이다. MIG는 없다.',
  ],
};
