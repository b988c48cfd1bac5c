/** The one question for a password: sudo's own, on the person's terminal. */
import { spawnSync } from 'node:child_process';

/**
 * True when sudo may be used without a password from now on. spawnSync, because while sudo reads the terminal Node must
 * not read it too, or it eats letters of the password.
 */
export const askSudo = (): boolean => {
  const { status } = spawnSync('sudo', ['-v'], { stdio: 'inherit' });
  return status === 0;
};

export const isRoot = (): boolean => process.getuid?.() === 0;
