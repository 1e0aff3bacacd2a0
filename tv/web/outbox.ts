// What people sent, until the server has it: kept on the device, sent once, in order.

import { call, identifier, Problem } from "./api";
import { entrust } from "./entrusting";
import { keep, recall } from "./kept";
import { unpacked } from "./packing";
import { forgotten, join } from "./session";
import { jitter } from "./waiting";

export interface Letter {
  key: string; // Idempotency-Key: the server does it once, however often it is sent
  what:
    | ("question" | "idea" | "comment") // made: each is another one
    | ("support" | "ballot" | "dots" | "carry" | "sit" | "withdraw" | "mark");
  method: string;
  path: string;
  body?: unknown;
  picture?: string; // of an idea, as a data URL: it goes ahead, and the body names it then
  topic?: string; // whose view brings what it changed: until then the page shows what was decided
  note?: unknown; // for the page; not sent
  as?: string; // on a shared device: who of its people wrote it
}

/** Headers that say who sends a letter; throws the Problem that keeps it from leaving. */
export type Signing = (letter: Letter) => Promise<Record<string, string>>;

interface Taken {
  letter: Letter;
  version: string; // that the server gave to what it changed, "" where it did not say
}

const ANEW = new Set<Letter["what"]>(["support", "ballot", "dots", "sit", "withdraw"]);
// A pace passes in seconds. What is full does not for minutes: people decide what to do about it,
// and their other letters do not wait.
const PACE = /^(too|join)-/;
const LOST = 6_000; // ms after which a view that has not come will not: pages poll every five seconds
const CLOSED = 6_000; // ms after which a page that has not sent what it wrote is no longer open
const PICTURES = "/api/v1/contributions/pictures";

export class Outbox {
  letters: Letter[] = [];
  cut = false; // nothing gets through: it will be tried again
  onSent: (letter: Letter, reply: unknown) => void = () => {};
  onRefused: (letter: Letter, problem: Problem) => void = () => {};

  private readonly known = new Set<string>(); // keys of all that ever were among its letters
  private readonly taken = new Map<string, Taken>(); // of late, by path and who
  private sending = false;
  private tried = ""; // the key of the letter that is under way, or was without an answer
  private readonly held = new Map<string, number>(); // who was told to wait, and until when (ms)
  private failures = 0;
  private timer = 0;

  /** `version` is which one of a topic's view the page has; `name` is where the device keeps it. */
  constructor(
    private readonly changed: () => void,
    private readonly version: (topic: string) => string,
    private readonly name = "outbox",
    private readonly sign: Signing = asOneself,
  ) {
    this.adopt();
    addEventListener("online", () => {
      this.failures = 0; // those were of a network that was away
      void this.flush();
      setTimeout(() => {
        this.adopt();
        void this.flush();
      }, CLOSED);
    });
  }

  /** Whether something was put off. */
  get waiting(): boolean {
    return this.cut || this.held.size > 0;
  }

  /** What was decided, in order, as far as the page does not know it yet from the server. */
  get deciding(): readonly Letter[] {
    const unknown = [...this.taken.values()].filter(
      ({ letter: { topic = "" }, version }) => !reaches(this.version(topic), version),
    );
    return [...unknown.map(({ letter }) => letter), ...this.letters];
  }

  send(letter: Omit<Letter, "key">): void {
    // What is decided anew (a vote, a support) replaces what has not left yet.
    const replaced = (other: Letter) =>
      ANEW.has(letter.what) &&
      other.path === letter.path &&
      other.as === letter.as &&
      other.key !== this.tried;
    this.letters = this.letters.filter((other) => !replaced(other));
    const key = identifier();
    this.known.add(key);
    this.letters.push({ ...letter, key });
    this.store();
    void this.flush();
  }

  /** Try now; safe to call at any time. */
  async flush(): Promise<void> {
    if (this.sending) return;
    clearTimeout(this.timer);
    this.sending = true;
    try {
      for (let letter = this.next(); letter; letter = this.next()) {
        if (!(await this.deliver(letter))) return;
      }
      if (this.held.size) this.again(Math.min(...this.held.values()) - performance.now());
    } finally {
      this.sending = false;
      this.changed();
    }
  }

  /** In order, but for those who were told to wait: on a shared device others write after them. */
  private next(): Letter | undefined {
    const now = performance.now();
    for (const [who, until] of this.held) if (until <= now) this.held.delete(who);
    return this.letters.find(({ as = "" }) => !this.held.has(as));
  }

  /** False when nothing else gets through now. */
  private async deliver(letter: Letter): Promise<boolean> {
    this.tried = letter.key;
    try {
      const signed = await this.sign(letter);
      const body = letter.picture
        ? await this.upload(letter, letter.picture, signed)
        : letter.body;
      const once = { ...signed, "idempotency-key": letter.key };
      const reply = await call(letter.method, letter.path, body, once);
      this.settle(letter, reply as { version?: string } | null);
      this.done(letter);
      this.onSent(letter, reply);
    } catch (error) {
      const problem = error as Problem;
      const unknown = problem.status === 401;
      if (unknown) forgotten();
      const full = problem.status === 429 && !PACE.test(problem.code) && !ANEW.has(letter.what);
      if (problem.status === 429 && !full) {
        this.cut = false;
        const wait = problem.retryAfter + 0.5 + jitter(0, 1);
        this.held.set(letter.as ?? "", performance.now() + wait * 1000);
        return true;
      }
      const passing = !(error instanceof Problem) || (problem.passing && !full);
      if (passing || (unknown && this.failures === 0)) {
        this.cut = true;
        this.store();
        this.again(1000 * ((problem.retryAfter || 0) + 0.5 + jitter(this.failures, 1, 20)));
        this.failures += 1;
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

  /** The page's socket may bring it before the answer comes, or after it. */
  private settle(letter: Letter, reply: { version?: string } | null): void {
    if (!letter.topic) return;
    const about = `${letter.as ?? ""} ${letter.path}`;
    const taken = { letter, version: reply?.version ?? "" };
    this.taken.delete(about); // the newest is the last
    this.taken.set(about, taken);
    setTimeout(() => {
      if (this.taken.get(about) !== taken) return;
      this.taken.delete(about);
      this.changed();
    }, LOST);
  }

  private done(letter: Letter): void {
    this.failures = 0;
    this.cut = false;
    this.tried = "";
    this.letters = this.letters.filter(({ key }) => key !== letter.key);
    this.store();
  }

  private again(ms: number): void {
    this.timer = window.setTimeout(() => void this.flush(), ms);
  }

  /** Other pages of this device keep theirs in the same place. */
  private store(): void {
    const others = this.others();
    const letters = [...others, ...this.letters];
    keep(this.name, letters);
    if (this.sign === asOneself) void entrust(this.cut ? letters : others, this.cut);
    this.changed();
  }

  /** What they left is ours to send. */
  private adopt(): void {
    const others = this.others();
    for (const { key } of others) this.known.add(key);
    this.letters = [...others, ...this.letters];
  }

  private others(): Letter[] {
    return recall<Letter[]>(this.name, []).filter(({ key }) => !this.known.has(key));
  }
}

/** Whether a version of the journal, as milliseconds and a rank, comes no earlier than another. */
function reaches(version: string, other: string): boolean {
  const [time = 0, rank = 0] = version.split("-").map(Number);
  const [since = 0, after = 0] = other.split("-").map(Number);
  return other !== "" && (time > since || (time === since && rank >= after));
}

/** By this device's own cookie. */
async function asOneself(): Promise<Record<string, string>> {
  await join();
  return {};
}
