/** What is planted: secrets and identities as the makers' own documents describe them, put together at run time. */

let seed = 20261122;
const random = (): number => {
  seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
  return seed / 2 ** 32;
};
const some = (alphabet: string, length: number): string =>
  Array.from({ length }, () => alphabet[Math.floor(random() * alphabet.length)]!).join('');
const LOWER = 'abcdefghijklmnopqrstuvwxyz';
const UPPER = LOWER.toUpperCase();
const DIGITS = '0123456789';
const HEX = `${DIGITS}abcdef`;
const ALNUM = LOWER + UPPER + DIGITS;
const join = (...parts: string[]): string => parts.join('');
const base64 = (text: string): string => Buffer.from(text).toString('base64');

export interface Plant {
  /** As one word or line of text. */
  readonly text: string;
  /** As words of a command line. */
  readonly argv: readonly string[];
  /** What must not be found afterwards. */
  readonly hidden: readonly string[];
}
export interface Kind {
  readonly name: string;
  readonly is: 'secret' | 'identity';
  readonly make: () => Plant;
}

const token = (name: string, make: () => string): Kind => ({
  name,
  is: 'secret',
  make: () => {
    const value = make();
    return { text: `THING=${value}`, argv: ['tool', '--with', value], hidden: [value] };
  },
});
const named = (name: string, variable: string, make: () => string): Kind => ({
  name,
  is: 'secret',
  make: () => {
    const value = make();
    return {
      text: `${variable}=${value}`,
      argv: ['docker', 'run', '-e', `${variable}=${value}`, 'app'],
      hidden: [value],
    };
  },
});
const line = (name: string, is: Kind['is'], make: () => readonly [text: string, ...hidden: string[]]): Kind => ({
  name,
  is,
  make: () => {
    const [text, ...hidden] = make();
    return { text, argv: ['sh', '-c', text], hidden };
  },
});

const person = (): string => `q${some(LOWER, 7)}`;
const byte = (): string => String(11 + Math.floor(random() * 240));

/** Known to the redactor beforehand, as on the machine where it runs. */
export const KNOWN = { hostname: `rig${some(LOWER, 6)}`, users: [person()], home: `/srv/people/${person()}` };

