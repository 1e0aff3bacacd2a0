// A table's own tablet: one person after the other, each with ballots and ideas of their own.
//
// Nobody's cookie is on it: each person is a participant whose token the page holds, and what they
// send is signed with that, however late it leaves. The server makes a participant when the first
// thing of a person goes: so people may follow each other while there is no network, and whoever
// only looks takes no seat.

import { html, nothing, render } from "lit";
import { call, identifier, Problem } from "./api";
import * as clock from "./clock";
import { count, seconds } from "./french";
import { keep, recall } from "./kept";
import type { Cafe, Progress, Table } from "./lab_items";
import type { Live } from "./live";
import { type Letter, Outbox } from "./outbox";
import * as icons from "./parts/icons";
import { keepLit } from "./parts/lit_display";
import { announce } from "./parts/text";
import type { Person } from "./person";
import type { Mine, View } from "./protocol";

const IDLE = 90; // seconds without a touch after which it asks whether anybody is there
const ANSWER = 30; // seconds that one has to say so
const REFRESH = 10; // seconds between two looks at what one has
const FULL = "Toutes les places de la tablette ont servi dans ce tour";
const KEEPING = 1000; // ms at least between two times that a touch is kept
const REFUSED_PASS = 30; // seconds until a pass that was refused is tried again
const RENEWING = 12 * 3600; // seconds between two times that the server may renew its pass
const LATE = 5; // seconds after which what somebody sent should long have left

const monotonic = () => performance.now() / 1000;

/** When somebody first sent something (ms of this device), and for which round they sat down. */
interface Coming {
  at: number;
  cafe: string;
  round: number;
}

export class Kiosk implements Person {
  readonly shared = true;
  onSent: (letter: Letter, reply: unknown) => void = () => {};
  onRefused: (letter: Letter, problem: Problem) => void = () => {};
  onNew: () => void = () => {};
  /** Whether the page has something unsent that was not given to `keep`. */
  drafting: () => boolean = () => false;

  private readonly outbox: Outbox;
  private readonly dialog = document.createElement("dialog");
  private who = recall("kiosk.who", "") || identifier(); // who is here: a key of this device's
  private tokens = recall<Record<string, string>>("kiosk.tokens", {}); // by such keys
  private coming = recall<Record<string, Coming>>("kiosk.coming", {}); // of those without a token
  private kept = new Map<string, unknown>();
  private mine = new Map<string, Mine | undefined>(); // what the page wants to know of them
  private trouble = ""; // with the tablet's pass
  private acted = false;
  private touched = monotonic();
  // The same by a clock that goes on while the device sleeps, and its page is let go perhaps.
  private touchedOn = recall("kiosk.touched", Date.now());
  private touchKept = 0; // when that was kept
  private refreshed = 0;
  private sitting: Omit<Coming, "at"> | undefined; // for which round people sit here

  constructor(
    private readonly table: string,
    private readonly live: Live,
    private readonly changed: () => void,
  ) {
    if (Date.now() - this.touchedOn > (IDLE + ANSWER) * 1000) {
      this.who = identifier();
      this.touch();
    }
    keep("kiosk.who", this.who);
    const version = (topic: string) => this.mine.get(topic.replace("me:", ""))?.version ?? "";
    const sign = ({ as = this.who }: Letter) => this.sign(as);
    this.outbox = new Outbox(changed, version, "kiosk.outbox", sign);
    this.outbox.onSent = (letter, reply) => this.arrived(letter, reply);
    this.outbox.onRefused = (letter, problem) => this.refused(letter, problem);
    this.dialog.className = "kiosk-dialog";
    this.dialog.setAttribute("aria-labelledby", "kiosk-asks");
    document.body.append(this.dialog);
    const touch = () => {
      this.look(); // it may have slept: this is somebody else, and nothing is done yet
      this.touch();
    };
    for (const kind of ["pointerdown", "click", "keydown", "input", "wheel"]) {
      addEventListener(kind, touch, { passive: true, capture: true });
    }
    document.addEventListener("visibilitychange", () => this.look());
    setInterval(() => this.tick(), 1000);
    setInterval(() => void call("GET", "/api/v1/session").catch(() => {}), 1000 * RENEWING);
    keepLit(true);
    this.forget();
    void this.outbox.flush();
  }

  get deciding(): readonly Letter[] {
    return this.outbox.deciding.filter(({ as }) => as === this.who);
  }

  get letters(): readonly Letter[] {
    return this.outbox.letters.filter(({ as }) => as === this.who);
  }

  get waiting(): boolean {
    return this.outbox.cut;
  }

  own<T extends Mine>(name: string): T | undefined {
    if (!this.mine.has(name)) {
      this.mine.set(name, undefined);
      void this.refresh(name);
    }
    return this.mine.get(name) as T | undefined;
  }

