import { cluster } from './modes-cluster.ts';
import { container } from './modes-container.ts';
import { host } from './modes-host.ts';

/** 고장 id마다 제목과 한 줄 이유. */
export const modes: Readonly<Record<string, readonly [title: string, line: string]>> = {
  ...host,
  ...container,
  ...cluster,
};
