// Moderating many things at once: choose several, refuse them in one act, block their senders.

import { html, nothing } from "lit";
import { live as now } from "lit/directives/live.js";
import { call } from "../api";
import type { Undo } from "../control_room/undo";
import type { Requests } from "../requests";
import { burst, type Sent } from "./bursts";
import * as icons from "./icons";
import { Refusal } from "./refusal";
import type { Steady } from "./steady";

const MOST = 2000; // of one act, as the server has it
const LASTS = 30_000; // ms in which an act on many things can be undone

/** The kind of things in the list, and their API. */
export interface What<T> {
  route: (item: T) => [path: string, field: string]; // where acts on many are, and what names them
  some: (n: number) => string; // « 12 questions »
  refused: (n: number) => string; // « 12 questions refusées »
  at: (item: T) => number; // when it came, in seconds
  done?: () => void; // something was refused, or is to be read again
}

export class Picking<T extends Sent> {
  private items: T[] = [];
  private readonly chosen = new Set<string>();
  private readonly devices = new Map<string, string[]>(); // what each sent that waits
  private together: string[] = []; // what came in a burst
  private announced = false; // whether the line about it shows
  private last = ""; // the one chosen last: ranges begin there
  private readonly refusal = new Refusal("refusing-many");

  constructor(
    private readonly what: What<T>,
    private readonly requests: Requests,
    private readonly undo: Undo,
    private readonly steady: Steady,
    private readonly changed: () => void,
  ) {}

  /** Those that wait, in the order in which they show; what is gone is no longer chosen. */
  about(items: T[]): void {
    const fresh = !this.items.length; // there was nothing to be about to press
    this.items = items;
    const there = new Set(items.map(({ id }) => id));
    for (const id of this.chosen) if (!there.has(id)) this.chosen.delete(id);
    this.devices.clear();
    for (const { id, device } of items) {
      if (!device) continue;
      const sent = this.devices.get(device);
      if (sent) sent.push(id);
      else this.devices.set(device, [id]);
    }
    this.together = burst(items, this.what.at);
    // A line that comes or goes moves the list: never under a finger.
    if (fresh || !this.steady.held) this.announced = this.together.length > 0;
  }

  /** Above the list: all at once, what is done with those chosen, and what came in a burst. */
  head() {
    const { items, chosen } = this;
    if (!items.length) return nothing;
    const all = chosen.size === items.length;
    return html`<div class="picking">
        <label>
          <input
            type="checkbox"
            .checked=${now(all)}
            .indeterminate=${now(!all && chosen.size > 0)}
            @change=${() => this.chooseAll()}
          />
          <span class=${chosen.size ? "visually-hidden" : ""}>Tout sélectionner</span>
        </label>
        <p aria-live="polite">${chosen.size ? this.what.some(chosen.size) : ""}</p>
        ${
          chosen.size
            ? html`<button
                  class="primary"
                  aria-disabled=${this.requests.busy.has("many") ? "true" : nothing}
                  @click=${() => this.refuseChosen()}
                >
                  Refuser…
                </button>
                <button class="tool" aria-label="Vider la sélection" @click=${() => this.choose([])}>
                  ${icons.close}
                </button>`
            : nothing
        }
      </div>
      ${this.announced ? this.burst() : nothing}`;
  }

  private burst() {
    const { together } = this;
    const off = together.length ? nothing : "true";
    return html`<div class="burst" role="group" aria-label="Envois groupés">
      <p>${
        together.length
          ? `${this.what.some(together.length)} d’appareils arrivés ensemble`
          : "Plus aucun envoi groupé"
      }</p>
      <button
        class="primary"
        aria-disabled=${this.requests.busy.has("many") ? "true" : off}
        @click=${() => together.length && this.refuse(together, "other")}
      >
        Tout refuser
      </button>
      <button class="link" aria-disabled=${off} @click=${() => this.choose(together)}>
        Sélectionner
      </button>
    </div>`;
  }

  /** On a card. */
  box({ id }: T) {
    return html`<label class="pick">
      <input
        type="checkbox"
        .checked=${now(this.chosen.has(id))}
        @click=${(event: MouseEvent) => this.toggle(id, event.shiftKey)}
      />
      <span class="visually-hidden">Sélectionner</span>
    </label>`;
  }

