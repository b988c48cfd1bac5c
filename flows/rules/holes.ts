/** Published vulnerabilities of the container toolkit and the release that closed each (2.6 toolkit-known-vulnerable). */
import { atLeast } from './version.ts';

export interface Hole {
  readonly cve: string;
  readonly fixedIn: string;
}

const HOLES: readonly Hole[] = [
  { cve: 'CVE-2024-0132', fixedIn: '1.16.2' },
  { cve: 'CVE-2024-0133', fixedIn: '1.16.2' },
  { cve: 'CVE-2024-0134', fixedIn: '1.17.0' },
  { cve: 'CVE-2024-0135', fixedIn: '1.17.3' },
  { cve: 'CVE-2024-0136', fixedIn: '1.17.3' },
  { cve: 'CVE-2024-0137', fixedIn: '1.17.3' },
  { cve: 'CVE-2025-23359', fixedIn: '1.17.4' },
  // The fixing release of these two is from public advisories only.
  { cve: 'CVE-2025-23266', fixedIn: '1.17.8' },
  { cve: 'CVE-2025-23267', fixedIn: '1.17.8' },
];

export const holesOf = (version: string): readonly Hole[] => HOLES.filter(h => !atLeast(version, h.fixedIn));
