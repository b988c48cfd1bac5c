/** What people add when the GPU does not come by itself: each is told, none is taken away unasked. */
import { type Env, filled } from './interpolate.ts';
import type { Service } from './load.ts';
import { rawDevices, variablesOf, type WorkAround } from './requests.ts';
import { at, itemsOf, type Tree, textOf } from './tree.ts';

const LIBRARY =
  /\/lib(?:cuda|nvidia[\w-]*|nvcuvid|nvoptix|EGL_nvidia|GLX_nvidia)\.so|\/(?:aarch64-linux-gnu|x86_64-linux-gnu|lib|lib64)\/(?:nvidia|tegra)(?:\/|$)|\/nvidia-smi$|^\/usr\/lib\/wsl/;

/** Source on the host of a volume, short or long form; undefined for a named volume. */
const sourceOf = (item: Tree, env: Env): string | undefined => {
  const text = textOf(item) ?? textOf(at(item, 'source'));
  const whole = text === undefined ? undefined : (filled(text, env) ?? undefined);
  const source = item.is === 'leaf' ? whole?.split(':')[0] : whole;
  return source?.startsWith('/') ? source : undefined;
};

/** Compose takes the old words of YAML for true, too. */
const isTrue = (tree: Tree | undefined): boolean => /^(?:true|yes|on|y|1)$/i.test(textOf(tree) ?? '');

export const workAroundsOf = (service: Service, env: Env): readonly WorkAround[] => {
  const { tree } = service;
  const found: WorkAround[] = [];
  const add = (what: WorkAround['what'], text: string, from: Tree, source?: string) =>
    found.push({ what, text, spot: from.spot, via: from.via, ...(source !== undefined && { source }) });
  const privileged = at(tree, 'privileged');
  if (privileged && isTrue(privileged)) add('privileged', 'privileged: true', privileged);
  const raw = rawDevices(service, env);
  if (raw) found.push({ what: 'devices', text: raw.text, spot: raw.spot, via: raw.via });
  for (const item of itemsOf(at(tree, 'volumes'))) {
    const source = sourceOf(item, env);
    if (source === undefined) continue;
    if (LIBRARY.test(source)) add('mount', source, item, source);
    else if (source === '/dev' || /^\/dev\/nvidia/.test(source)) add('mount', source, item);
  }
  for (const item of itemsOf(at(tree, 'device_cgroup_rules'))) {
    const rule = textOf(item) ?? '';
    if (/^[ac]\s+(?:195|\*|23[0-9]|50[0-9]|51[0-9]):/.test(rule)) add('cgroup-rule', rule, item);
  }
  for (const name of ['LD_LIBRARY_PATH', 'NVIDIA_DISABLE_REQUIRE', 'LD_PRELOAD']) {
    const v = variablesOf(service, env).get(name);
    if (v?.tree && (name !== 'LD_LIBRARY_PATH' || /\/usr\/lib|\/nvidia|stubs|compat/.test(v.raw)))
      add('variable', `${name}=${v.raw}`, v.tree);
  }
  for (const item of itemsOf(at(tree, 'cap_add')))
    if (textOf(item) === 'SYS_ADMIN') add('security', 'cap_add: SYS_ADMIN', item);
  for (const item of itemsOf(at(tree, 'security_opt')))
    if (/^(?:seccomp|apparmor)[:=]unconfined$/.test(textOf(item) ?? '')) add('security', textOf(item) ?? '', item);
  return found;
};
