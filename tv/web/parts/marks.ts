// What is pressed on stage: shown as done at once, sent once, and kept while the network is away.

import { Problem } from "../api";
import * as clock from "../clock";
import { seconds } from "../french";
import type { Synthesis } from "../lab_items";
import { type Letter, Outbox } from "../outbox";
import type { Question, StageMessage } from "../protocol";
import { announce } from "./text";

const LATE = 900; // seconds after which a mark is of no use to anybody

export interface Mark {
  of: "questions" | "syntheses" | "messages";
  id: string;
  verb: "take" | "release" | "answer" | "told" | "acknowledge";
  talk: string;
  at: number; // broadcast time
}

export class Marks {
  private readonly outbox: Outbox;

  /** `version` is which one of a topic's view the page has. */
  constructor(changed: () => void, version: (topic: string) => string) {
    const fresh = (letter: Letter) => clock.now() - (letter.note as Mark).at < LATE;
    this.outbox = new Outbox(changed, version, "marks", async (letter) => {
      if (fresh(letter)) return {};
      throw new Problem(410, "too-late", "Un geste de plus d’un quart d’heure ne compte plus.", 0);
    });
    this.outbox.letters = this.outbox.letters.filter(fresh);
    this.outbox.onRefused = (_, problem) => announce(problem.message, true);
  }

  /** In the order in which they were pressed. */
  get all(): Mark[] {
    return this.outbox.deciding.map(({ note }) => note as Mark);
  }

  /** How many wait for the network. */
  get waiting(): number {
    return this.outbox.waiting ? this.outbox.letters.length : 0;
  }

  make(said: Omit<Mark, "at">): void {
    const mark = { ...said, at: clock.now() };
    const { of, id, verb, talk, at } = mark;
    const body = of === "questions" ? { at } : verb === "take" ? { talk } : {};
    const path = `/api/v1/${of}/${id}:${verb}`;
    const topic = of === "syntheses" ? "shared" : `talk:${talk}`;
    this.outbox.send({ what: "mark", method: "POST", path, topic, body, note: mark });
  }

  /** The network is back. */
  flush(): void {
    void this.outbox.flush();
  }
}

/** Questions as they will be once these marks have arrived. Pure. */
export function marked(questions: Question[], marks: Mark[]): Question[] {
  return marks.reduce((so, { of, id, verb, at }) => {
    if (of !== "questions") return so;
    // The server refuses what was pressed before the answer under way began.
    const live = so.find(({ state }) => state === "live");
    if (verb === "take" && live && at < started(live)) return so;
    return so.map((question): Question => {
      const { state } = question;
      if (question.id !== id) {
        const closes = verb === "take" && state === "live";
        return closes ? { ...question, state: "answered", answered_at: at } : question;
      }
      if (verb === "take" && state === "approved") {
        return { ...question, state: "live", taken_at: at };
      }
      if (state !== "live") return question;
      return verb === "answer"
        ? { ...question, state: "answered", answered_at: at }
        : verb === "release"
          ? { ...question, state: "approved", taken_at: null }
          : question;
    });
  }, questions);
}

/** The same for syntheses. */
export function told(syntheses: Synthesis[], marks: Mark[]): Synthesis[] {
  return marks.reduce((so, { of, id, verb, talk, at }) => {
    if (of !== "syntheses") return so;
    return so.map((synthesis) => {
      const before = synthesis.airings;
      const airings = before.map((airing) =>
        airing.end == null && airing.talk === talk && (synthesis.id === id) === (verb === "told")
          ? { ...airing, end: at }
          : airing,
      );
      const runs = airings.some(({ end }) => end == null);
      if (synthesis.id === id && verb === "take" && !runs) {
        airings.push({ talk, start: at, end: null });
      }
      return { ...synthesis, airings };
    });
  }, syntheses);
}

/** Messages that nobody on stage has read. */
export function unread(messages: StageMessage[], marks: Mark[]): StageMessage[] {
  const read = new Set(marks.filter(({ of }) => of === "messages").map(({ id }) => id));
  return messages.filter(({ id, acknowledged_at }) => acknowledged_at == null && !read.has(id));
}

function started({ taken_at }: Question): number {
  return seconds(taken_at) ?? 0;
}
