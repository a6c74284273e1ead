import { refuseSecondSink, type ResolvedOutboxOptions } from './outbox.options.js';
import { OutboxSinkSource, type OutboxServices, type OutboxSink } from './outbox-sink.port.js';

/** The key of `outbox.sinks` that stands for all others. */
const ANY_TOPIC = '*';

/** Who delivers which topic. */
export class SinkRegistry {
  private readonly sinks = new Map<string, { readonly sink: OutboxSink; readonly name: string }>();

  /** @throws {@link InvalidOptionsError} for a sink that needs what the connection does not have */
  constructor(sinks: ResolvedOutboxOptions['sinks'], services: OutboxServices) {
    for (const [topic, sink] of sinks) {
      const opened = sink instanceof OutboxSinkSource ? sink.open(topic, services) : sink;
      this.add(topic, opened, `\`outbox.sinks.${topic}\``);
    }
  }

  /**
   * @param name - what the sink is called in an error
   * @throws {@link InvalidOptionsError} where the topic has one already
   */
  add(topic: string, sink: OutboxSink, name: string): void {
    const known = this.sinks.get(topic);
    if (known !== undefined) throw refuseSecondSink(topic, known.name, name);
    this.sinks.set(topic, { sink, name });
  }

  find(topic: string): OutboxSink | undefined {
    return (this.sinks.get(topic) ?? this.sinks.get(ANY_TOPIC))?.sink;
  }
}
