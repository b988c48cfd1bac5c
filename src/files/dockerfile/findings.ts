import type { Box } from '../../box/box.ts';
import type { Project, Read } from '../compose/load.ts';
import type { FileFinding } from '../finding.ts';

export interface Use {
  readonly dockerfile: string;
}
export const usesOf = (_project: Project): readonly Use[] => [];
export const dockerfileFindings = async (
  _box: Box,
  _read: Read,
  _path: string,
  _uses: readonly Use[],
): Promise<readonly FileFinding[]> => [];
