// The syntheses of a table as its host writes them: saved by themselves, kept on the device until
// the server has them, and put together with what another host wrote meanwhile.

import { call, identifier, Problem } from "../api";
import { keep, recallAll } from "../kept";
import type { Synthesis } from "../lab_items";
import { announce } from "../parts/text";
import { jitter } from "../waiting";
import { alike, joined, merged, same, type Text } from "./merging";

const PAUSE = 1200; // ms without a change after which it is saved
const SYNTHESES = "/api/v1/syntheses";

export interface Version {
  title: string;
  body: string;
  author: string;
  at: string;
}

/** A synthesis as the API gives it to the hosts of its table. */
export interface Sheet extends Synthesis {
  history?: Version[]; // what it said before, the newest first; once it was asked for alone
}

/** What is written here and not on the server yet. */
interface Draft {
  id: string; // "" until it is made
  version: string; // the one that `base` is of
  base: Text;
  text: Text;
  keeps: boolean; // what it said before is to stay as a version
  sending: { key: string; text: Text } | null; // what may have arrived without our knowing
}

const EMPTY: Text = { title: "", body: "", ideas: [], clusters: [] };

export class Sheets {
  all: Sheet[] = []; // the oldest first
  chosen = ""; // the id of one, or the name of one not made yet
  saving = false;
  waiting = false; // for the network
  trouble = ""; // why what is written here was refused
  readonly clashes = new Map<string, Sheet>(); // by name: what another host wrote in its place

  private cafe = "";
  private readonly drafts: Map<string, Draft>; // by name, as they are kept
  private typed = new Map<string, { version: string; text: Text }>(); // as it was typed and saved
  private running = Promise.resolve(true);
  private failures = 0;
  private timer = 0;

  constructor(
    private readonly table: string,
    private readonly changed: () => void,
  ) {
    this.drafts = recallAll<Draft>(this.keptAs(""));
    this.chosen = [...this.drafts.keys()][0] ?? "";
    addEventListener("online", () => void this.save());
    document.addEventListener("visibilitychange", () => void this.save());
    if (this.drafts.size) this.soon();
  }

  get current(): Sheet | undefined {
    return this.all.find(({ id }) => id === this.chosen);
  }

  /** What is written, in what is chosen. */
  get text(): Text {
    const draft = this.drafts.get(this.chosen);
    if (draft) return draft.text;
    const typed = this.typed.get(this.chosen);
    const { current } = this;
    if (!current) return EMPTY;
    return typed?.version === current.version ? typed.text : textOf(current);
  }

  /** Whether the server does not have all of it yet. */
  get unsaved(): boolean {
    return this.drafts.has(this.chosen);
  }

  /** Those that were begun here and are not made yet. */
  get unmade(): string[] {
    return [...this.drafts].filter(([, { id }]) => !id).map(([name]) => name);
  }

  begin(): void {
    this.chosen = identifier();
    this.changed();
  }

  choose(name: string): void {
    this.chosen = name;
    this.trouble = "";
    this.changed();
    void this.save();
    void this.history();
  }

  write(change: Partial<Text>): void {
    this.chosen ||= identifier();
    const { chosen, current, text } = this;
    const before: Draft = this.drafts.get(chosen) ?? {
      id: current?.id ?? "",
      version: current?.version ?? "",
      base: current ? textOf(current) : EMPTY,
      text,
      keeps: false,
      sending: null,
    };
    this.put(chosen, { ...before, text: { ...before.text, ...change } });
    this.trouble = "";
    if (!this.shows(current?.id ?? "")) this.soon();
  }

  /** The session in which the table writes. */
  about(cafe: string): void {
    if (cafe === this.cafe) return;
    if (this.cafe && !this.unsaved) this.chosen = "";
    this.cafe = cafe;
    this.all = [];
    void this.look().then(() => this.history());
  }

