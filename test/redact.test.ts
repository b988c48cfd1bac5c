import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { redactor } from '../src/transcript/redact.ts';

/** Values are put together at run time, so that nothing in this file looks like a secret to a scanner. */
let seed = 7;
const random = (): number => {
  seed = (seed * 1103515245 + 12345) % 2147483648;
  return seed / 2147483648;
};
const from = (alphabet: string, length: number): string =>
  Array.from({ length }, () => alphabet[Math.floor(random() * alphabet.length)]!).join('');
const LOWER = 'abcdefghijklmnopqrstuvwxyz';
const UPPER = LOWER.toUpperCase();
const DIGITS = '0123456789';
const ALNUM = UPPER + LOWER + DIGITS;
const HEX = '0123456789abcdef';
const B64 = `${ALNUM}+/`;
const body = (length: number): string => `q7${from(ALNUM, length - 4)}X3`;
const glue = (...parts: string[]): string => parts.join('');

/** Secrets that are known by their own form, wherever they stand. */
const FORMS: readonly [string, () => string][] = [
  ['GitHub personal token', () => glue('gh', 'p_', body(36))],
  ['GitHub OAuth token', () => glue('gh', 'o_', body(36))],
  ['GitHub fine-grained token', () => glue('github', '_pat_', body(22), '_', body(59))],
  ['GitLab token', () => glue('gl', 'pat-', from(`${ALNUM}-_`, 18), 'z9')],
  ['AWS access key', () => glue('AK', 'IA', from(UPPER + DIGITS, 16))],
  ['AWS session key', () => glue('AS', 'IA', from(UPPER + DIGITS, 16))],
  ['Google API key', () => glue('AI', 'za', from(`${ALNUM}-_`, 34), 'k')],
  ['Google OAuth token', () => glue('ya', '29.', 'a0', body(60))],
  ['Slack bot token', () => glue('xo', 'xb-', from(DIGITS, 11), '-', from(DIGITS, 12), '-', body(24))],
  ['Slack user token', () => glue('xo', 'xp-', from(DIGITS, 11), '-', body(24))],
  ['Stripe key', () => glue('sk', '_live_', body(24))],
  ['Hugging Face token', () => glue('h', 'f_', body(34))],
  ['OpenAI key', () => glue('s', 'k-', body(48))],
  ['OpenAI project key', () => glue('s', 'k-proj-', body(40), '-', body(20))],
  ['NGC key', () => glue('nv', 'api-', body(60))],
  ['npm token', () => glue('np', 'm_', body(36))],
  ['PyPI token', () => glue('py', 'pi-', 'AgEI', body(60))],
  ['Docker Hub token', () => glue('dck', 'r_pat_', body(27))],
  ['Vault token', () => glue('hv', 's.', body(24))],
  ['JWT', () => glue('ey', 'J', body(20), '.', 'eyJ', body(40), '.', body(43))],
  ['swarm join token', () => glue('SWM', 'TKN-1-', from(HEX, 40), '-', from(HEX, 25))],
  ['SendGrid key', () => glue('S', 'G.', body(22), '.', body(43))],
  ['DigitalOcean token', () => glue('do', 'p_v1_', from(HEX, 64))],
  ['Tailscale key', () => glue('ts', 'key-auth-', body(12), '-', body(24))],
];
const FORM_CARRIERS: readonly [string, (secret: string) => string][] = [
  ['environment', s => `PATH=/usr/bin\nTHING=${s}\nHOME=/root`],
  ['JSON file', s => `{\n  "note": "x",\n  "thing": "${s}"\n}`],
  ['YAML file', s => `services:\n  app:\n    environment:\n      - THING=${s}\n`],
  ['log line', s => `Nov 22 04:54:28 box dockerd[12]: time="x" level=info msg="pulling with ${s} now"`],
  ['escaped log', s => `{"msg":"first\\n${s}\\nlast"}`],
  ['address', s => `https://api.example.net/v1/models?thing=${s}&page=2`],
];

