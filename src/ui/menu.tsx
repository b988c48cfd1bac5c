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

interface MenuProps {
  readonly choices: readonly Choice[];
  /** Choices that did not fit above and below these. */
  readonly above: number;
  readonly below: number;
  readonly at: number;
  readonly column: number;
  readonly isBrief: boolean;
  readonly width: number;
  readonly theme: Theme;
}

const Look = createContext<MenuProps | null>(null);

const Item = ({
  isSelected = false,
  label,
}: {
  readonly isSelected?: boolean;
  readonly label: string;
}): ReactElement => {
  const { choices, above, below, column, isBrief, width, theme } = use(Look)!;
  const n = Number(label);
  const choice = choices[n];
  if (!choice) return <Text />;
  const mark = n === 0 && above > 0 ? '↑' : n === choices.length - 1 && below > 0 ? '↓' : ' ';
  return (
    <Box
      flexDirection="column"
      aria-role={choice.ticked === undefined ? 'menuitem' : 'checkbox'}
      aria-state={{ selected: isSelected, ...(choice.ticked !== undefined && { checked: choice.ticked }) }}
    >
      {drawChoice(choice, isSelected, width, theme, { mark, column, isBrief }).map((row, i) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: rows of one wrapped label have no other name
        <Spans key={i} spans={row} />
      ))}
    </Box>
  );
};
const NoIndicator = (): ReactElement => <Text />;

export const Menu = (props: MenuProps): ReactElement | null =>
  props.choices.length === 0 ? null : (
    <Look value={props}>
      {/* A new key for each look: it goes back to its first item when its items change. */}
      <SelectInput
        key={`${props.above} ${props.at} ${props.choices.length}`}
        items={props.choices.map((c, i) => ({ key: c.id, label: String(i), value: c.id }))}
        initialIndex={props.at}
        isFocused={false}
        indicatorComponent={NoIndicator}
        itemComponent={Item}
      />
    </Look>
  );
