/**
 * A saga begins `running`. It ends `completed` when its last step is done. When a step fails for good before the pivot is
 * done, or the saga is cancelled or late before that, it is `compensating`: what was done is taken back, in the reverse order
 * of the starts. It ends `compensated` when all of that has succeeded, and `dead` when an undo has failed for good: somebody
 * has to look at it. After the pivot there is no way back: a step that fails for good leaves the saga `dead` as well. A dead
 * saga runs again (`retryDead`: to where it was going), or is closed by hand (`resolveDead`).
 *
 * ```text
 * running ──last step done──────────────▶ completed
 *    │ └─────after the pivot, for good──▶ dead ──resolved by hand──▶ compensated
 *    ▼                                    ▲ │
 * compensating ──an undo fails for good───┘ └──retried──▶ running, compensating
 *    └──────────all taken back──────────▶ compensated
 * ```
 *
 * @public
 */
export const SAGA_STATES = ['running', 'compensating', 'completed', 'compensated', 'dead'] as const;

/**
 * Where a saga stands.
 *
 * @public
 */
export type SagaState = (typeof SAGA_STATES)[number];

const NEXT: Readonly<Record<SagaState, readonly SagaState[]>> = {
  running: ['compensating', 'completed', 'dead'],
  compensating: ['compensated', 'dead'],
  completed: [],
  compensated: [],
  dead: ['running', 'compensating', 'compensated'],
};

/** Whether a saga may go from one state to another. */
export function mayMove(from: SagaState, to: SagaState): boolean {
  return NEXT[from].includes(to);
}

/** Whether nothing happens any more by itself. */
export function isSettled(state: SagaState): boolean {
  return state !== 'running' && state !== 'compensating';
}
