// Who acts on a page of the laboratories: whoever has the phone, or one after the other (kiosk.ts).

import { call, type Problem } from "./api";
import { keep, recall } from "./kept";
import type { Live } from "./live";
import { type Letter, Outbox } from "./outbox";
import type { Mine } from "./protocol";
import { join } from "./session";

export interface Person {
  readonly shared: boolean; // on a device that others use after them
  readonly letters: readonly Letter[]; // theirs that have not left
  readonly deciding: readonly Letter[]; // the same, and what the server has just taken
  readonly waiting: boolean; // for the network
  onSent: (letter: Letter, reply: unknown) => void;
  onRefused: (letter: Letter, problem: Problem) => void;

  /** What the server has of them in `me:{name}`; undefined until it said so. */
  own<T extends Mine>(name: string): T | undefined;
  /** Send it, now or as soon as it goes. Returns false when it is not taken: they were told why. */
  send(letter: Omit<Letter, "key" | "as">): boolean;
  /** Ask something as them, at once or never. */
  call<T>(method: string, path: string, body?: unknown): Promise<T>;
  /** What they are writing. */
  recall<T>(name: string, otherwise: T): T;
  keep(name: string, value: unknown): void;
}

/** On a device of one's own; the page follows `me:{name}` by its socket. */
export class Oneself implements Person {
  readonly shared = false;
  private readonly outbox: Outbox;

  constructor(
    private readonly live: Live,
    changed: () => void,
  ) {
    this.outbox = new Outbox(changed, (topic) => live.version(topic));
    void this.outbox.flush();
  }

  get letters(): readonly Letter[] {
    return this.outbox.letters;
  }

  get deciding(): readonly Letter[] {
    return this.outbox.deciding;
  }

  get waiting(): boolean {
    return this.outbox.waiting;
  }

  set onSent(then: (letter: Letter, reply: unknown) => void) {
    this.outbox.onSent = then;
  }

  set onRefused(then: (letter: Letter, problem: Problem) => void) {
    this.outbox.onRefused = then;
  }

  own<T extends Mine>(name: string): T | undefined {
    return this.live.item(`me:${name}`, "me", name) as T | undefined;
  }

  send(letter: Omit<Letter, "key" | "as">): boolean {
    this.outbox.send(letter);
    return true;
  }

  async call<T>(method: string, path: string, body?: unknown): Promise<T> {
    await join();
    return call<T>(method, path, body);
  }

  recall<T>(name: string, otherwise: T): T {
    return recall(name, otherwise);
  }

  keep(name: string, value: unknown): void {
    keep(name, value);
  }
}
