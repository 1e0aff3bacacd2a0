// What people sent, until the server has it: kept on the device, sent once, in order.

import { call, identifier, Problem } from "./api";
import { keep, recall } from "./kept";
import { forgotten, join } from "./session";
import { jitter } from "./waiting";

export interface Letter {
  key: string; // Idempotency-Key: the server does it once, however often it is sent
  what: "question" | "support" | "ballot" | "withdraw";
  method: string;
  path: string;
  body?: unknown;
  note?: unknown; // for the page; not sent
}

export class Outbox {
  letters: Letter[] = recall("outbox", []);
  waiting = false; // something could not be sent and will be tried again
  onSent: (letter: Letter, reply: unknown) => void = () => {};
  onRefused: (letter: Letter, problem: Problem) => void = () => {};

  private sending = false;
  private failures = 0;
  private timer = 0;

  constructor(private readonly changed: () => void) {
    addEventListener("online", () => void this.flush());
  }

  send(letter: Omit<Letter, "key">): void {
    // What is decided anew (a vote, a support) replaces what has not left yet.
    const replaced = (other: Letter) =>
      letter.what !== "question" && other.path === letter.path && other !== this.letters[0];
    this.letters = this.letters.filter((other) => !replaced(other));
    this.letters.push({ ...letter, key: identifier() });
    this.store();
    void this.flush();
  }

  /** Try now; safe to call at any time. */
  async flush(): Promise<void> {
    if (this.sending) return;
    clearTimeout(this.timer);
    this.sending = true;
    try {
      for (let letter = this.letters[0]; letter; letter = this.letters[0]) {
        if (!(await this.deliver(letter))) return;
      }
    } finally {
      this.sending = false;
      this.changed();
    }
  }

  /** True when the letter has left the box, accepted or refused. */
  private async deliver(letter: Letter): Promise<boolean> {
    try {
      await join();
      const once = { "idempotency-key": letter.key };
      const reply = await call(letter.method, letter.path, letter.body, once);
      this.done(letter);
      this.onSent(letter, reply);
    } catch (error) {
      const problem = error as Problem;
      const unknown = problem.status === 401;
      if (unknown) forgotten();
      if (!(error instanceof Problem) || problem.passing || (unknown && this.failures === 0)) {
        this.retry(problem.retryAfter || 0);
        return false;
      }
      this.done(letter);
      this.onRefused(letter, problem);
    }
    return true;
  }

  private done(letter: Letter): void {
    this.failures = 0;
    this.waiting = false;
    this.letters = this.letters.filter(({ key }) => key !== letter.key);
    this.store();
  }

  private retry(after: number): void {
    this.waiting = true;
    const seconds = after + 0.5 + jitter(this.failures, 1, 20);
    this.failures += 1;
    this.timer = window.setTimeout(() => void this.flush(), seconds * 1000);
  }

  private store(): void {
    keep("outbox", this.letters);
    this.changed();
  }
}
