#!/usr/bin/env node
/** The program's entry: the terminal's wishes before anything imports chalk, then the words. */
import { start } from './cli/main.ts';
import { mapColour } from './cli/terminal.ts';

const words = process.argv.slice(2);
mapColour(process.env, words);
await start(words);
