import { entry } from './entry.ts';

const layer = 'runtime configuration';

/** Section 2.6, second half: config.toml and the ldconfig step. */
export const ldconfig = [
  entry('ldconfig-path-wrong', {
    layer,
    line: 'The last step of the legacy way needs that program; it is not there.',
    paragraph: `The key ldconfig in config.toml points to a file the host does not have. The legacy CLI fails at its very last step with an
      ldcache error. Set it to the real binary and keep the @; nothing has to be restarted.`,
    mechanism: `@ means: run the host's binary at this path. Up to 1.14 the value is taken literally. From 1.15 .real is taken off and put
      back only if that file exists, so "@/sbin/ldconfig.real" heals itself there; other wrong paths do not. The CLI
      called by hand does not read config.toml and does not show the fault.`,
    evidence: '[S], four toolkit versions [R]; seed 0, Root Cause 1 and Fix 1',
    not: {
      'nvml-lib-missing': 'the text is an initialization error about libnvidia-ml: an ldconfig path cannot cause that.',
      'ldcache-process-failed': 'the program was started and failed ("process ... failed with error code").',
      'ldconfig-container-path-rejected': 'the text says that the value is not host-relative.',
      'container-ldcache-not-updated': 'there is no error at all and the named file is a script.',
    },
    guide: ['Set ldconfig = "@/sbin/ldconfig" in [nvidia-container-cli]; re-probe with a container start.'],
    seeds: `Seed 0, Fix 1 is right in what it writes (the @ kept, the plain path) and wrong in what it explains: a bad path
      gives "ldcache error", never the libnvidia-ml text it quotes. sed over the whole file is fragile; the edit here touches one value.`,
  }),
  entry('ldconfig-container-path-rejected', {
    layer,
    line: 'Without the @ the path means the container, and that is refused.',
    paragraph: `The ldconfig value does not begin with @, so it would run a program out of the image. Toolkit 1.17.3 and later refuses that for
      security. Add the @; do not switch the check off.`,
    mechanism: `Running the image's ldconfig with the rights of the hook was the hole of CVE-2024-0135 to 0137. 1.14.6 and 1.16.2 accept such a
      path and an empty value; later both are rejected, while a removed line falls back to the default. With --runtime=nvidia the text
      does not show: the runtime just ends with status 1. features.allow-ldconfig-from-container would reopen the hole.`,
    evidence: '[S], rejected by 1.17.8 and 1.20.0, accepted by 1.16.2 [R]; seed 0 says to keep the @',
    not: { 'ldconfig-path-wrong': 'the value begins with @ and the file is absent.' },
    guide: ['Write the value with an @ in front: "@/sbin/ldconfig"; re-probe with a container start.'],
    seeds: 'Seed 0 says that the @ must stay: right.',
  }),
  entry('ldcache-process-failed', {
    layer: 'toolkit',
    line: "The host's ldconfig ran inside the container and did not succeed.",
    paragraph: `The legacy CLI started the host's ldconfig inside the container and it failed: the image is distroless or musl, its root is
      read-only or full, or a security filter killed it. A newer toolkit has the known repairs, and CDI avoids the step in this form.`,
    mechanism: `Exit codes come from ldconfig itself (a file without x bit and a directory count as 1); signal 31 is seccomp, fixed in 1.18; signal 9
      was reported on Arch; a Go binary ended with 11. A script does not end here but silently (container-ldcache-not-updated).`,
    evidence: '[S][I], codes [R]; seed 1, root cause 1',
    not: {
      'ldconfig-path-wrong': 'the text is "open failed".',
      'container-ldcache-not-updated': 'no error is shown at all.',
      'ldcache-pivot-root-failed': 'the text names pivot_root.',
    },
    guide: [
      'Try another image (ubuntu): if it works, the image is the reason; look at read-only root and free space.',
      'Upgrade the toolkit to 1.18 or later, or ask by CDI.',
      'Only to find out: one throw-away start with --security-opt seccomp=unconfined. Re-probe with your own image.',
    ],
    seeds: `Seed 1 blames --gpus for its ldcache error and calls the flag deprecated. Wrong: the legacy mode is deprecated (1.18), the
      flag lives on, and the error is of the CLI's ldconfig step.`,
  }),
  entry('container-ldcache-not-updated', {
    layer: 'toolkit',
    line: 'All files arrive in the container, but nothing there can find them.',
    paragraph: `The configured ldconfig is a script. The CLI cannot run a script inside the container and takes that for success, so the
      cache and the .so.1 links are never made. In every image nvidia-smi then says that it cannot find libnvidia-ml. Point the key at the real binary.`,
    mechanism: `The CLI opens the file and executes it by its descriptor after entering the container; the interpreter of a script cannot reopen
      that descriptor there, and "not found" counts as done. Where /sbin/ldconfig is a wrapper, ldconfig.real is the binary; 1.15 and later picks
      it by itself for that name. Legacy mode of all four versions tried.`,
    evidence: '[S][R]',
    not: {
      'nvml-lib-missing': 'nvidia-smi fails the same way on the host.',
      'image-bundles-driver-libs': 'only one image fails.',
      'ldcache-process-failed': 'an error text is shown.',
    },
    guide: [
      'head -c2 of the configured file must not be "#!"; after the edit re-probe with nvidia-smi -L in a container.',
    ],
  }),
  entry('ldcache-pivot-root-failed', {
    layer: 'toolkit',
    line: 'On a root that lives in memory the 1.18 hook cannot change its root.',
    paragraph: `Toolkit 1.18 updates the library cache after a pivot_root, which the kernel refuses where the root filesystem is an initramfs, as on
      Unraid and live systems. 1.19 repairs it; 1.17.8 does not have the problem.`,
    mechanism:
      'pivot_root is not allowed from rootfs or ramfs. findmnt -no FSTYPE / shows rootfs, tmpfs or ramfs there.',
    evidence: '[I]',
    not: { 'ldcache-process-failed': 'the text names a process that failed.' },
    guide: ['Upgrade the toolkit to 1.19.0 or later, or stay on 1.17.8 until then; re-probe with a container start.'],
  }),
  entry('config-toml-invalid', {
    layer,
    line: 'The runtime stops at a line it cannot read; defaults would work.',
    paragraph: `The toolkit cannot read its configuration: a syntax error, a key given twice, a wrong type or an unknown mode. --gpus shows line and
      column, --runtime=nvidia only says that it ended with status 1. Mend the named place; a missing file would be fine.`,
    mechanism: `The hook and the runtime read the file at every start, so a repair takes effect at once. On Docker 29 --gpus served by CDI never
      reads it, and nvidia-ctk cdi list and generate run on. nvidia-ctk config prints parse errors but not a bad mode: values are
      not checked there.`,
    evidence: '[S], texts [R]; seed 0 edits with sed',
    not: {
      'hook-in-nonlegacy-mode': 'the file is valid and the mode is one the hook refuses.',
      'ldconfig-container-path-rejected': 'the text is about a value that is not host-relative.',
    },
    guide: [
      'Mend the place that is shown, or set the file aside: defaults apply without it. Re-probe with a container start.',
    ],
    seeds: 'The sed edits of seed 0 can leave such a file; an edit of one value cannot.',
  }),
  entry('config-toml-reverted-by-upgrade', {
    layer,
    line: 'Before 1.20 each save comments out values that equal the examples.',
    paragraph: `A debug, root or user setting is gone after an upgrade, or --set does not stick. Older toolkits comment such values out whenever the
      file is saved, also by the package itself. Set it again after upgrades, or go to 1.20.`,
    mechanism: `Before 1.20.0 a save re-comments keys whose value equals the commented example; --set of those was without effect before
      1.19.0. Seen on 1.14.6, 1.16.2 and 1.17.8; 1.20.0 does neither.`,
    evidence: '[S], four versions [R]',
    not: { 'config-toml-invalid': 'the file does not parse at all.' },
    guide: ['Compare config.toml with a backup; set the key again by editing the file; re-probe by reading it.'],
  }),
];