  send(letter: Omit<Letter, "key" | "as">): boolean {
    if (!this.known && !this.letters.length && this.left() <= 0) {
      announce(`${FULL}. Vous pouvez participer avec votre téléphone.`, true);
      return false;
    }
    this.acted = true;
    if (!this.known && this.sitting) {
      this.coming[this.who] ??= { at: Date.now(), ...this.sitting };
      this.keepPeople();
    }
    this.outbox.send({ ...letter, as: this.who });
    return true;
  }

  async call<T>(method: string, path: string, body?: unknown): Promise<T> {
    this.acted = true;
    return call<T>(method, path, body, await this.sign(this.who));
  }

  recall<T>(name: string, otherwise: T): T {
    return this.kept.has(name) ? (this.kept.get(name) as T) : otherwise;
  }

  /** In memory alone: the device must not know it when the next one comes. */
  keep(name: string, value: unknown): void {
    if (value == null || value === "") this.kept.delete(name);
    else this.kept.set(name, value);
  }

  /** What stands at the top of the page. */
  bar() {
    const left = this.left();
    const unsent = this.outbox.letters.length;
    return html`<div class="kiosk-bar">
      <p class="kiosk-state">
        ${this.trouble ? html`<span class="chip trouble">${this.trouble}</span>` : nothing}
        ${
          unsent && (this.outbox.waiting || !this.live.connected)
            ? html`<span class="chip warn">
                ${count(unsent, "envoi partira", "envois partiront")}
                ${this.waiting || !this.live.connected ? "au retour du réseau" : "dans un instant"}
              </span>`
            : this.live.connected
              ? nothing
              : html`<span class="chip trouble">Hors ligne\u00a0: vous pouvez continuer</span>`
        }
        <span class="note">
          ${left > 0 ? `Encore ${count(left, "place", "places")} sur la tablette` : FULL}
        </span>
      </p>
      <button class="quiet huge" @click=${() => this.ask()}>
        ${icons.person} Nouvelle personne
      </button>
    </div>`;
  }

  /** At once when nothing would be lost. */
  private ask(): void {
    if (this.unsent) this.open("Tout n’est pas envoyé");
    else this.next();
  }

  /** Whoever comes finds nothing of who was here. */
  private next(): void {
    if (this.dialog.open) this.dialog.close();
    this.who = identifier();
    keep("kiosk.who", this.who);
    this.kept.clear();
    this.mine.clear();
    this.acted = false;
    this.touch();
    this.forget();
    this.onNew();
    scrollTo(0, 0);
    document.querySelector<HTMLElement>("#main")?.focus({ preventScroll: true });
    announce("À vous\u202f! Rien ne reste de la personne précédente.");
    this.changed();
  }

  /** People who left and whose things have all left, too. */
  private forget(): void {
    const needed = new Set([this.who, ...this.outbox.letters.map(({ as }) => as)]);
    const still = <T>(people: Record<string, T>) =>
      Object.fromEntries(Object.entries(people).filter(([key]) => needed.has(key)));
    this.tokens = still(this.tokens);
    this.coming = still(this.coming);
    this.keepPeople();
  }

  private keepPeople(): void {
    for (const [name, people] of [
      ["kiosk.tokens", this.tokens],
      ["kiosk.coming", this.coming],
    ] as const) {
      keep(name, Object.keys(people).length ? people : null);
    }
  }

  private touch(): void {
    this.touched = monotonic();
    this.touchedOn = Date.now();
    if (Math.abs(this.touchedOn - this.touchKept) < KEEPING) return;
    this.touchKept = this.touchedOn;
    keep("kiosk.touched", this.touchedOn);
  }

  /** Ask whether anybody is there, or give the place free, when nobody has touched it for long. */
  private look(): void {
    const idle = Math.max(monotonic() - this.touched, (Date.now() - this.touchedOn) / 1000);
    if (idle <= IDLE || !(this.used || this.dialog.open)) return;
    if (idle > IDLE + ANSWER) this.next();
    else if (!this.dialog.open) this.open("Toujours là\u202f?");
    else this.draw("Toujours là\u202f?", Math.ceil(IDLE + ANSWER - idle));
  }

  private tick(): void {
    this.look();
    if (this.known && monotonic() - this.refreshed > REFRESH) this.reload();
  }

  /**
   * With the time to move other people sit down here, unless somebody is still writing. To be called
   * as soon as one may know: what is done after that is done by others.
   */
  follow(): void {
    const lab = this.table.slice(0, this.table.lastIndexOf("."));
    const progress = this.live.item<Progress>(`lab:${lab}`, "progress", lab);
    if (!progress) return;
    const { cafe, step } = progress;
    const round = progress.round + Number(step === "moving" || step === "waiting");
    const before = this.sitting;
    const others = before !== undefined && (before.cafe !== cafe || before.round !== round);
    if (others && this.used && !this.unsent) this.next();
    this.sitting = { cafe, round };
  }

