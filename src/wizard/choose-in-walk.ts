/** What a choice at a finding, a refusal or a page of steps does. */
import type { Outside } from './outside.ts';
import type { Session } from './session.ts';
import type { At } from './state.ts';
import type { Found } from './walk.ts';

interface Here {
  readonly at: Extract<At, { at: 'walk' }>;
  readonly found: Found;
  readonly session: Session;
  readonly outside: Outside;
  readonly go: (at: At) => void;
}

export const chooseInWalk = (id: string, { at, found, session, outside, go }: Here): void => {
  const offer = found.offers.find(o => id === `fix ${o.fix}`);
  switch (id) {
    case 'more':
      go({ ...at, more: true });
      break;
    case 'less':
      go({ ...at, more: false, guide: null });
      break;
    case 'guide':
      go({ ...at, guide: '' });
      break;
    case 'again':
      outside.facts.forget();
      session.choose('again');
      break;
    case 'leave':
      outside.append({ type: 'answered', question: found.id, answer: 'leave it' });
      session.choose('leave');
      break;
    case 'back':
    case 'decline':
      session.choose(id);
      break;
    default:
      if (offer?.by === 'guide') go({ ...at, guide: offer.fix });
      else if (offer) session.choose('fix', offer.fix);
  }
};
