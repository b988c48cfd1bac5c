/** Which files there are: below a folder, by name, and those of the Compose projects that the engine knows. */
import { EVERY_CONTAINER } from '../../flows/probes/workloads.ts';
import type { Box } from '../box/box.ts';
import { at, Malformed, treeOf } from './compose/tree.ts';
import type { Kind } from './finding.ts';
import { dirOf, joined, nameOf } from './paths.ts';
import { parseYaml } from './yaml.ts';

export interface Found {
  /** Files of a Compose project, in the order in which Compose is given them. */
  readonly projects: readonly (readonly string[])[];
  readonly dockerfiles: readonly string[];
  readonly manifests: readonly string[];
  /** Named, and none of these kinds. */
  readonly strange: readonly string[];
}

/** Folders in which nobody keeps files of his own. */
const SKIPPED = new Set(['node_modules', '__pycache__', 'venv', 'site-packages', 'vendor', 'target', 'dist']);
/** Hidden folders in which people do. */
const HIDDEN = new Set(['.devcontainer', '.docker', '.deploy']);
const DEEPEST = 8;
const MOST_FOLDERS = 4000;

const COMPOSE = /^(?:docker-)?compose(?:[.-][\w.-]+)?\.ya?ml$|\.compose\.ya?ml$/i;
const DOCKERFILE = /^(?:Dockerfile|Containerfile)(?:[.-][\w.-]+)?$|\.(?:dockerfile|containerfile)$/i;
const YAML = /\.ya?ml$/i;
/** Names that are never a folder; everything else is asked about. */
const PLAIN_FILE =
  /\.(?:py|js|ts|tsx|go|rs|c|h|cpp|java|md|txt|json|lock|toml|sh|png|jpe?g|svg|css|html|gz|zip|whl|so|bin|pyc|ipynb|csv|safetensors|gguf|log)$/i;

/** The kind a name promises; null where only the content tells. */
export const kindOfName = (path: string): Kind | null => {
  const name = nameOf(path);
  return COMPOSE.test(name) ? 'compose' : DOCKERFILE.test(name) && !/\.dockerignore$/.test(name) ? 'dockerfile' : null;
};

