/** A wizard that is still being loaded: the first menu stands while tree, probes and fixes are read in. */
import type { Intent, State, Wizard } from './state.ts';

/** `first` is what is shown until then; what a person does meanwhile is done as soon as it can be. */
export const soon = (first: State, loading: Promise<Wizard>): Wizard => {
  const listeners = new Set<() => void>();
  const waiting: Intent[] = [];
  let wizard: Wizard | null = null;
  let askRoot: (() => Promise<boolean>) | null = null;
  const tell = (): void => {
    for (const listener of listeners) listener();
  };
  const done = loading.then(loaded => {
    wizard = loaded;
    if (askRoot !== null) loaded.onAskRoot(askRoot);
    loaded.subscribe(tell);
    tell();
    for (const intent of waiting) loaded.send(intent);
    return loaded.done;
  });
  return {
    subscribe: listener => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    state: () => wizard?.state() ?? first,
    send: intent => {
      if (wizard === null) waiting.push(intent);
      else wizard.send(intent);
    },
    onAskRoot: ask => {
      askRoot = ask;
      wizard?.onAskRoot(ask);
    },
    sudo: () => wizard?.sudo() ?? false,
    done,
  };
};
