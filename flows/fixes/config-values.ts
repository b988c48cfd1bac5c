/** Values of config.toml for which the toolkit refuses the whole file, or the hook every container. */
import { removeToml, setToml, tomlValue } from '../../src/text/toml.ts';
import type { Facts } from '../probes/index.ts';
import { CONFIG } from '../probes/toolkit.ts';
import { type Mistyped, mistyped } from '../rules/config-types.ts';
import { inConfig, readable, SPAN, touches } from './config.ts';
import { applies, placed, refuse } from './make.ts';

const wrongType = (f: Facts): Mistyped | null => {
  const value = typeof f.config.text === 'string' ? tomlValue(f.config.text) : undefined;
  return value === undefined ? null : mistyped(f.config.text as string, value);
};

export const configType = applies({
  id: 'correct-config-value-type',
  title: 'Write the value of config.toml in the type that is wanted',
  mends: ['config-toml-invalid'],
  privilege: 2,
  effect: ['E1'],
  source: '2.6 config-toml-invalid: "Can\'t convert true(string) to bool"',
  fits: f => typeof wrongType(f)?.meant === 'string',
  touches,
  plan: f => {
    const wrong = wrongType(f);
    if (wrong === null) return refuse(`every value in ${CONFIG} has its type`);
    const { meant, table, key } = wrong;
    if (meant === null) return refuse(`${placed(CONFIG, wrong.fault)}; what was meant is not guessed`);
    return inConfig(
      f,
      text => setToml(text, table, key, meant),
      wrong.fault.message,
      `The toolkit refuses the whole file for this one value; ${key} = ${meant} is the only way to read it. ${SPAN}`,
    );
  },
});

export const capabilitiesDefault = applies({
  id: 'remove-supported-capabilities',
  title: 'Take the misspelt list of capabilities out of config.toml',
  mends: ['config-toml-invalid'],
  privilege: 2,
  effect: ['E1', 'RX'],
  source: '1.4, supported-driver-capabilities: it must be a subset of what the hook knows',
  fits: f => readable(f) && f.config.oddCapabilities.length > 0,
  touches,
  plan: f =>
    inConfig(
      f,
      text => removeToml(text, '', 'supported-driver-capabilities'),
      `the hook knows no capability called ${f.config.oddCapabilities.join(', ')}, and refuses every container for it`,
      `Removes the key, so that every capability may be asked for again. ${SPAN}`,
    ),
});

export const configValueFixes = [configType, capabilitiesDefault];
