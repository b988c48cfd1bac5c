/** Earlier changes: the list of them, taking one back, and what an interrupted run left half done. */
import type { Hall, Side } from './hall.ts';
import type { PastSession } from './outside.ts';
import { finishPage, undoPage } from './pages.ts';

export interface PastOptions {
  /** Asks for root where it takes a password; refused, the attempt itself says what it may not do. */
  readonly askRoot: () => Promise<boolean>;
  /** After a change was taken back nothing of the walk holds. */
  readonly drop: () => void;
  readonly look: () => void;
}

export interface PastPages extends Side {
  readonly answer: (yes: boolean) => void;
}

export const createPast = (hall: Hall, { askRoot, drop, look }: PastOptions): PastPages => {
  const withRoot = async <T>(attempt: () => Promise<T>): Promise<T> => {
    if (hall.outside().box.kind === 'live' && !(await hall.outside().canRoot())) await askRoot();
    return attempt();
  };

  const list = () => {
    hall.go({ at: 'past', sessions: null });
    hall.then(hall.outside().past(), sessions => hall.go({ at: 'past', sessions }));
  };

  const undo = (what: PastSession) => {
    hall.busy(`putting back what ${what.id} changed`, true);
    hall.then(
      withRoot(() => hall.outside().undo(what.id)),
      result => {
        const { changes, session } = hall.state();
        hall.outside().facts.forget();
        if (result.did === 'undone') {
          drop();
          hall.set({ changes: what.id === session ? 0 : changes, walk: null, undone: true });
          hall.row({ sign: 'done', label: 'Undone', text: what.title });
        }
        look();
        hall.go({ at: 'page', page: undoPage(result, what.id), back: { at: 'menu' } });
      },
    );
  };

  const finish = (what: PastSession) => {
    hall.busy('finishing what was begun', true);
    hall.then(
      withRoot(() => hall.outside().finish(what.id)),
      result => {
        hall.outside().facts.forget();
        look();
        hall.go({ at: 'page', page: finishPage(result), back: { at: 'menu' } });
      },
    );
  };

  return {
    choose: id => {
      const { at } = hall.state();
      if (at.at === 'past') {
        const chosen = at.sessions?.find(s => s.id === id);
        if (chosen) hall.go({ at: 'undo', session: chosen });
      } else if (at.at === 'unfinished') {
        if (id === 'later') hall.go({ at: 'menu' });
        else if (id === 'undo') undo(at.session);
        else finish(at.session);
      } else if (id === 'undo') list();
      else return false;
      return true;
    },
    back: () => {
      if (hall.state().at.at !== 'undo') return false;
      list();
      return true;
    },
    answer: yes => {
      const { at } = hall.state();
      if (at.at !== 'undo') return;
      if (yes) undo(at.session);
      else list();
    },
  };
};
