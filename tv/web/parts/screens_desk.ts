// The screens in the control room: paired by their code, told what to show, and watched.

import { html, nothing } from "lit";
import { repeat } from "lit/directives/repeat.js";
import { live } from "lit/directives/live.js";
import { call } from "../api";
import * as clock from "../clock";
import { ago, seconds } from "../french";
import type { Lab } from "../lab_items";
import type { Live } from "../live";
import type { Screen } from "../protocol";
import type { Requests } from "../requests";

const WATCHING = 5; // seconds between two looks at who is there
const ABSENT = 30; // seconds of silence after which a screen counts as away

const FACES: [Screen["face"], string][] = [
  ["live", "Le direct"],
  ["air", "Le conducteur seul"],
  ["wall", "Le mur"],
  ["lab", "Un laboratoire"],
  ["comparison", "Les laboratoires côte à côte"],
];
const OF_LABS = ["lab", "comparison"]; // where there are laboratories
const SHOWING: Record<string, string> = {
  webrtc: "direct, WebRTC",
  delayed: "direct, WebRTC synchronisé",
  hls: "direct, LL-HLS",
  sync: "direct, HLS synchronisé",
  air: "conducteur",
  wall: "mur",
  lab: "laboratoire",
  comparison: "comparaison",
};

export class ScreensDesk {
  labs: Lab[] = []; // in the order of the journey
  private seen = new Map<string, Screen>(); // as the API last told
  private watching = 0;

  constructor(
    private readonly live: Live,
    private readonly requests: Requests,
    private readonly changed: () => void,
  ) {}

  render(mayRun: boolean, channels: { id: string; name: string }[]) {
    this.watching ||= window.setInterval(() => void this.look(), WATCHING * 1000);
    const screens = this.live.items<Screen>("screens", "screen");
    return html`${
        screens.length
          ? html`<ul class="entries">
              ${repeat(
                screens.sort((a, b) => a.name.localeCompare(b.name, "fr")),
                ({ id }) => id,
                (screen) => this.card(screen, mayRun, channels),
              )}
            </ul>`
          : html`<p class="empty">
              Aucun écran. Ouvrez <code>/ecran</code> sur celui de la salle, et saisissez ici son code.
            </p>`
      }
      ${mayRun ? this.pairing() : nothing}`;
  }

  private card(screen: Screen, mayRun: boolean, channels: { id: string; name: string }[]) {
    const told = this.seen.get(screen.id);
    const seen = seconds(told?.seen_at);
    const here = seen != null && clock.now() - seen < ABSENT;
    return html`<li class="entry">
      <p class="restream-name">
        <strong>${screen.name}</strong>
        <span class="chip ${here ? "good" : "bad"}"><span class="lamp"></span>${
          here ? (SHOWING[told?.showing ?? ""] ?? "en marche") : seen == null ? "jamais vu" : `vu ${ago(seen, clock.now())}`
        }</span>
      </p>
      <p class="facts">
        ${screen.group ? html`<span>Groupe ${screen.group}</span>` : nothing}
        ${here && told?.width ? html`<span>${told.width} × ${told.height}</span>` : nothing}
      </p>
      ${
        mayRun
          ? html`<div class="screen-setting">
                <label>
                  <span>Affiche</span>
                  <select @change=${(event: Event) => this.show(screen, chosen(event))}>
                    ${FACES.filter(([face]) => this.labs.length || !OF_LABS.includes(face)).map(
                      ([face, name]) =>
                        html`<option value=${face} .selected=${live(face === screen.face)}>${name}</option>`,
                    )}
                  </select>
                </label>
                ${screen.face === "lab" ? this.ofLab(screen) : nothing}
                ${
                  channels.length > 1
                    ? html`<label>
                        <span>Canal</span>
                        <select
                          @change=${(event: Event) => this.set(screen, { channel: chosen(event) })}
                        >
                          ${channels.map(
                            ({ id, name }) =>
                              html`<option value=${id} .selected=${live(id === screen.channel)}>
                                ${name}
                              </option>`,
                          )}
                        </select>
                      </label>`
                    : nothing
                }
                <label class="choice">
                  <input
                    type="checkbox"
                    .checked=${live(screen.carries_overlay)}
                    @change=${(event: Event) =>
                      this.set(screen, {
                        carries_overlay: (event.target as HTMLInputElement).checked,
                      })}
                  />
                  <span>L’habillage est déjà dans son image</span>
                </label>
              </div>
              <div class="acts">
                <button class="quiet" @click=${() => this.do(screen.id, "POST", `${path(screen)}:spot`)}>
                  Repérer cet écran
                </button>
                <button class="link" @click=${() => this.remove(screen)}>Retirer</button>
              </div>`
          : nothing
      }
    </li>`;
  }

  private pairing() {
    return html`<form
      class="card rundown-form"
      @submit=${(event: SubmitEvent) => {
        event.preventDefault();
        const form = event.target as HTMLFormElement;
        const said = Object.fromEntries(new FormData(form));
        void this.do("pairing", "POST", "/api/v1/screens", said).then((done) => done && form.reset());
      }}
    >
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
      <label>
        <span>Groupe (facultatif)</span>
        <input type="text" name="group" maxlength="40" autocomplete="off" />
      </label>
      <div class="acts"><button class="primary">Associer</button></div>
    </form>`;
  }

  private ofLab(screen: Screen) {
    return html`<label>
      <span>Laboratoire</span>
      <select @change=${(event: Event) => this.set(screen, { lab: chosen(event) })}>
        ${this.labs.map(
          ({ id, name }) =>
            html`<option value=${id} .selected=${live(id === screen.lab)}>${name}</option>`,
        )}
      </select>
    </label>`;
  }

  /** A screen that is to show a laboratory shows one at once. */
  private show(screen: Screen, face: Screen["face"]): void {
    const known = this.labs.some(({ id }) => id === screen.lab);
    const lab = face === "lab" && !known ? { lab: this.labs[0]?.id ?? "" } : {};
    this.set(screen, { face, ...lab });
  }

  private set(screen: Screen, change: Partial<Screen>): void {
    void this.do(screen.id, "PATCH", path(screen), change);
  }

  private remove(screen: Screen): void {
    if (confirm(`Retirer l’écran « ${screen.name} »\u202f? Il redemandera un code.`)) {
      void this.do(screen.id, "DELETE", path(screen));
    }
  }

  private async do(id: string, method: string, path: string, body?: object): Promise<boolean> {
    const done = await this.requests.send(id, method, path, body);
    void this.look();
    return done;
  }

  private async look(): Promise<void> {
    if (document.hidden || !this.live.connected) return;
    try {
      const { items } = await call<{ items: Screen[] }>("GET", "/api/v1/screens");
      this.seen = new Map(items.map((screen) => [screen.id, screen]));
      this.changed();
    } catch {
      // the next turn looks again
    }
  }
}

function path({ id }: Screen): string {
  return `/api/v1/screens/${id}`;
}

function chosen<T extends string>(event: Event): T {
  return (event.target as HTMLSelectElement).value as T;
}
