/** One row of the terminal. */
import { Text } from 'ink';
import type { ReactElement } from 'react';
import type { Drawn } from './rows.ts';

export const Spans = ({ spans }: { readonly spans: Drawn }): ReactElement => (
  <Text wrap="truncate-end">
    {spans.map((s, i) => (
      // biome-ignore lint/suspicious/noArrayIndexKey: spans have no other name than their place
      <Text key={i} {...(s.color && { color: s.color })} bold={s.bold === true} dimColor={s.dim === true}>
        {s.text}
      </Text>
    ))}
  </Text>
);
