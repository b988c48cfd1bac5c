/** What differs between versions of the toolkit and the engines: the CDI version their library knows. */
import type { Reader } from './cdi.ts';
import { atLeast } from './world.ts';

export const toolkitReader = (version: string): Reader => ({
  max: atLeast(version, '1.18.0') ? '1.1.0' : atLeast(version, '1.16.0') ? '0.8.0' : '0.6.0',
  followsLinks: false,
  root: true,
});
export const dockerReader = (version: string): Reader => ({
  max: atLeast(version, '29.0')
    ? '1.1.0'
    : atLeast(version, '28.2')
      ? '1.0.0'
      : atLeast(version, '26.1')
        ? '0.7.0'
        : '0.6.0',
  followsLinks: atLeast(version, '29.1'),
  root: true,
});
export const podmanReader = (version: string, root: boolean): Reader => ({
  max: atLeast(version, '5.4') ? '0.8.0' : atLeast(version, '5.1') ? '0.7.0' : '0.6.0',
  followsLinks: false,
  root,
});

export const commits: Readonly<Record<string, string>> = {
  '1.14.6': '5605d191332dcfeea802c4497360d60a65c7887e',
  '1.17.8': '5603c4fad80d042f1e5059e3c17acbc209904217',
  '1.20.0': 'f0c382c8889507a77c977b82d7e9beba790959d9',
};