  private open(why: string): void {
    this.draw(why, 0);
    this.dialog.showModal();
    this.dialog.querySelector("button")?.focus();
  }

  private draw(why: string, left: number): void {
    render(
      html`<div class="refusal">
        <h2 id="kiosk-asks">${why}</h2>
        ${this.unsent ? html`<p>Ce qui n’est pas envoyé sera effacé.</p>` : nothing}
        ${
          left
            ? html`<p class="note" role="timer">
                Sans réponse, la place se libère dans ${count(left, "seconde", "secondes")}.
              </p>`
            : nothing
        }
        <div class="acts">
          <button class="primary huge" @click=${() => this.dialog.close()}>Je continue</button>
          <button class="quiet huge" @click=${() => this.next()}>Nouvelle personne</button>
        </div>
      </div>`,
      this.dialog,
    );
  }

  private get unsent(): boolean {
    return this.kept.size > 0 || this.drafting();
  }

  /** Whether somebody is here, or was. */
  private get used(): boolean {
    return this.acted || this.unsent || this.known || this.letters.length > 0;
  }

  /** Whether the server has made a participant of who is here. */
  private get known(): boolean {
    return this.who in this.tokens;
  }

  /** Places of this round that nobody took, as far as one knows here. */
  private left(): number {
    const table = this.live.item<Table>(`table:${this.table}`, "table", this.table);
    const cafe = table && this.live.item<Cafe>(`lab:${table.lab}`, "cafe", table.cafe);
    if (!table || !cafe || this.behind(table.lab)) return 1; // not known: the server will say
    const coming = new Set(this.outbox.letters.map(({ as = "" }) => as));
    const unknown = [...coming].filter((key) => !(key in this.tokens)).length;
    return Math.max(0, cafe.seats - table.kiosk_seated - unknown);
  }

  /** Whether there is no network, and another round by now for all that one knows. */
  private behind(lab: string): boolean {
    const progress = this.live.item<Progress>(`lab:${lab}`, "progress", lab);
    return !this.live.connected && (seconds(progress?.ends_at) ?? Infinity) < clock.now();
  }

  /** As one of its people, who is made a participant by their first act. */
  private async sign(key: string): Promise<Record<string, string>> {
    let token = this.tokens[key];
    if (!token) {
      const path = `/api/v1/tables/${this.table}:person`;
      const once = { "idempotency-key": key };
      const late = this.late(key);
      try {
        ({ token } = await call<{ token: string }>("POST", path, late ?? {}, once));
      } catch (error) {
        const problem = error as Problem;
        const left = problem.code === "table-full" && !late && this.late(key); // while we asked
        if (left) return this.sign(key);
        throw this.patient(problem);
      }
      this.trouble = "";
      this.tokens[key] = token;
      delete this.coming[key];
      this.keepPeople();
    }
    return { authorization: `Bearer ${token}` };
  }

  /**
   * When they sat down, of those whom nobody can tell any more that another tablet took the last
   * place meanwhile: they are taken in above the places.
   */
  private late(key: string): Omit<Coming, "at"> | undefined {
    const coming = this.coming[key];
    if (!coming || (key === this.who && Date.now() - coming.at < LATE * 1000)) return undefined;
    return { cafe: coming.cafe, round: coming.round };
  }

  /** A pass that is over costs nobody their words: they wait until the tablet has another. */
  private patient(problem: Problem): Problem {
    if (problem.status !== 401 && problem.status !== 403) return problem;
    this.trouble = problem.message;
    return new Problem(503, problem.code, problem.message, REFUSED_PASS);
  }

  private arrived(letter: Letter, reply: unknown): void {
    this.forget();
    if (letter.as !== this.who) return;
    this.onSent(letter, reply);
    this.reload();
  }

  /** What was refused of somebody who left is not for the eyes of who is here now. */
  private refused(letter: Letter, problem: Problem): void {
    this.forget();
    if (letter.as === this.who) this.onRefused(letter, problem);
    else announce(`Un envoi d’une autre personne n’a pas été pris. ${problem.message}`, true);
  }

  private reload(): void {
    this.refreshed = monotonic();
    for (const name of this.mine.keys()) void this.refresh(name);
  }

  private async refresh(name: string): Promise<void> {
    const { who } = this;
    const token = this.tokens[who];
    if (!token) return;
    const signed = { authorization: `Bearer ${token}` };
    const path = `/api/v1/views/${encodeURIComponent(`me:${name}`)}`;
    const view = await call<View>("GET", path, undefined, signed).catch(() => null);
    const [item] = view?.items ?? [];
    if (!item || who !== this.who) return; // somebody else is here by now
    this.mine.set(name, item as Mine);
    this.changed();
  }
}
