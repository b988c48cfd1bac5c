/**
 * The list of choices. ink-select-input draws it and is given no keys: it would take digits as choices, act on stale
 * state when two keys come in one chunk, and report nothing at Enter on an empty list.
 */
import { Box, Text } from 'ink';
import SelectInput from 'ink-select-input';
import { createContext, type ReactElement, use } from 'react';
import type { Choice } from '../wizard/view.ts';
import { drawChoice } from './rows.ts';
import { Spans } from './spans.tsx';
import type { Theme } from './theme.ts';

const Look = createContext<{
  readonly choices: readonly Choice[];
  readonly width: number;
  readonly theme: Theme;
} | null>(null);

const Item = ({
  isSelected = false,
  label,
}: {
  readonly isSelected?: boolean;
  readonly label: string;
}): ReactElement => {
  const look = use(Look)!;
  const choice = look.choices[Number(label)];
  if (!choice) return <Text />;
  return (
    <Box flexDirection="column" aria-role="menuitem" aria-state={{ selected: isSelected }}>
      {drawChoice(choice, isSelected, look.width, look.theme).map((row, i) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: rows of one wrapped label have no other name
        <Spans key={i} spans={row} />
      ))}
    </Box>
  );
};
const NoIndicator = (): ReactElement => <Text />;

export const Menu = ({
  choices,
  at,
  width,
  theme,
}: {
  readonly choices: readonly Choice[];
  readonly at: number;
  readonly width: number;
  readonly theme: Theme;
}): ReactElement | null =>
  choices.length === 0 ? null : (
    <Look value={{ choices, width, theme }}>
      <SelectInput
        key={at}
        items={choices.map((c, i) => ({ key: c.id, label: String(i), value: c.id }))}
        initialIndex={at}
        isFocused={false}
        indicatorComponent={NoIndicator}
        itemComponent={Item}
      />
    </Look>
  );