export const kinds: readonly Kind[] = [
  token('GitHub token', () => join('gh', 'p_', some(ALNUM, 36))),
  token('GitLab token', () => join('gl', 'pat-', some(ALNUM, 20))),
  token('AWS access key', () => join('AK', 'IA', some(UPPER + DIGITS, 16))),
  token('Google API key', () => join('AI', 'za', some(ALNUM, 35))),
  token('Slack token', () => join('xo', 'xb-', some(DIGITS, 12), '-', some(DIGITS, 12), '-', some(ALNUM, 24))),
  token('Stripe key', () => join('sk', '_live_', some(ALNUM, 24))),
  token('Hugging Face token', () => join('h', 'f_', some(ALNUM, 34))),
  token('OpenAI key', () => join('s', 'k-proj-', some(ALNUM, 48))),
  token('NGC key', () => join('nv', 'api-', some(ALNUM, 64))),
  token('npm token', () => join('np', 'm_', some(ALNUM, 36))),
  token('PyPI token', () => join('py', 'pi-', 'AgEIcHlwaS5vcmc', some(ALNUM, 60))),
  token('Docker Hub token', () => join('dck', 'r_pat_', some(ALNUM, 27))),
  token('Vault token', () => join('hv', 's.', some(ALNUM, 24))),
  token('JWT', () => join('ey', 'J', some(ALNUM, 30), '.', 'ey', 'J', some(ALNUM, 60), '.', some(ALNUM, 43))),
  token('swarm join token', () => join('SWM', 'TKN-1-', some(HEX, 50), '-', some(HEX, 25))),
  named('AWS secret key', 'AWS_SECRET_ACCESS_KEY', () => some(`${ALNUM}+/`, 40)),
  named('database password', 'POSTGRES_PASSWORD', () => some(LOWER, 12)),
  named('API key behind a telling name', 'WANDB_API_KEY', () => some(HEX, 40)),
  named('k3s token', 'K3S_TOKEN', () => some(LOWER + DIGITS, 20)),
  named('pass phrase', 'BACKUP_PASSPHRASE', () => `${some(LOWER, 6)}-${some(LOWER, 7)}-${some(LOWER, 5)}`),
  line('auth of a docker config', 'secret', () => {
    const auth = base64(`${person()}:${some(ALNUM, 14)}`);
    return [`{"auths":{"index.example.org":{"auth":"${auth}"}}}`, auth];
  }),
  line('login in an address', 'secret', () => {
    const password = some(LOWER, 14);
    return [`https://bot:${password}@git.example.org/x.git`, password];
  }),
  line('private key', 'secret', () => {
    const row = some(`${ALNUM}+/`, 64);
    const [begin, end] = ['BEGIN', 'END'].map(word => join('-----', word, ' OPENSSH PRIVATE', ' KEY-----'));
    return [`${begin}\\n${row}\\n${end}`, row];
  }),
  line('bearer header', 'secret', () => {
    const value = some(ALNUM, 32);
    return [`Authorization: Bearer ${value}`, value];
  }),
  line('connection string', 'secret', () => {
    const value = some(LOWER, 13);
    return [`postgres://app:${value}@db:5432/app`, value];
  }),
  {
    name: 'password in a command line',
    is: 'secret',
    make: () => {
      const value = some(LOWER, 13);
      return {
        text: `+ docker login -u bot -p ${value} reg`,
        argv: ['docker', 'login', '-u', 'bot', '-p', value, 'reg'],
        hidden: [value],
      };
    },
  },
  {
    name: 'password flag',
    is: 'secret',
    make: () => {
      const value = some(LOWER, 13);
      return {
        text: `tool --db-password ${value} --fast`,
        argv: ['tool', '--db-password', value, '--fast'],
        hidden: [value],
      };
    },
  },
  line('user by home folder', 'identity', () => {
    const user = person();
    return [`open /home/${user}/app/compose.yaml`, user];
  }),
  line('user known beforehand', 'identity', () => [`started by ${KNOWN.users[0]}`, KNOWN.users[0]!]),
  line('host known beforehand', 'identity', () => [`the box ${KNOWN.hostname} is up`, KNOWN.hostname]),
  line('home folder elsewhere', 'identity', () => [`reading ${KNOWN.home}/app.env`, KNOWN.home]),
  line('fully qualified name', 'identity', () => {
    const host = `n${some(LOWER, 6)}.lab.q${some(LOWER, 5)}.com`;
    return [`lookup ${host} on x`, host];
  }),
  line('registry host', 'identity', () => {
    const host = `harbor.q${some(LOWER, 6)}.internal`;
    return [`pulling ${host}/team/app:1.2`, host];
  }),
  line('IPv4 address', 'identity', () => {
    const ip = `10.${byte()}.${byte()}.${byte()}`;
    return [`dial tcp ${ip}:443: refused`, ip];
  }),
  line('IPv6 address', 'identity', () => {
    const ip = `fd${some(HEX, 2)}:${some('123456789abcdef', 4)}:${some('123456789abcdef', 4)}::${some('123456789abcdef', 4)}`;
    return [`listening on [${ip}]:2377`, ip];
  }),
  line('MAC address', 'identity', () => {
    const mac = `02:${Array.from({ length: 5 }, () => some(HEX, 2)).join(':')}`;
    return [`link/ether ${mac} brd ff:ff:ff:ff:ff:ff`, mac];
  }),
  line('GPU UUID', 'identity', () => {
    const uuid = [8, 4, 4, 4, 12].map(n => some(HEX, n)).join('-');
    return [`GPU 0: NVIDIA A10 (UUID: GPU-${uuid})`, uuid];
  }),
  line('serial number', 'identity', () => {
    const serial = `1${some(DIGITS, 12)}`;
    return [`    Serial Number                         : ${serial}`, serial];
  }),
  line('machine id', 'identity', () => {
    const id = some(HEX, 32);
    return [`machine-id: ${id}`, id];
  }),
  line('e-mail address', 'identity', () => {
    const mail = `${person()}@q${some(LOWER, 6)}.org`;
    return [`ask ${mail} for access`, mail];
  }),
];
