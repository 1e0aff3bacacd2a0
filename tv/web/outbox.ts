// What people sent, until the server has it: kept on the device, sent once, in order.

import { call, identifier, Problem } from "./api";
import { keep, recall } from "./kept";
import { unpacked } from "./packing";
import { forgotten, join } from "./session";
import { jitter } from "./waiting";

export interface Letter {
  key: string; // Idempotency-Key: the server does it once, however often it is sent
  what:
    | ("question" | "idea" | "comment") // made: each is another one
    | ("support" | "ballot" | "dots" | "carry" | "sit" | "withdraw");
  method: string;
  path: string;
  body?: unknown;
  picture?: string; // of an idea, as a data URL: it goes ahead, and the body names it then
  note?: unknown; // for the page; not sent
  as?: string; // on a shared device: who of its people wrote it
}

/** Headers that say who sends a letter; throws the Problem that keeps it from leaving. */
export type Signing = (letter: Letter) => Promise<Record<string, string>>;

const ANEW = new Set<Letter["what"]>(["support", "ballot", "dots", "sit", "withdraw"]);
const PICTURES = "/api/v1/contributions/pictures";

export class Outbox {
  letters: Letter[];
  waiting = false; // something could not be sent and will be tried again
  onSent: (letter: Letter, reply: unknown) => void = () => {};
  onRefused: (letter: Letter, problem: Problem) => void = () => {};

  private sending = false;
  private failures = 0;
  private timer = 0;

  /** `name` is where the device keeps it. */
  constructor(
    private readonly changed: () => void,
    private readonly name = "outbox",
    private readonly sign: Signing = asOneself,
  ) {
    this.letters = recall<Letter[]>(name, []);
    addEventListener("online", () => {
      this.failures = 0; // those were of a network that was away
      void this.flush();
    });
  }

  send(letter: Omit<Letter, "key">): void {
    // What is decided anew (a vote, a support) replaces what has not left yet.
    const replaced = (other: Letter) =>
      ANEW.has(letter.what) &&
      other.path === letter.path &&
      other.as === letter.as &&
      other !== this.letters[0];
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
      const signed = await this.sign(letter);
      const body = letter.picture
        ? await this.upload(letter, letter.picture, signed)
        : letter.body;
      const once = { ...signed, "idempotency-key": letter.key };
      const reply = await call(letter.method, letter.path, body, once);
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

  /** The picture goes once, however often its letter is tried; returns the body that names it. */
  private async upload(
    letter: Letter,
    picture: string,
    signed: Record<string, string>,
  ): Promise<unknown> {
    const sent = await call<{ id: string }>("POST", PICTURES, unpacked(picture), signed);
    const { picture: _, ...rest } = letter;
    const body = { ...(letter.body as object), picture: sent.id };
    const named: Letter = { ...rest, body };
    this.letters = this.letters.map((other) => (other.key === letter.key ? named : other));
    this.store();
    return body;
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
    keep(this.name, this.letters);
    this.changed();
  }
}

/** By this device's own cookie. */
async function asOneself(): Promise<Record<string, string>> {
  await join();
  return {};
}
