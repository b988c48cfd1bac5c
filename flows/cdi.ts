import { check, flow, harm, stop, works } from '../src/engine/flow.ts';
import { CannotTell, isUnknown, need, or } from '../src/engine/known.ts';
import { daemonOf } from './probes/docker.ts';
import { CDI_READS, dirsAfterRestart, lacks, readerOf, resolve } from './rules/cdi.ts';
import { otherInstances } from './rules/mig.ts';
import { atLeast, since } from './rules/version.ts';

/** A spec on disk, as Docker, Podman or the NVIDIA runtime in mode cdi reads it. */
export const cdi = flow({
  id: 'cdi',
  title: 'CDI',
  about: 'Does the CDI name resolve for whoever reads the specs, and does everything the spec names exist?',
  start: 'enabled',
  nodes: {
    enabled: check({
      title: 'CDI in the engine',
      question: 'Does the engine look for CDI specs at all?',
      why: {
        line: 'Docker reads specs by default only from 28.2 on.',
        paragraph:
          'From 25 to 28.1 CDI must be switched on with features.cdi, and only a restart makes it so. cdi-spec-dirs names folders, it switches nothing on.',
        mechanism:
          'dockerd registers its CDI driver at start and lists the searched folders in docker info; an empty list means that it is off, or has nothing to search.',
      },
      source:
        'cdi-disabled-in-docker; docker-config-not-active; cdi-spec-dir-mismatch; seed 0, Fix 2; seed 1, section 1',
      probes: [...CDI_READS],
      decide: (f, r) => {
        if (readerOf(f, r) !== 'docker') return { is: 'on', found: 'always on' };
        const info = daemonOf(f.docker);
        const version = need(f.docker.serverVersion);
        if (version === null) throw new CannotTell([{ unknown: 'unreadable', probe: 'docker version' }]);
        // A daemon that does not answer is known by its file alone.
        if (!info) need(f.daemonJson.text);
        const byDefault = atLeast(version, since.dockerCdiDefault);
        if (info ? info.cdiSpecDirs.some(d => d !== '') : (f.daemonJson.cdi ?? byDefault))
          return { is: 'on', found: `on, ${info?.cdiSpecDirs.join(' and ') ?? version}` };
        const seen = [{ from: 'docker info', shows: 'CDISpecDirs is empty' }];
        if (!atLeast(version, since.dockerCdi)) return { is: 'off', found: `Docker ${version} knows no CDI`, seen };
        if (isUnknown(f.daemonJson.text))
          return { is: 'off', found: 'off in the running daemon; what its file says is not known', seen };
        const wanted = f.daemonJson.cdi ?? byDefault;
        const noDirs = f.daemonJson.specDirs?.every(d => d === '') === true;
        if (wanted && noDirs)
          return {
            is: 'noDirs',
            found: 'on, with no folder to search',
            seen: [
              ...seen,
              { from: f.daemonJson.path, shows: `cdi-spec-dirs: ${JSON.stringify(f.daemonJson.specDirs)}` },
            ],
          };
        if (info && wanted)
          return {
            is: 'notActive',
            found: 'on in daemon.json, not in the running daemon',
            seen: [
              ...seen,
              { from: f.daemonJson.path, shows: f.daemonJson.cdi ? 'features.cdi is true' : 'features.cdi is not set' },
            ],
          };
        if (f.daemonJson.withoutEffect.length > 0)
          return {
            is: 'notActive',
            found: `${f.daemonJson.withoutEffect.join(', ')} does nothing`,
            seen: [
              ...seen,
              { from: f.daemonJson.path, shows: `${f.daemonJson.withoutEffect.join(', ')}: no key of Docker` },
            ],
          };
        return {
          is: 'off',
          found:
            f.daemonJson.cdi === false ? 'switched off (features.cdi is false)' : `off by default in Docker ${version}`,
          seen: [
            ...seen,
            ...(f.daemonJson.cdi === false ? [{ from: f.daemonJson.path, shows: 'features.cdi is false' }] : []),
          ],
        };
      },
      on: {
        on: 'resolves',
        off: stop('cdi-disabled-in-docker', 'resolves'),
        notActive: stop('docker-config-not-active', 'resolves'),
        noDirs: stop('cdi-spec-dir-mismatch'),
        cannotTell: 'resolves',
      },
    }),
    resolves: check({
      title: 'CDI spec',
      question: 'Does nvidia.com/gpu=all resolve for this reader?',
      why: {
        line: 'A CDI name means something only if exactly one readable spec defines it.',
        paragraph:
          'Specs lie in /etc/cdi and /var/run/cdi; the later folder wins, two files of one folder that define the same device cancel each other, and a broken file loses all its devices. Whoever asks sees only "unresolvable".',
        mechanism:
          'The CDI library scans .json and .yaml, checks the schema version against its own and keeps one holder per device name. It is read again at every start.',
      },
      source:
        'cdi-spec-missing; cdi-spec-conflict; cdi-spec-malformed; cdi-version-too-new; cdi-spec-dir-mismatch; docker-config-not-active; field reference 1.5',
      probes: [...CDI_READS, 'units'],
      decide: (f, r) => {
        const result = resolve(f, readerOf(f, r));
        const told =
          result.is === 'resolves' || result.is === 'deadly' || readerOf(f, r) !== 'docker'
            ? null
            : dirsAfterRestart(f);
        if (told)
          return {
            is: 'notActive',
            found: 'daemon.json names other folders than the running daemon searches',
            seen: [
              { from: 'docker info', shows: `CDISpecDirs: ${daemonOf(f.docker)?.cdiSpecDirs.join(', ') ?? ''}` },
              {
                from: f.daemonJson.path,
                shows: f.daemonJson.specDirs ? `cdi-spec-dirs: ${told.join(', ')}` : 'cdi-spec-dirs is not set',
              },
            ],
          };
        switch (result.is) {
          case 'resolves':
            return { is: 'resolves', found: `${result.spec.path}, ${result.spec.devices.size} devices` };
          case 'missing': {
            const shipped = or(f.toolkit.shipsRefresh, false);
            const state = or(f.units.refreshPathEnabled, '');
            const seen = [
              ...result.seen,
              ...(shipped ? [{ from: 'systemctl is-enabled nvidia-cdi-refresh.path', shows: state || 'unknown' }] : []),
            ];
            return shipped
              ? { is: 'notRefreshed', found: `no spec, and the shipped refresh unit is ${state || 'not active'}`, seen }
              : { is: 'missing', found: 'no spec for nvidia.com/gpu', seen };
          }
          case 'deadly':
            return { is: 'deadly', found: 'a spec takes down every program that reads it', seen: result.seen };
          case 'conflict':
            return { is: 'conflict', found: 'two specs of one folder define the same device', seen: result.seen };
          case 'malformed':
            return { is: 'malformed', found: 'the spec is not readable as CDI', seen: result.seen };
          case 'tooNew':
            return {
              is: 'tooNew',
              found: 'the spec is of a newer CDI version than this reader knows',
              seen: result.seen,
            };
          case 'permission':
            return { is: 'permission', found: 'this engine may not read the spec', seen: result.seen };
          case 'otherDir':
            return {
              is: 'otherDir',
              found: 'the spec is in a folder that this reader does not search',
              seen: result.seen,
            };
          case 'name':
            return { is: 'name', found: 'the spec has no device called all', seen: result.seen };
        }
      },
      on: {
        resolves: 'nodes',
        notActive: stop('docker-config-not-active'),
        missing: stop('cdi-spec-missing'),
        notRefreshed: stop('cdi-refresh-unit-inactive'),
        deadly: stop('cdi-spec-crashes-engine'),
        conflict: stop('cdi-spec-conflict'),
        malformed: stop('cdi-spec-malformed'),
        tooNew: stop('cdi-version-too-new'),
        permission: stop('cdi-spec-permission'),
        otherDir: stop('cdi-spec-dir-mismatch'),
        name: stop('cdi-device-name-unresolvable'),
        cannotTell: 'nodes',
      },
    }),
    nodes: check({
      title: 'Nodes of the spec',
      question: 'Do the device nodes that the spec names exist?',
      why: {
        line: 'One missing node makes the whole device unusable.',
        paragraph:
          'A spec that was made while nvidia-uvm or a render node existed keeps naming it. After a boot without it every start fails.',
        mechanism:
          'The engine fills in the major and minor numbers by a stat of the host node; that fails before the container exists.',
      },
      source: 'cdi-host-device-missing; mig-reconfigured-spec-stale',
      probes: [...CDI_READS, 'smi'],
      decide: (f, r) => {
        const result = resolve(f, readerOf(f, r));
        if (result.is !== 'resolves') return { is: 'there', found: '' };
        const gone = lacks(f, result).nodes;
        const divided = otherInstances(result.spec, f.smi);
        if (divided.length > 0) {
          const caps = gone.filter(p => p.startsWith('/dev/nvidia-caps/'));
          // With the nodes of old instances nothing starts; without those of new ones CUDA finds no device.
          return {
            is: caps.length > 0 ? 'oldInstances' : 'newInstances',
            found: 'the card was divided anew since the spec was made',
            seen: [
              ...divided.slice(0, 2).map(shows => ({ from: result.spec.path, shows })),
              ...caps.slice(0, 1).map(p => ({ from: result.spec.path, shows: `names ${p}, which is not there` })),
            ],
          };
        }
        return gone.length === 0
          ? { is: 'there', found: 'all there' }
          : {
              is: 'missing',
              found: gone.join(', '),
              seen: gone.map(p => ({ from: result.spec.path, shows: `names ${p}, which is not there` })),
            };
      },
      on: {
        there: 'fresh',
        missing: stop('cdi-host-device-missing', 'fresh'),
        oldInstances: stop('mig-reconfigured-spec-stale', 'fresh'),
        newInstances: harm('mig-reconfigured-spec-stale', 'fresh'),
        cannotTell: 'fresh',
      },
    }),
    fresh: check({
      title: 'Files of the spec',
      question: 'Do the files that the spec mounts exist, and are they of the loaded driver?',
      why: {
        line: 'A spec lists files by version; after a driver update they are gone.',
        paragraph:
          'The engine mounts exactly what the spec names. A static file in /etc/cdi is not renewed by the shipped units, so it goes stale with the next driver.',
        mechanism:
          'runc opens each source of a mount; the first missing one ends the start with its name. If both versions are still on disk, the library and the module disagree instead.',
      },
      source: 'cdi-spec-stale; seeds 0, 1 and 2 (the static file)',
      probes: [...CDI_READS],
      decide: (f, r) => {
        const result = resolve(f, readerOf(f, r));
        if (result.is !== 'resolves') return { is: 'fresh', found: '' };
        const { mounts, madeFor, unsure } = lacks(f, result);
        const loaded = isUnknown(f.driver.loaded) ? null : f.driver.loaded;
        const total = result.edits.reduce((n, e) => n + e.mounts.length, 0);
        const made = madeFor !== null && loaded !== null && loaded !== 'unknown' && madeFor !== loaded;
        if (mounts.length === 0 && !made && unsure.length > 0) throw new CannotTell(unsure);
        if (mounts.length === 0 && !made)
          return { is: 'fresh', found: `${total} mounts${madeFor ? ` of ${madeFor}` : ''}` };
        return {
          is: 'stale',
          found:
            madeFor !== null && madeFor === loaded
              ? `${result.spec.path} names files that are not there`
              : `${result.spec.path} names files of ${madeFor ?? 'another driver'}`,
          seen: [
            {
              from: result.spec.path,
              shows:
                mounts.length > 0
                  ? `${mounts.length} of ${total} mounts are not there, first ${mounts[0]!}`
                  : `made for driver ${String(madeFor)}`,
            },
            ...(loaded ? [{ from: f.driver.loadedFrom, shows: loaded }] : []),
          ],
        };
      },
      on: { fresh: 'hooks', stale: stop('cdi-spec-stale', 'hooks'), cannotTell: 'hooks' },
    }),
    hooks: check({
      title: 'Hooks of the spec',
      question: 'Are the hook programs that the spec calls there?',
      why: {
        line: 'A spec of another installation calls a program that is gone.',
        paragraph:
          'Specs written by the GPU Operator, a snap or an older toolkit name their own copy of nvidia-cdi-hook.',
        mechanism: 'runc runs createContainer hooks by path; a missing one ends the start with fork/exec.',
      },
      source: 'cdi-hook-binary-missing',
      probes: [...CDI_READS],
      decide: (f, r) => {
        const result = resolve(f, readerOf(f, r));
        if (result.is !== 'resolves') return { is: 'there', found: '' };
        const gone = lacks(f, result).hooks;
        return gone.length === 0
          ? { is: 'there', found: 'all there' }
          : {
              is: 'missing',
              found: gone.join(', '),
              seen: gone.map(p => ({ from: result.spec.path, shows: `calls ${p}, which is not there` })),
            };
      },
      on: { there: 'majors', missing: stop('cdi-hook-binary-missing', 'majors'), cannotTell: 'majors' },
    }),
    majors: check({
      title: 'Device numbers',
      question: 'Are the device numbers in the spec those of this boot?',
      why: {
        line: 'The number of nvidia-uvm can change with every boot.',
        paragraph:
          'A persisted spec then creates a node that leads nowhere: nvidia-smi works and CUDA fails with error 999, in CDI containers only.',
        mechanism:
          'nvidia-uvm gets a dynamic major from the kernel; the spec carries the number of the day it was made.',
      },
      source: 'cdi-spec-stale-device-major',
      bears: 'cuda',
      probes: [...CDI_READS],
      decide: (f, r) => {
        const result = resolve(f, readerOf(f, r));
        if (result.is !== 'resolves') return { is: 'same', found: '' };
        const other = lacks(f, result).majors;
        return other.length === 0
          ? { is: 'same', found: 'same' }
          : {
              is: 'differ',
              found: other.join(', '),
              seen: other.map(p => ({
                from: result.spec.path,
                shows: `${p} has another major on this host (${String(f.cdiHost.majors.get(p))})`,
              })),
            };
      },
      on: { same: works, differ: harm('cdi-spec-stale-device-major', works), cannotTell: works },
    }),
  },
});