  /** What others wrote meanwhile, and what this device did not know. */
  async look(): Promise<void> {
    if (!this.cafe) return;
    const path = `${SYNTHESES}?table=${this.table}&cafe=${this.cafe}`;
    const found = await call<{ items: Sheet[] }>("GET", path).catch(() => null);
    if (!found) return;
    const known = new Map(this.all.map((sheet) => [sheet.id, sheet]));
    this.all = found.items.map((sheet) => newer(known.get(sheet.id), sheet));
    for (const { id } of this.drafts.values()) {
      if (!id || this.all.some((sheet) => sheet.id === id)) continue;
      // Begun in an earlier session, and not saved since: it is finished first.
      const left = await call<Sheet>("GET", `${SYNTHESES}/${id}`).catch(() => null);
      if (left) this.know(left);
    }
    if (!this.chosen) this.chosen = this.all.find(({ state }) => state !== "hidden")?.id ?? "";
    if (!this.waiting && !this.trouble && this.restless()) this.soon();
    this.changed();
  }

  /** What the chosen one said before. */
  async history(): Promise<void> {
    const { current } = this;
    if (!current) return;
    const found = await call<Sheet>("GET", `${SYNTHESES}/${current.id}`).catch(() => null);
    if (found) this.know(found);
    this.changed();
  }

  /**
   * Save all that is written here; of what is shared already only what is chosen, if `shown`: others
   * see each version of it. Returns whether the server has all of what is chosen.
   */
  save(shown = false): Promise<boolean> {
    this.running = this.running.then(() => this.sendAll(shown)); // one after the other
    return this.running;
  }

  private async sendAll(shown: boolean): Promise<boolean> {
    clearTimeout(this.timer);
    if (!this.drafts.size) return true;
    this.saving = true;
    this.changed();
    try {
      for (const [name, draft] of [...this.drafts]) {
        if (this.clashes.has(name)) continue;
        if (this.shows(draft.id) && !(shown && name === this.chosen)) continue;
        await this.send(name);
      }
      this.failures = 0;
      this.waiting = false;
    } catch (error) {
      this.failed(error);
    } finally {
      this.saving = false;
      this.changed();
    }
    if (!this.waiting && !this.trouble && this.restless()) this.soon();
    return !this.unsaved;
  }

  /** Two hosts wrote the same words: what is to stay. */
  resolve(how: "mine" | "theirs" | "both"): void {
    const { chosen } = this;
    const theirs = this.clashes.get(chosen);
    const draft = this.drafts.get(chosen);
    this.clashes.delete(chosen);
    if (!theirs || !draft) return;
    const other = textOf(theirs);
    if (how === "theirs") this.drop(chosen);
    else {
      const text = how === "both" ? joined(draft.text, other) : draft.text;
      this.put(chosen, { ...draft, text, keeps: true });
      void this.save(true);
    }
    this.changed();
  }

  /** Ask the server for something about what is chosen, once all of it is saved. */
  async act(verb: string, body: object = {}): Promise<void> {
    const { state } = this.current ?? {};
    if (this.unsaved && state !== "hidden" && !(await this.save(true))) {
      throw new Problem(0, "unsaved", this.trouble || "Le texte n’est pas encore enregistré.", 0);
    }
    this.know(await call<Sheet>("POST", `${SYNTHESES}/${this.chosen}:${verb}`, body));
    this.changed();
  }

  private soon(): void {
    clearTimeout(this.timer);
    this.timer = window.setTimeout(() => void this.save(), PAUSE);
  }

  /** Whether something waits to be saved by itself. */
  private restless(): boolean {
    return [...this.drafts].some(([name, { id }]) => !this.shows(id) && !this.clashes.has(name));
  }

  /** Whether others see each version of it; so one that is not known yet is left alone. */
  private shows(id: string): boolean {
    return id !== "" && (this.all.find((sheet) => sheet.id === id)?.state ?? "shared") === "shared";
  }

