#!/usr/bin/env node
/** The program's entry: the terminal's wishes first (before anything imports chalk), then the words. */
import { mapColour } from './cli/terminal.ts';

mapColour(process.env, process.argv.slice(2));
const { start } = await import('./cli/main.ts');
await start(process.argv.slice(2));