/** Secrets that are known by the name they stand behind. */
const NAMES: readonly string[] = [
  ...[
    'DB_PASSWORD',
    'POSTGRES_PASSWORD',
    'MYSQL_ROOT_PASSWORD',
    'REDIS_PASS',
    'APP_SECRET',
    'CLIENT_SECRET',
    'AUTH_TOKEN',
  ],
  ...[
    'OPENAI_API_KEY',
    'WANDB_API_KEY',
    'AWS_SECRET_ACCESS_KEY',
    'AZURE_CLIENT_SECRET',
    'SERVICE_CREDENTIAL',
    'K3S_TOKEN',
  ],
  ...['SSH_PRIVATE_KEY', 'ENCRYPTION_KEY', 'KEY_PASSPHRASE', 'NGC_CLI_API_KEY', 'HF_TOKEN', 'SESSION_SECRET'],
];
const NAME_CARRIERS: readonly [string, (name: string, secret: string) => string][] = [
  ['environment', (n, s) => `PATH=/usr/bin\n${n}=${s}\nHOME=/root`],
  ['exported', (n, s) => `export ${n}="${s}"`],
  ['JSON', (n, s) => `{"${n.toLowerCase()}": "${s}", "b": 1}`],
  ['escaped JSON', (n, s) => `msg="{\\"${n}\\":\\"${s}\\"}"`],
  ['YAML', (n, s) => `env:\n  ${n}: ${s}\n  OTHER: 1\n`],
  ['YAML list', (n, s) => `env:\n  - name: ${n}\n    value: "${s}"\n  - name: B\n    value: c\n`],
  ['inspect', (n, s) => `"Env":["PATH=/usr/bin","${n}=${s}","X=1"]`],
  ['log line', (n, s) => `level=debug msg="started" ${n}=${s} port=80`],
  ['INI', (n, s) => `[db]\n${n.toLowerCase()} = ${s}\n`],
  ['docker line', (n, s) => `docker run --rm -e ${n}=${s} -e B=1 debian:trixie true`],
  ['Dockerfile', (n, s) => `FROM debian\nENV ${n} ${s}\nRUN true\n`],
  ['XML', (n, s) => `<config><${n.toLowerCase()}>${s}</${n.toLowerCase()}></config>`],
  ['flag', (n, s) => `tool --${n.toLowerCase().replaceAll('_', '-')} ${s} --verbose`],
];

const leaks = (output: string, secret: string): boolean => {
  for (let at = 0; at + 12 <= secret.length; at += 3) if (output.includes(secret.slice(at, at + 12))) return true;
  return output.includes(secret);
};