  private async send(name: string): Promise<void> {
    const draft = this.drafts.get(name);
    if (!draft || (!draft.id && same(draft.text, EMPTY))) {
      this.drop(name); // begun, and emptied again
      return;
    }
    const { id, version, keeps } = draft;
    const again = draft.sending !== null;
    const sending = draft.sending ?? { key: identifier(), text: draft.text };
    this.put(name, { ...draft, sending });
    const once = { "idempotency-key": sending.key };
    try {
      const saved = id
        ? await call<Sheet>(
            "PATCH",
            `${SYNTHESES}/${id}`,
            keeps ? { ...sending.text, keeps } : sending.text,
            { ...once, "if-match": `"${version}"` },
          )
        : await call<Sheet>("POST", SYNTHESES, { table: this.table, ...sending.text }, once);
      this.saved(name, sending.text, saved, again);
    } catch (error) {
      if (!(error instanceof Problem) || error.passing) throw error;
      this.put(name, { ...(this.drafts.get(name) ?? draft), sending: null });
      if (error.status !== 412) throw error;
      await this.meet(name);
    }
  }

  /** `again`: it may have arrived before, and the answer says what stands by now. */
  private saved(name: string, sent: Text, saved: Sheet, again: boolean): void {
    const draft = this.drafts.get(name);
    const { id, version } = saved;
    this.know(saved);
    this.drop(name);
    if (this.chosen === name) this.chosen = id;
    if (id === this.chosen && saved.versions) void this.history();
    const text = draft?.text ?? sent;
    const left: Draft = { id, version, base: textOf(saved), text, keeps: false, sending: null };
    if (again && !alike(sent, saved)) {
      this.combine(id, { ...left, base: sent }, saved);
      return;
    }
    this.typed.set(id, { version, text: sent });
    if (!same(text, sent)) this.put(id, left);
  }

  private async meet(name: string): Promise<void> {
    const id = this.drafts.get(name)?.id;
    const theirs = await call<Sheet>("GET", `${SYNTHESES}/${id}`);
    const draft = this.drafts.get(name);
    if (!draft) return;
    this.know(theirs);
    this.combine(name, draft, theirs);
  }

  /** Somebody else wrote meanwhile: what both changed differently is for people to decide. */
  private combine(name: string, draft: Draft, theirs: Sheet): void {
    const base = textOf(theirs);
    const { text, clashes } = merged(draft.base, draft.text, base);
    if (same(text, base)) this.drop(name);
    else this.put(name, { ...draft, base, text, version: theirs.version });
    if (clashes.length) {
      this.clashes.set(name, theirs);
      announce("Quelqu’un d’autre a écrit en même temps que vous\u00a0: choisissez.", true);
    } else {
      announce("Ce que quelqu’un d’autre a écrit est ajouté au vôtre.");
    }
  }

  private failed(error: unknown): void {
    const problem = error as Problem;
    if (error instanceof Problem && !problem.passing) {
      this.trouble = problem.message;
      announce(problem.message, true);
      return;
    }
    this.waiting = true;
    const wait = (problem.retryAfter || 0) + 0.5 + jitter(this.failures, 1, 10);
    this.failures += 1;
    this.timer = window.setTimeout(() => void this.save(), wait * 1000);
  }

  private know(sheet: Sheet): void {
    const before = this.all.find(({ id }) => id === sheet.id);
    this.all = before
      ? this.all.map((other) => (other === before ? newer(before, sheet) : other))
      : [...this.all, sheet];
  }

  private put(name: string, draft: Draft): void {
    this.drafts.set(name, draft);
    keep(this.keptAs(name), draft);
    this.changed();
  }

  private drop(name: string): void {
    this.drafts.delete(name);
    keep(this.keptAs(name), null);
    this.changed();
  }

  /** Each by itself: another tab of this table has its own. */
  private keptAs(name: string): string {
    return `syntheses.${this.table}.${name}`;
  }
}

/** What is known of one: an answer that comes late may be older than what we know. */
function newer(known: Sheet | undefined, told: Sheet): Sheet {
  if (!known) return told;
  const [at = 0, rank = 0] = known.version.split("-").map(Number);
  const [then = 0, place = 0] = told.version.split("-").map(Number);
  return then > at || (then === at && place >= rank) ? { ...known, ...told } : known;
}

function textOf({ title, body, ideas, clusters }: Text): Text {
  return { title, body, ideas, clusters };
}
