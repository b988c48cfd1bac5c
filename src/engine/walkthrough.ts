/**
 * The whole tree as one machine: the trunk once, then the part that depends on the form of the request again for
 * each further form, until there is nothing left to ask.
 */
import { type AnyActorLogic, assign, forwardTo, fromPromise, setup } from 'xstate';
import type { ChooseEvent, Exit, FlowInput, FlowOutput } from './compile.ts';
import type { Request, WayId } from './flow.ts';

export interface WalkInput {
  readonly tried: Readonly<Record<string, number>>;
  readonly left: readonly string[];
}
export interface WalkContext extends WalkInput {
  readonly request: Request | null;
  readonly done: readonly WayId[];
  readonly interrupted: boolean;
}
export interface WalkOutput extends WalkInput {
  readonly interrupted: boolean;
}
/** The next form to walk, given the ones walked; null when all are. */
export type NextWay = (done: readonly WayId[]) => Promise<Request | null>;

/**
 * @param machines one per flow, their outside filled in
 * @param trunk the flow the first walk starts at; later ones start at `branch`
 */
export const walkthrough = (
  machines: Readonly<Record<string, AnyActorLogic>>,
  { trunk, branch, nextWay }: { readonly trunk: string; readonly branch: string; readonly nextWay: NextWay },
) => {
  const kit = setup({
    types: {} as { context: WalkContext; events: ChooseEvent; input: WalkInput; output: WalkOutput },
    actors: {
      ...machines,
      nextWay: fromPromise<Request | null, readonly WayId[]>(({ input }) => nextWay(input)),
    } as Record<string, AnyActorLogic>,
  });
  const next = 'next way';
  const flow = (id: string) => ({
    on: { CHOOSE: { actions: forwardTo('flow') } },
    invoke: {
      id: 'flow',
      src: id,
      input: ({ context }: { context: WalkContext }): FlowInput => ({
        request: context.request!,
        tried: context.tried,
        left: context.left,
      }),
      onDone: [
        ...Object.keys(machines).map(other => ({
          target: other,
          guard: ({ event }: { event: { output: FlowOutput } }) =>
            'to' in event.output.exit && event.output.exit.to === other,
          actions: assign(({ event }: { event: { output: FlowOutput } }) => ({
            tried: event.output.tried,
            left: event.output.left,
          })),
        })),
        {
          target: next,
          actions: assign({
            tried: ({ event }: { event: { output: FlowOutput } }) => event.output.tried,
            left: ({ event }: { event: { output: FlowOutput } }) => event.output.left,
            done: ({ context }: { context: WalkContext }) => [...context.done, context.request!.way],
            interrupted: ({ event }: { event: { output: FlowOutput } }) => isInterrupted(event.output.exit),
          } as never),
        },
      ],
    },
  });
  return kit.createMachine({
    id: 'walk',
    context: ({ input }) => ({ ...input, request: null, done: [], interrupted: false }),
    initial: next,
    states: {
      ...(Object.fromEntries(Object.keys(machines).map(id => [id, flow(id)])) as Record<string, object>),
      [next]: {
        always: { guard: ({ context }: { context: WalkContext }) => context.interrupted, target: 'ended' },
        invoke: {
          id: 'nextWay',
          src: 'nextWay',
          input: ({ context }: { context: WalkContext }) => context.done,
          onDone: [
            {
              target: trunk,
              guard: ({ context, event }: { context: WalkContext; event: { output: Request | null } }) =>
                event.output !== null && context.done.length === 0,
              actions: assign({ request: ({ event }: { event: { output: Request | null } }) => event.output }),
            },
            {
              target: branch,
              guard: ({ event }: { event: { output: Request | null } }) => event.output !== null,
              actions: assign({ request: ({ event }: { event: { output: Request | null } }) => event.output }),
            },
            { target: 'ended' },
          ],
          onError: { target: 'ended' },
        },
      },
      ended: { type: 'final' },
    } as never,
    output: ({ context }) => ({ tried: context.tried, left: context.left, interrupted: context.interrupted }),
  });
};

const isInterrupted = (exit: Exit): boolean => 'end' in exit && exit.end === 'interrupted';
