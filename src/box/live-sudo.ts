/** The one question for a password: sudo's own, on the person's terminal. */
import { spawnSync } from 'node:child_process';

/**
 * True when sudo may be used without a password from now on. spawnSync, because while sudo reads the terminal Node must
 * not read it too, or it eats letters of the password.
 */
export const askSudo = (): boolean => {
  process.stderr.write('\nRoot is needed for this; sudo asks for your password, gpumedic never sees it.\n');
  return spawnSync('sudo', ['-v'], { stdio: 'inherit' }).status === 0;
};

export const isRoot = (): boolean => process.getuid?.() === 0;
