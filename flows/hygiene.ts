/** Work-arounds that stayed, versions with known holes, settings that upgrades took away: looked at beside the walk. */
import { check, flow, note, risk, works } from '../src/engine/flow.ts';
import { isUnknown, need, or } from '../src/engine/known.ts';
import { daemonOf } from './probes/docker.ts';
import { CDI_READS, gpusByCdi } from './rules/cdi.ts';
import { excess, isOverPrivileged } from './rules/container.ts';
import { holesOf } from './rules/holes.ts';
import { clashes } from './rules/packages.ts';
import { atLeast, since } from './rules/version.ts';

export const hygiene = flow({
  id: 'hygiene',
  title: 'Hygiene',
  about: 'What works today and should be taken back or brought up to date; never a fault.',
  start: 'rights',
  nodes: {
    rights: check({
      title: 'Rights',
      question: 'Do running containers have more rights than a GPU needs?',
      why: {
        line: 'A privileged container owns the host; a GPU does not need it.',
        paragraph:
          'Privileged, SYS_ADMIN or the whole of /dev usually stayed from a search for another fault. Find out whether the request alone works now, then take them away one at a time.',
        mechanism:
          'privileged switches the device cgroup off and shows all of /dev, which hides most injection faults.',
      },
      source: 'over-privileged-workaround; seeds 2 and 3',
      probes: ['workloads', 'docker'],
      bears: 'advice',
      decide: f => {
        const over = need(f.workloads).filter(c => isOverPrivileged(c, f));
        return over.length === 0
          ? { is: 'fitting' }
          : {
              is: 'tooMany',
              found: over.map(c => c.name).join(', '),
              seen: over.map(c => ({
                from: `docker inspect ${c.name}`,
                shows: excess(c)
                  .map(e => e.has)
                  .join(', '),
              })),
            };
      },
      on: { fitting: 'toolkit', tooMany: risk('over-privileged-workaround', 'toolkit'), cannotTell: 'toolkit' },
    }),
    toolkit: check({
      title: 'Known holes',
      question: 'Has this version of the toolkit known vulnerabilities?',
      why: {
        line: 'A container could leave its cage through an old toolkit.',
        paragraph:
          'Several versions let an image reach the host. The GPU works all the same; upgrade at the next occasion, and restart running legacy containers afterwards.',
        mechanism:
          'The package scripts run systemctl daemon-reload, which can take the GPU from running legacy containers.',
      },
      source: 'toolkit-known-vulnerable',
      probes: ['toolkit'],
      bears: 'advice',
      decide: f => {
        const version = need(f.toolkit.version);
        const holes = version === null ? [] : holesOf(version);
        return holes.length === 0
          ? { is: 'none', found: version ?? 'not installed' }
          : {
              is: 'some',
              found: `toolkit ${version}: ${holes.map(h => h.cve).join(', ')}`,
              seen: holes.map(h => ({
                from: 'nvidia-ctk --version',
                shows: `${version}; ${h.cve} was closed in ${h.fixedIn}`,
              })),
            };
      },
      on: { none: 'gpusForm', some: risk('toolkit-known-vulnerable', 'gpusForm'), cannotTell: 'gpusForm' },
    }),
    gpusForm: check({
      title: '--gpus since 29.2',
      question: 'Did Docker fall back from CDI to the hook for --gpus, and would it again?',
      why: {
        line: 'From 29.2 --gpus tries CDI first and takes the hook where that fails.',
        paragraph:
          'The fall-back works without a word, but containers then get what the hook gives: other libraries, and the capabilities of the variable. The journal names the CDI error; with it mended all of them are served alike.',
        mechanism:
          'dockerd logs "Ignoring previous errors updating spec" with the error. Each way can be asked for by name: --gpus all,driver=nvidia.cdi or driver=nvidia.runtime-hook.',
      },
      source: 'docker-29.2-gpus-behaviour-change; field reference 1.6',
      probes: CDI_READS,
      bears: 'advice',
      decide: f => {
        const version = daemonOf(f.docker)?.version;
        if (version === undefined || !atLeast(version, since.dockerGpusCdiFirst)) return { is: 'older' };
        const line = need(f.docker.journal)
          .split('\n')
          .findLast(l => /Ignoring previous errors updating spec/.test(l));
        if (line === undefined) return { is: 'quiet' };
        const now = gpusByCdi(f);
        const logged = { from: 'journalctl -u docker', shows: line };
        if (now.is === 'yes') return { is: 'mended', found: `mended since, by ${now.spec.path}`, seen: [logged] };
        return {
          is: 'fellBack',
          found: /error="((?:\\.|[^"\\])*)/.exec(line)?.[1] ?? 'CDI failed, the hook was used',
          seen: [logged, ...now.seen],
        };
      },
      on: {
        older: 'features',
        quiet: 'features',
        mended: 'features',
        fellBack: note('docker-29.2-gpus-behaviour-change', 'features'),
        cannotTell: 'features',
      },
    }),
    features: check({
      title: 'Docker features',
      question: 'Did a tool overwrite the features of Docker?',
      why: {
        line: 'nvidia-ctk --cdi.enabled drops every other feature of daemon.json.',
        paragraph:
          'After it images seem to be gone, because the image store was switched back. Nothing is lost: put the other features back beside cdi and restart Docker.',
        mechanism:
          'The tool replaces the table "features" by {"cdi": true}; the backup of daemon.json beside it, or the unused store, tells.',
      },
      source: 'docker-features-overwritten; field reference 1.6',
      probes: ['docker', 'daemonJson', 'storeLeft'],
      bears: 'advice',
      decide: f => {
        const daemon = daemonOf(f.docker);
        const left = f.storeLeft;
        if (daemon === null || f.daemonJson.cdi !== true || isUnknown(left)) return { is: 'kept' };
        return left !== null && left.lost.length > 0
          ? {
              is: 'lost',
              found: `${left.lost.join(', ')} stood in ${left.from}`,
              seen: [
                { from: left.from, shows: `features: ${left.lost.join(', ')}` },
                { from: f.daemonJson.path, shows: 'features: cdi alone' },
              ],
            }
          : { is: 'kept' };
      },
      on: { kept: 'reverted', lost: risk('docker-features-overwritten', 'reverted'), cannotTell: 'reverted' },
    }),
    reverted: check({
      title: 'Settings kept',
      question: 'Did an upgrade comment settings of config.toml out?',
      why: {
        line: 'Before 1.20 saving the file turned root, debug and user into comments.',
        paragraph:
          'A setting that was made by hand vanished with a package upgrade or with another --set. Compare with the copy the package manager left, and set it again afterwards; from 1.20 on it stays.',
        mechanism: 'Values that stand among the commented defaults were written back as comments by 1.14 to 1.19.',
      },
      source: 'config-toml-reverted-by-upgrade; field reference 1.4',
      probes: ['config', 'configLeft', 'toolkit'],
      bears: 'advice',
      decide: f => {
        const left = or(f.configLeft, null);
        return left !== null && left.lost.length > 0
          ? {
              is: 'lost',
              found: `${left.lost.join(', ')} stood in ${left.from}`,
              seen: [{ from: left.from, shows: left.lost.join(', ') }],
            }
          : { is: 'kept' };
      },
      on: {
        kept: 'sources',
        lost: note('config-toml-reverted-by-upgrade', 'sources'),
        cannotTell: 'sources',
      },
    }),
    sources: check({
      title: 'Package sources',
      question: 'Does apt know the source of the toolkit by one key?',
      why: {
        line: 'Two files for one source with different keys stop apt altogether.',
        paragraph:
          'An older .list file of the same repository lies beside the present one. Until one of them is gone no package can be installed or upgraded, the toolkit among them.',
        mechanism:
          'apt compares Signed-By of all entries of one address and suite, a missing one included, and reads no list where they differ.',
      },
      source: 'toolkit-repo-conflict',
      probes: ['aptSources'],
      bears: 'advice',
      decide: f => {
        const clash = clashes(need(f.aptSources))[0];
        return clash === undefined
          ? { is: 'agree' }
          : {
              is: 'clash',
              found: `${[...new Set([clash.kept, ...clash.others].map(s => s.path))].join(' and ')} disagree about its key`,
              seen: [clash.kept, ...clash.others].map(s => ({
                from: s.path,
                shows: `${clash.of}, ${s.key === '' ? 'without signed-by' : `signed-by=${s.key}`}`,
              })),
            };
      },
      on: { agree: works, clash: risk('toolkit-repo-conflict', works), cannotTell: works },
    }),
  },
});