/** The kind a content shows. */
export const kindOfText = (text: string): Kind | null => {
  if (/^\s*["']?apiVersion["']?\s*:/m.test(text) && /^\s*["']?kind["']?\s*:/m.test(text)) return 'manifest';
  if (/^\s*\{?\s*["']?services["']?\s*:/m.test(text)) return 'compose';
  return /^\s*(?:ARG\s[^\n]*\n\s*)*FROM\s+\S+/im.test(text) ? 'dockerfile' : null;
};

const below = async (box: Box, folder: string): Promise<{ readonly paths: readonly string[] }> => {
  const paths: string[] = [];
  let folders = 0;
  const visit = async (dir: string, depth: number): Promise<void> => {
    if (depth > DEEPEST || ++folders > MOST_FOLDERS) return;
    const listed = await box.list(dir);
    if (listed.kind !== 'dir') return;
    for (const name of [...listed.names].sort()) {
      const path = joined(dir, name);
      if (kindOfName(name) !== null || YAML.test(name)) paths.push(path);
      else if ((!name.startsWith('.') || HIDDEN.has(name)) && !SKIPPED.has(name) && !PLAIN_FILE.test(name)) {
        const found = await box.stat(path);
        if (found.kind === 'stat' && found.stat.type === 'dir') await visit(path, depth + 1);
      }
    }
  };
  await visit(folder, 0);
  return { paths };
};

/** Projects that containers belong to, running or not, with their files in order. */
export const engineProjects = async (box: Box): Promise<readonly (readonly string[])[]> => {
  const listed = await box.run({ argv: ['docker', 'compose', 'ls', '-a', '--format', 'json'] });
  const lists: string[] = [];
  if (listed.kind === 'exited' && listed.code === 0) {
    try {
      const rows: unknown = JSON.parse(listed.stdout);
      for (const row of Array.isArray(rows) ? rows : [])
        if (typeof row?.ConfigFiles === 'string') lists.push(row.ConfigFiles);
    } catch {
      // An old Compose prints a table here; the labels below say the same.
    }
  }
  if (lists.length === 0) {
    const shown = await box.run({ argv: EVERY_CONTAINER });
    if (shown.kind === 'exited')
      for (const [, files] of shown.stdout.matchAll(
        /com\.docker\.compose\.project\.config_files=((?:[^",=]|,(?!com\.|[\w.-]+=))*)/g,
      ))
        if (files) lists.push(files);
  }
  const projects = [...new Set(lists)].map(l => l.split(',').filter(f => f.startsWith('/')));
  return projects.filter(p => p.length > 0);
};

interface Shape {
  /** Services with an image, a build or a base of their own. */
  readonly whole: readonly string[];
  readonly all: readonly string[];
}

const shapeOf = (path: string, text: string): Shape => {
  const source = parseYaml(path, text);
  const doc = source.docs[0];
  if (source.fault || !doc) return { whole: [], all: [] };
  try {
    const services = at(treeOf(source, doc, doc.contents), 'services');
    if (services?.is !== 'table') return { whole: [], all: [] };
    const all = [...services.entries];
    const whole = all.filter(([, e]) => ['image', 'build', 'extends'].some(key => at(e.value, key) !== undefined));
    return { whole: whole.map(([name]) => name), all: all.map(([name]) => name) };
  } catch (error) {
    if (error instanceof Malformed) return { whole: [], all: [] };
    throw error;
  }
};

const RANK = [/^compose\.ya?ml$/, /^docker-compose\.ya?ml$/];
const rankOf = (name: string): number => {
  const at = RANK.findIndex(r => r.test(name));
  return at < 0 ? RANK.length : at;
};

/** Compose files of one folder as projects: an override comes after the file whose services it completes. */
const grouped = async (box: Box, paths: readonly string[]): Promise<readonly (readonly string[])[]> => {
  const projects: string[][] = [];
  for (const [, same] of Map.groupBy(paths, dirOf)) {
    const order = [...same].sort((a, b) => rankOf(nameOf(a)) - rankOf(nameOf(b)));
    const base = order[0];
    if (order.length < 2 || !base) {
      projects.push([...order]);
      continue;
    }
    const shapes = new Map<string, Shape>();
    for (const path of order) {
      const found = await box.read(path);
      shapes.set(path, found.kind === 'file' ? shapeOf(path, found.text) : { whole: [], all: [] });
    }
    const isDefaultOverride = (path: string) => /^(?:docker-)?compose\.override\.ya?ml$/.test(nameOf(path));
    const overrides: string[] = [];
    for (const path of order.slice(1)) {
      const shape = shapes.get(path)!;
      const isOverride =
        isDefaultOverride(path) ||
        (shape.all.some(name => !shape.whole.includes(name)) &&
          shape.all.some(name => shapes.get(base)?.all.includes(name)));
      if (isDefaultOverride(path)) overrides.push(path);
      else projects.push(isOverride ? [base, path] : [path]);
    }
    projects.unshift([base, ...overrides]);
  }
  return projects;
};

const sorted = async (box: Box, paths: readonly string[], isNamed: boolean): Promise<Found> => {
  const compose: string[] = [];
  const dockerfiles: string[] = [];
  const manifests: string[] = [];
  const strange: string[] = [];
  for (const path of paths) {
    let kind = kindOfName(path);
    if (kind === null) {
      const found = await box.read(path);
      kind = found.kind === 'file' ? kindOfText(found.text) : null;
      // Below a folder a plain YAML file counts only as a manifest; any tool may have a key called services.
      if (!isNamed && kind !== 'manifest') continue;
    }
    if (kind === 'compose') compose.push(path);
    else if (kind === 'dockerfile') dockerfiles.push(path);
    else if (kind === 'manifest') manifests.push(path);
    else strange.push(path);
  }
  return { projects: await grouped(box, compose), dockerfiles, manifests, strange };
};

/** Files below the folders and the named files themselves; `named` are absolute. */
export const findFiles = async (
  box: Box,
  from: {
    readonly folders: readonly string[];
    readonly named: readonly string[];
    readonly engine: boolean;
    /** Projects whose files and their order are known already. */
    readonly projects?: readonly (readonly string[])[];
  },
): Promise<Found> => {
  const found = await sorted(box, from.named, true);
  const all = {
    projects: [...(from.projects ?? []), ...found.projects],
    dockerfiles: [...found.dockerfiles],
    manifests: [...found.manifests],
    strange: found.strange,
  };
  for (const folder of from.folders) {
    const more = await sorted(box, (await below(box, folder)).paths, false);
    all.projects.push(...more.projects);
    all.dockerfiles.push(...more.dockerfiles);
    all.manifests.push(...more.manifests);
  }
  const known = from.engine ? await engineProjects(box) : [];
  const inKnown = new Set(known.flat());
  return {
    ...all,
    projects: [...known, ...all.projects.filter(p => !p.every(path => inKnown.has(path)))],
  };
};
