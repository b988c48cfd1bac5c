/** A recorded box with its raw outputs edited: what a command printed or a file held, never a fact. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import type { Box } from '../src/box/box.ts';
import { recordedBox } from '../src/box/recorded.ts';
import type { Snapshot, SnapshotCommand, SnapshotStat } from '../src/snapshot/snapshot.ts';

const folder = join(import.meta.dirname, 'fixtures/recordings');

/** A recording of the fixtures by its name, "healthy@new". Fresh each time, so that it may be edited. */
export const recording = (name: string): Snapshot => {
  const at = (end: string) => join(folder, `${name}.json${end}`);
  if (existsSync(at('.br'))) return JSON.parse(brotliDecompressSync(readFileSync(at('.br'))).toString());
  if (existsSync(at('.gz'))) return JSON.parse(gunzipSync(readFileSync(at('.gz'))).toString());
  return JSON.parse(readFileSync(at(''), 'utf8'));
};

type Draft = {
  commands: SnapshotCommand[];
  files: Record<string, string | null>;
  dirs: Record<string, string[] | null>;
  stats: Record<string, SnapshotStat>;
  errors: Record<string, string>;
};

/** Words for editing; each changes raw outputs in every place that says the same thing. */
export class Edit {
  readonly draft: Draft;
  constructor(snapshot: Snapshot) {
    this.draft = structuredClone({ ...snapshot, errors: snapshot.errors ?? {} }) as unknown as Draft;
  }
  /** Takes a command out and gives its argument vector, whose arguments may hold spaces. */
  #drop(argv: string): readonly string[] {
    const at = this.draft.commands.findIndex(c => c.argv.join(' ') === argv);
    return at < 0 ? argv.split(' ') : this.draft.commands.splice(at, 1)[0]!.argv;
  }
  /** A command's answer. */
  says(argv: string, stdout: string, code = 0, stderr = ''): this {
    this.draft.commands.push({ argv: this.#drop(argv), code, stdout, stderr } as SnapshotCommand);
    return this;
  }
  hangs(argv: string): this {
    this.draft.commands.push({ argv: this.#drop(argv), timedOut: true, ms: 10_000 } as unknown as SnapshotCommand);
    return this;
  }
  absent(argv: string): this {
    this.draft.commands.push({ argv: this.#drop(argv), absent: true, code: 127 } as unknown as SnapshotCommand);
    return this;
  }
  forget(...argv: string[]): this {
    for (const a of argv) this.#drop(a);
    return this;
  }
  /** A file's text; null removes it. Its folder's listing follows. */
  file(path: string, text: string | null): this {
    this.draft.files[path] = text;
    this.#drop(`cat ${path}`);
    return this.#listed(path, text !== null, { type: 'file', mode: '0o644', size: text?.length ?? 0 });
  }
  unread(path: string, error: string): this {
    delete this.draft.files[path];
    this.#drop(`cat ${path}`);
    this.draft.errors[path] = error;
    return this;
  }
  /** Something at a path that is no text file. */
  thing(path: string, stat: Partial<SnapshotStat> | null): this {
    return this.#listed(path, stat !== null, { type: 'file', mode: '0o755', size: 1_000_000, ...stat });
  }
  dir(path: string, names: string[] | null): this {
    this.draft.dirs[path] = names;
    return this;
  }
  forgetDir(path: string): this {
    delete this.draft.dirs[path];
    return this;
  }
  #listed(path: string, there: boolean, stat: Partial<SnapshotStat>): this {
    const cut = path.lastIndexOf('/');
    const [dir, name] = [path.slice(0, cut) || '/', path.slice(cut + 1)];
    const names = this.draft.dirs[dir] ?? (there ? [] : undefined);
    if (names) this.draft.dirs[dir] = there ? [...new Set([...names, name])] : names.filter(n => n !== name);
    if (there) this.draft.stats[path] = { uid: 0, gid: 0, mtime: 1, size: 0, mode: '0o644', ...stat } as SnapshotStat;
    else delete this.draft.stats[path];
    return this;
  }
  /** config.toml, by replacing text in it. */
  config(from: string | RegExp, to: string): this {
    const path = '/etc/nvidia-container-runtime/config.toml';
    const before = this.draft.files[path] ?? '';
    const after = before.replace(from, to);
    if (after === before) throw new Error(`config.toml has no ${String(from)}`);
    return this.file(path, after);
  }
  daemon(value: unknown): this {
    return this.file('/etc/docker/daemon.json', typeof value === 'string' ? value : JSON.stringify(value, null, 4));
  }
  /** What the running daemon answers, changed in its parsed form. */
  info(change: (info: Record<string, never>) => void): this {
    for (const c of this.draft.commands) {
      if (!/^docker info (-f|--format) \{\{json \.\}\}$/.test(c.argv.join(' '))) continue;
      const info = JSON.parse(c.stdout ?? '{}');
      change(info);
      (c as { stdout: string }).stdout = JSON.stringify(info);
    }
    return this;
  }
  /** What systemctl shows of Docker's unit. */
  unit(change: (shown: string) => string): this {
    for (const c of this.draft.commands)
      if (c.argv.join(' ').startsWith('systemctl show docker --property='))
        (c as { stdout: string }).stdout = change(c.stdout ?? '');
    return this;
  }
  /** The daemon is down. */
  dockerDown(journal = '', state = 'failed', result = 'exit-code'): this {
    const says = 'Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?';
    this.says('docker info --format {{json .}}', '{"ServerVersion":"","Runtimes":null}', 1, says);
    this.says('systemctl is-active docker', `${state}\n`, 3);
    for (const c of this.draft.commands)
      if (c.argv.join(' ').startsWith('systemctl show docker --property='))
        (c as { stdout: string }).stdout = (c.stdout ?? '')
          .replace(/ActiveState=.*/, `ActiveState=${state}`)
          .replace(/^Result=.*/m, `Result=${result}`);
    return this.says('journalctl -u docker -b -n 50 --no-pager -o cat', journal);
  }
  spec(path: string, change: (text: string) => string, from = '/var/run/cdi/nvidia.yaml'): this {
    const text = this.draft.files[from];
    if (typeof text !== 'string') throw new Error(`no spec at ${from}`);
    return this.file(path, change(text));
  }
  box(): Box {
    return recordedBox(this.draft as unknown as Snapshot, 'an edited recording');
  }
}

export const edit = (name: string): Edit => new Edit(recording(name));