describe('redact: secrets', () => {
  it('removes every token of a known form from every carrier', () => {
    let cases = 0;
    for (const [name, make] of FORMS)
      for (const [carrier, write] of FORM_CARRIERS) {
        const secret = make();
        const output = redactor().text(write(secret));
        assert.ok(!leaks(output, secret), `${name} in ${carrier}: ${output}`);
        assert.match(output, /\[removed: /);
        cases++;
      }
    assert.ok(cases >= 24 * 4);
  });

  it('removes every token of a known form from an argument vector', () => {
    for (const [name, make] of FORMS) {
      const secret = make();
      for (const argv of [
        ['tool', secret],
        ['tool', `--thing=${secret}`],
        ['docker', 'run', '-e', `THING=${secret}`, 'x'],
      ])
        assert.ok(!leaks(redactor().argv(argv).join(' '), secret), `${name} in ${argv.length} words`);
    }
  });

  it('removes what stands behind a telling name, whatever it looks like', () => {
    for (const name of NAMES)
      for (const [carrier, write] of NAME_CARRIERS)
        for (const secret of [body(20), from(LOWER, 14), `${from(B64, 38)}==`, `pa,ss;${from(ALNUM, 8)}&!%)`]) {
          if (carrier === 'XML' && /[<&]/.test(secret)) continue;
          const output = redactor().text(write(name, secret));
          assert.ok(!leaks(output, secret), `${name} in ${carrier}: ${write(name, secret)} -> ${output}`);
        }
  });

  it('removes it from argument vectors, spaces and commas included', () => {
    for (const name of NAMES) {
      const secret = `two words, ${from(ALNUM, 12)} "x"`;
      const flag = `--${name.toLowerCase().replaceAll('_', '-')}`;
      for (const argv of [
        ['tool', flag, secret],
        ['tool', `${flag}=${secret}`],
        ['env', `${name}=${secret}`, 'x'],
        ['docker', 'build', '--build-arg', `${name}=${secret}`],
      ]) {
        const output = redactor().argv(argv);
        assert.ok(!leaks(output.join('\n'), secret), `${argv.join('|')} -> ${output.join('|')}`);
        assert.equal(output.length, argv.length);
      }
    }
  });

  it('knows the short flags of programs that log in', () => {
    const secret = from(LOWER, 12);
    for (const argv of [
      ['docker', 'login', '-u', 'bob', '-p', secret, 'reg.example.com'],
      ['podman', 'login', '-p', secret],
      ['sudo', 'docker', 'login', `-p${secret}`],
      ['helm', 'registry', 'login', 'r', '-p', secret],
      ['sshpass', '-p', secret, 'ssh', 'x'],
      ['mysql', '-u', 'root', `-p${secret}`],
      ['curl', '-u', `bob:${secret}`, 'https://x'],
      ['redis-cli', '-a', secret],
    ]) {
      assert.ok(!redactor().argv(argv).join(' ').includes(secret), argv.join(' '));
      assert.ok(
        !redactor()
          .text(`+ ${argv.join(' ')}`)
          .includes(secret),
        argv.join(' '),
      );
    }
    const ports = ['docker', 'run', '-p', '8080:80', 'nginx'];
    assert.deepEqual(redactor().argv(ports), ports, 'a published port is no password');
  });

  it('removes headers, cookies, addresses with a login, connection strings and signatures', () => {
    const s = body(24);
    const plain = from(LOWER, 14);
    for (const text of [
      `Authorization: Bearer ${s}`,
      `curl -H "Authorization: Basic ${Buffer.from(`bob:${plain}`).toString('base64')}" https://x`,
      `{"Authorization": "token ${s}"}`,
      `proxy-authorization: Negotiate ${s}`,
      `got bearer ${s} from cache`,
      `Cookie: sid=${s}; theme=dark`,
      `Set-Cookie: session=${s}; HttpOnly`,
      `PRIVATE-TOKEN: ${s}`,
      `x-api-key: ${s}`,
      `https://bob:${plain}@git.example.com/x.git`,
      `https://${s}@github.com/x/y`,
      `postgres://app:${plain}@db:5432/app`,
      `HTTPS_PROXY=http://bob:${plain}@10.0.0.1:3128`,
      `DefaultEndpointsProtocol=https;AccountName=a;AccountKey=${from(B64, 86)}==;EndpointSuffix=x`.replace(
        /AccountKey=.*?;/,
        `AccountKey=${s};`,
      ),
      `Server=db;User Id=sa;Password=${plain};Encrypt=yes`,
      `https://a.blob.core.windows.net/c?sv=2024&sig=${s}%3D&se=2027`,
      `https://s3.amazonaws.com/b/k?X-Amz-Signature=${s}&X-Amz-Date=1`,
      `https://hooks.slack.com/services/T${from(UPPER, 8)}/B${from(UPPER, 8)}/${s}`,
      `machine example.com login bob password ${plain}`,
      `ALTER USER bob IDENTIFIED BY '${plain}'`,
      `Incorrect API key provided: ${s}`,
      `the password is ${s}`,
      `login failed, password: ${plain}`,
      `{"auths":{"registry.example.com":{"auth":"${Buffer.from(`bob:${plain}`).toString('base64')}"}}}`,
      `{"auths":{"x":{"identitytoken":"${s}"}}}`,
      `//registry.npmjs.org/:_authToken=${s}`,
      `COHERE_KEY=${s}`,
      `<add key="ApiKey" value="${s}"/>`,
      `SECRET=a\\ ${plain}`,
      `PASSWORD=$${plain}`,
      `PASSWORD: \${PASSWORD:-${plain}}`,
      `PresharedKey = ${s}=`,
      `JSESSIONID=${s}`,
      `root:$6$salt$${s}${s}:19000:0:`,
      `kubeadm join h:6443 --token ${s} --x y`,
      `client-key-data: LS0tLS1CRUdJTiBSU0Eg${s}${s}`,
    ]) {
      const output = redactor().text(text);
      for (const hidden of [s, plain, Buffer.from(`bob:${plain}`).toString('base64')])
        assert.ok(!leaks(output, hidden), `${text} -> ${output}`);
      assert.match(output, /\[removed: /, text);
    }
  });

  it('removes private keys, in one line, in many, and without an end', () => {
    const rows = [from(B64, 64), from(B64, 64), from(B64, 30)];
    for (const kind of ['RSA ', 'OPENSSH ', 'EC ', '', 'ENCRYPTED ']) {
      const begin = glue('-----BEGIN ', kind, 'PRIVATE', ' KEY-----');
      const end = glue('-----END ', kind, 'PRIVATE', ' KEY-----');
      for (const text of [
        [begin, ...rows, end].join('\n'),
        `"private_key": "${[begin, ...rows, end].join('\\n')}\\n"`,
        `key: |\n  ${[begin, ...rows, end].join('\n  ')}\nnext: 1`,
        [begin, ...rows].join('\n'),
      ]) {
        const output = redactor().text(text);
        for (const row of rows) assert.ok(!leaks(output, row), `${text} -> ${output}`);
      }
    }
  });

  it('removes block scalars behind telling names and leaves what follows', () => {
    const secret = from(LOWER, 16);
    const output = redactor().text(`a: 1\ndb_password: |-\n  ${secret}\n  ${secret}\nimage: debian:trixie\n`);
    assert.ok(!output.includes(secret), output);
    assert.match(output, /^image: debian:trixie$/m);
  });

  it('removes a secret it has met under its name wherever it turns up again', () => {
    const redact = redactor();
    const secret = body(16);
    redact.text(`APP_TOKEN=${secret}`);
    assert.ok(!redact.text(`GET /v1/x?k=${secret} 200`).includes(secret));
  });

  it('accounts for what it hid', () => {
    const redact = redactor({ hostname: 'gpu-07' });
    redact.text(`gpu-07 10.1.2.3 10.1.2.3 10.1.2.4 A_PASSWORD=${body(12)} B_PASSWORD=${body(12)}`);
    assert.equal(redact.account().removed.password, 2);
    assert.equal(redact.account().aliased.ip, 2);
    assert.equal(redact.account().aliased.host, 1);
  });
});
