import { OutboxLane, type LaneResult, type LaneSettings } from './outbox-lane.js';
import type { OutboxSink } from './outbox-sink.port.js';
import type { Candidate, OwnedSlot, PendingMessage } from './outbox-store.js';
import { publishOutbox } from './outbox.events.js';

/** How a lane has ended. */
export interface EndedLane extends LaneResult {
  readonly id: string;
  readonly candidate: Candidate;
  /** Its key may have more than was read. */
  readonly again: boolean;
  /** Why it could not write down what came of it; undefined where it could. */
  readonly error?: unknown;
}

/** What {@link RunningLanes} stands on. */
export interface RunningLanesSettings extends LaneSettings {
  readonly ended: (lane: EndedLane) => void;
  /** Nothing runs in the slot any more. */
  readonly idle: (slot: number) => void;
}

/** The keys that are being delivered at this moment, one lane for each. */
export class RunningLanes {
  private readonly lanes = new Map<string, OutboxLane>();
  private readonly busy = new Map<number, number>();

  constructor(private readonly settings: RunningLanesSettings) {}

  get size(): number {
    return this.lanes.size;
  }

  /** Whether something runs in the slot. */
  isBusy(slot: number): boolean {
    return this.busy.has(slot);
  }

  /**
   * There may be something new for a lane, which it looks for when it has dealt with what it has.
   *
   * @returns whether it runs
   */
  remind(id: string): boolean {
    const lane = this.lanes.get(id);
    if (lane !== undefined) lane.again = true;
    return lane !== undefined;
  }

  begin(
    id: string,
    candidate: Candidate,
    { slot, sink }: { readonly slot: OwnedSlot; readonly sink: OutboxSink },
    messages: readonly PendingMessage[],
  ): void {
    const { connection, options } = this.settings;
    const lane = new OutboxLane(slot, sink, this.settings);
    lane.again = messages.length === options.batchSize;
    this.lanes.set(id, lane);
    this.busy.set(slot.slot, (this.busy.get(slot.slot) ?? 0) + 1);
    for (const message of messages)
      publishOutbox('claimed', () => ({
        connection,
        id: message.id,
        topic: message.topic,
        key: message.key,
      }));
    void this.follow(id, candidate, lane, messages);
  }

  /** Gives up what runs: in one slot, or everywhere. */
  abort(reason: Error, slot?: number): void {
    for (const lane of this.lanes.values())
      if (slot === undefined || lane.slot.slot === slot) lane.abort(reason);
  }

  private async follow(
    id: string,
    candidate: Candidate,
    lane: OutboxLane,
    messages: readonly PendingMessage[],
  ): Promise<void> {
    const { ended, idle } = this.settings;
    const result: LaneResult & { readonly error?: unknown } = await lane
      .run(messages)
      .catch((error: unknown) => ({ error }));
    this.lanes.delete(id);
    const { slot } = lane.slot;
    const left = (this.busy.get(slot) ?? 1) - 1;
    if (left > 0) this.busy.set(slot, left);
    else this.busy.delete(slot);
    ended({ ...result, id, candidate, again: lane.again });
    if (left <= 0) idle(slot);
  }
}
