// The rooms with their screens, as a map: who is there, what they show, and where the café stands.

import { html, nothing } from "lit";
import { repeat } from "lit/directives/repeat.js";
import { Asking } from "../asking";
import * as clock from "../clock";
import { count, stopwatch } from "../french";
import type { Cafe, Lab, Progress, Table } from "../lab_items";
import { left, stepName } from "../labs/round";
import type { Live } from "../live";
import { labSign } from "../parts/lab_sign";
import { variable } from "../parts/variable";
import type { Screen } from "../protocol";
import type { Requests } from "../requests";
import { type Known, isHere, rooms, screenCard } from "./screen_card";

const SCREENS = "/api/v1/screens";
const WATCHING = 5; // seconds between two looks at who is there

export class Rooms {
  private readonly told: Asking<{ items: Screen[] }>; // with when they were last heard of

  constructor(
    private readonly live: Live,
    private readonly requests: Requests,
    changed: () => void,
  ) {
    this.told = new Asking(WATCHING, changed);
  }

  /** Screens that are there, of all; and those that were and are silent now. */
  get counted(): { here: number; all: number; away: Screen[] } {
    const { screens, seen } = this;
    const here = screens.filter(({ id }) => isHere(seen.get(id), this.told.at));
    if (!this.live.connected) return { here: here.length, all: screens.length, away: [] };
    const away = screens.filter(
      (screen) => seen.get(screen.id)?.seen_at != null && !here.includes(screen),
    );
    return { here: here.length, all: screens.length, away };
  }

  render(known: Omit<Known, "now" | "at">) {
    const { labs, mayRun } = known;
    const screens = this.screens;
    const places = [undefined, ...labs].map((lab) => ({
      lab,
      there: screens.filter((screen) => inRoom(screen, labs) === (lab?.id ?? "")),
    }));
    return html`<ul class="regie-rooms">
        ${places
          .filter(({ lab, there }) => lab || there.length || !screens.length)
          .map(({ lab, there }) => this.room(lab, there, { ...known, now: clock.now(), at: this.told.at }))}
      </ul>
      ${mayRun ? this.pairing(labs) : nothing}`;
  }

  /** « Lequel est lequel ? », asked of all at once. */
  spotting(mayRun: boolean) {
    const { screens } = this;
    if (!mayRun || screens.length < 2) return nothing;
    return html`<button
      class="quiet"
      @click=${() => {
        for (const screen of screens) this.spot(screen);
      }}
    >
      Repérer tous les écrans
    </button>`;
  }

  private get screens(): Screen[] {
    return this.live
      .items<Screen>("screens", "screen")
      .sort((a, b) => a.name.localeCompare(b.name, "fr"));
  }

  private get seen(): Map<string, Screen> {
    return new Map(this.told.of(SCREENS)?.items.map((screen) => [screen.id, screen]));
  }

  private room(lab: Lab | undefined, screens: Screen[], known: Known) {
    const { seen } = this;
    const acts = {
      set: (screen: Screen, change: Partial<Screen>) =>
        void this.do(screen.id, "PATCH", path(screen), change),
      spot: (screen: Screen) => this.spot(screen),
      remove: (screen: Screen) => this.remove(screen),
    };
    return html`<li class="regie-room ${lab ? "" : "common"}" ${variable("--lab", lab?.colour ?? "var(--line-strong)")}>
      <header>
        ${labSign(lab)}
        <div>
          <h3>${lab?.name ?? "Plateau et espaces communs"}</h3>
          ${lab ? this.round(lab) : nothing}
        </div>
      </header>
      ${
        screens.length
          ? html`<ul class="regie-screens">
              ${repeat(
                screens,
                ({ id }) => id,
                (screen) => screenCard(screen, seen.get(screen.id), known, acts),
              )}
            </ul>`
          : html`<p class="empty">
              ${
                lab
                  ? "Pas d’écran."
                  : html`Aucun écran. Ouvrez <code>/ecran</code> sur celui de la salle, et saisissez
                      ici son code.`
              }
            </p>`
      }
    </li>`;
  }

  /** Where the café of a laboratory stands, and who is there. */
  private round({ id, step }: Lab) {
    const progress = this.live.item<Progress>("labs", "progress", id);
    const cafe = progress && this.live.item<Cafe>("labs", "cafe", progress.cafe);
    if (!progress || !cafe || cafe.state !== "open") {
      return step ? html`<p class="note">${step}</p>` : nothing;
    }
    const rest = left(progress, clock.now());
    const seated = this.live
      .items<Table>("labs", "table")
      .filter((table) => table.lab === id && table.cafe === cafe.id)
      .reduce((all, table) => all + table.seated, 0);
    return html`<p class="regie-round">
      ${stepName(progress, cafe)}
      ${rest == null ? nothing : html`<strong>${stopwatch(Math.ceil(rest))}</strong>`}
      ${progress.left == null ? nothing : html`<span class="note">en pause</span>`}
      <span class="note">${count(seated, "personne", "personnes")}</span>
    </p>`;
  }

  private pairing(labs: Lab[]) {
    return html`<form
      class="card rundown-form regie-pairing"
      aria-labelledby="pairing-title"
      @submit=${(event: SubmitEvent) => {
        event.preventDefault();
        const form = event.target as HTMLFormElement;
        const said = Object.fromEntries(new FormData(form));
        void this.do("pairing", "POST", SCREENS, said).then((done) => done && form.reset());
      }}
    >
      <h3 id="pairing-title">Associer un écran</h3>
      <p class="note">
        Ouvrez <code>${location.host}/ecran</code> sur l’écran de la salle\u00a0: il affiche un code.
      </p>
      <label>
        <span>Code affiché par l’écran</span>
        <input
          type="text"
          name="code"
          required
          maxlength="6"
          autocomplete="off"
          autocapitalize="characters"
        />
      </label>
      <label>
        <span>Son nom</span>
        <input type="text" name="name" required maxlength="60" autocomplete="off" />
      </label>
      ${
        labs.length
          ? html`<label>
              <span>Salle</span>
              <select name="lab">
                ${rooms(labs).map(([id, name]) => html`<option value=${id}>${name}</option>`)}
              </select>
            </label>`
          : nothing
      }
      <label>
        <span>Groupe (facultatif)</span>
        <input type="text" name="group" maxlength="40" autocomplete="off" />
      </label>
      <div class="acts"><button class="primary">Associer</button></div>
    </form>`;
  }

  private spot(screen: Screen): void {
    void this.do(screen.id, "POST", `${path(screen)}:spot`);
  }

  private remove(screen: Screen): void {
    if (confirm(`Retirer l’écran «\u00a0${screen.name}\u00a0»\u202f? Il redemandera un code.`)) {
      void this.do(screen.id, "DELETE", path(screen));
    }
  }

  private async do(id: string, method: string, path: string, body?: object): Promise<boolean> {
    const done = await this.requests.send(id, method, path, body);
    void this.told.ask();
    return done;
  }
}

/** The laboratory in whose room a screen is; "" for none that we know. */
function inRoom({ lab }: Screen, labs: Lab[]): string {
  return labs.some(({ id }) => id === lab) ? lab : "";
}

function path({ id }: Screen): string {
  return `${SCREENS}/${id}`;
}
