/** What a choice, a tick or a step back does during a walk: at a finding, its questions, a refusal or a page of steps. */
import type { Outside } from './outside.ts';
import { startOf, turned } from './picks.ts';
import type { Session } from './session.ts';
import type { At, Intent } from './state.ts';
import type { Walk } from './walk.ts';

interface Here {
  readonly at: Extract<At, { at: 'walk' }>;
  readonly walk: Walk;
  readonly session: Session;
  readonly outside: Outside;
  readonly go: (at: At) => void;
  /** Only the data behind the page changes: what is open on it stays open. */
  readonly stay: (at: At) => void;
}

/** Whether the intent was about a question that a fix asks; then it is dealt with. */
const answered = ({ at, walk, session, go, stay }: Here, intent: Intent): boolean => {
  if (walk.stage !== 'asking') return false;
  const picks = at.picks ?? startOf(walk.asks, walk.chosen);
  const turn = turned(walk.asks, picks, intent);
  if (turn === 'away') session.choose('back');
  else if (turn !== null && 'done' in turn) session.take(turn.done);
  else if (turn !== null) (turn.picks.page === picks.page ? stay : go)({ ...at, picks: turn.picks });
  return true;
};

/** Choices and ticks. */
export const sayInWalk = (intent: Extract<Intent, { do: 'choose' | 'tick' | 'take' }>, here: Here): void => {
  if (answered(here, intent) || intent.do !== 'choose') return;
  const { at, walk, session, outside, go } = here;
  const { found } = walk;
  if (found === null) return;
  const offer = found.offers.find(o => intent.id === `fix ${o.fix}`);
  switch (intent.id) {
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
      session.choose(intent.id);
      break;
    default:
      if (offer?.by === 'guide') go({ ...at, guide: offer.fix });
      else if (offer) session.choose('fix', offer.fix);
  }
};

/** One step back, as far as the walk itself has one: false where it leads out of this finding. */
export const backInWalk = (here: Here, decline: () => void): boolean => {
  const { at, walk, session, go } = here;
  if (at.more || at.guide !== null) go({ ...at, more: false, guide: null });
  else if (walk.stage === 'asking') answered(here, { do: 'back' });
  else if (walk.stage === 'refused') session.choose('back');
  else if (walk.stage !== 'proposing') return walk.stage !== 'choosing';
  // What was answered can be changed; only where nothing was asked a step back is a no.
  else if (walk.asks.length > 0) session.choose('back');
  else decline();
  return true;
};
