/* Answers as nvidia-smi does, as far as the program asks; static, so that it runs in every container it is injected into. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

int main(int argc, char **argv) {
  struct stat found;
  if (stat("/dev/nvidiactl", &found)) {
    printf("NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver. Make sure that the latest NVIDIA driver is installed and running.\n\n");
    return 9;
  }
  for (int i = 1; i < argc; i++) {
    if (!strcmp(argv[i], "-L")) {
      printf("GPU 0: NVIDIA GeForce RTX 4070 Ti SUPER (UUID: GPU-8d1f6a52-3b7c-4e19-9a60-5c2e7d40b1f3)\n");
      return 0;
    }
    if (!strncmp(argv[i], "--query-gpu=name", 16)) {
      printf("NVIDIA GeForce RTX 4070 Ti SUPER, 580.126.09, GPU-8d1f6a52-3b7c-4e19-9a60-5c2e7d40b1f3, 00000000:01:00.0, [N/A]\n");
      return 0;
    }
    if (!strncmp(argv[i], "--query-gpu=compute_cap", 23)) {
      printf("8.9\n");
      return 0;
    }
    if (!strcmp(argv[i], "-q")) {
      printf("\n==============NVSMI LOG==============\n\nDriver Version                            : 580.126.09\nCUDA Version                              : 13.0\n\nAttached GPUs                             : 1\nGPU 00000000:01:00.0\n    Product Name                          : NVIDIA GeForce RTX 4070 Ti SUPER\n");
      return 0;
    }
  }
  printf("NVIDIA-SMI 580.126.09\n");
  return 0;
}