  /** On a card: the others of its device, and the device. */
  sender(item: T) {
    const { device } = item;
    if (!device) return nothing;
    const count = this.devices.get(device)?.length ?? 0;
    return html`<div class="sender">
      ${
        count > 1
          ? html`<button class="link" @click=${() => this.chooseDevice(item)}>
              Tout de cet appareil (${count})
            </button>`
          : nothing
      }
      <button
        class="link"
        aria-disabled=${this.requests.busy.has(device) ? "true" : nothing}
        @click=${() => void this.block(item)}
      >
        Bloquer cet appareil
      </button>
    </div>`;
  }

  /** Handle a key on the card of an item; returns true if the key did something. */
  key(event: KeyboardEvent, item: T): boolean {
    const acts: Record<string, () => void> = {
      x: () => this.toggle(item.id, event.shiftKey),
      s: () => this.chooseAll(),
      d: () => this.chooseDevice(item),
      b: () => void this.block(item),
    };
    const key = event.key.toLowerCase();
    if (key === "r" && this.chosen.has(item.id) && this.chosen.size > 1) this.refuseChosen();
    else if (acts[key]) acts[key]();
    else return false;
    return true;
  }

  /** Let go of those that are chosen; returns whether any was. */
  drop(): boolean {
    const any = this.chosen.size > 0;
    if (any) this.choose([]);
    return any;
  }

  private toggle(id: string, range: boolean): void {
    const ids = this.items.map((item) => item.id);
    const [from, to] = [ids.indexOf(this.last), ids.indexOf(id)].sort((a, b) => a - b);
    if (range && from !== undefined && from >= 0) {
      for (const each of ids.slice(from, (to ?? 0) + 1)) this.chosen.add(each);
    } else if (!this.chosen.delete(id)) {
      this.chosen.add(id);
    }
    this.last = id;
    this.changed();
  }

  private choose(ids: string[]): void {
    this.chosen.clear();
    for (const id of ids) this.chosen.add(id);
    this.changed();
  }

  private chooseAll(): void {
    const all = this.chosen.size === this.items.length;
    this.choose(all ? [] : this.items.map(({ id }) => id));
  }

  private chooseDevice({ device = "" }: T): void {
    this.choose(this.devices.get(device) ?? []);
  }

  private refuseChosen(): void {
    const ids = [...this.chosen];
    const body = this.what.some(ids.length);
    this.refusal.open({ body }, (reason) => this.refuse(ids, reason), true);
  }

  private refuse(ids: string[], reason: string): void {
    const parts = this.parts(ids);
    void this.requests.doing("many", async () => {
      const undone: [string, object][] = [];
      let refused = 0;
      for (const [path, field, names] of parts) {
        const body = { [field]: names.slice(0, MOST), reason };
        const done = await call<{ ids: string[] }>("POST", `${path}:reject`, body);
        refused += done.ids.length;
        undone.push([`${path}:restore`, { [field]: done.ids }]);
      }
      this.choose([]);
      this.what.done?.();
      this.undo.offer(`${this.what.refused(refused)}.`, () => this.restore(undone), LASTS);
    });
  }

  private restore(undone: [path: string, body: object][]): void {
    void this.requests.doing("many", async () => {
      for (const [path, body] of undone) await call("POST", path, body);
      this.what.done?.();
    });
  }

  /** The ids by where they are acted on. */
  private parts(ids: string[]): [path: string, field: string, ids: string[]][] {
    const chosen = new Set(ids);
    const parts = new Map<string, [string, string, string[]]>();
    for (const item of this.items) {
      if (!chosen.has(item.id)) continue;
      const [path, field] = this.what.route(item);
      const part = parts.get(path) ?? [path, field, []];
      part[2].push(item.id);
      parts.set(path, part);
    }
    return [...parts.values()];
  }

  private async block({ device = "" }: T): Promise<void> {
    if (!device) return;
    const path = `/api/v1/devices/${device}`;
    await this.requests.doing(device, async () => {
      const { rejected } = await call<{ rejected: number }>("POST", `${path}:block`);
      const said = rejected ? `Appareil bloqué, ${this.what.refused(rejected)}.` : "Appareil bloqué.";
      const back = () => void this.requests.send(device, "POST", `${path}:unblock`).then(() => this.what.done?.());
      this.what.done?.();
      this.undo.offer(said, back, LASTS);
    });
  }
}
