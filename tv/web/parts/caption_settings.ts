// How one wants to read captions: size, place, ground, rhythm; kept on the device.

import { html, nothing } from "lit";
import { type Ground, type Position, type Preferences, preferences } from "../kept";
import { t } from "../language";
import * as icons from "./icons";
import type { Rhythm } from "./rhythm";
import { variable } from "./variable";

/** What differs between the direct and a replay: there all words are known already. */
export interface Place {
  title: string; // of all that is set there
  live: boolean;
  keys: [string, string][]; // and what each does
}

export class CaptionSettings {
  private isOpen = false;

  /** `set` keeps a change, and draws. */
  constructor(
    private readonly place: Place,
    private readonly set: (change: Partial<Preferences>) => void,
  ) {}

  /**
   * `notes` say what captions they are, and how the picture comes; `rhythms` are to choose from;
   * `first` is what else there is to set, above.
   */
  render(position: Position, notes: string[], rhythms: Rhythm[] = [], first: unknown = nothing) {
    const label = this.place.title;
    return html`<div class="settings">
      <button
        class="tool"
        aria-label=${label}
        title=${label}
        aria-expanded=${this.isOpen}
        aria-controls="caption-settings"
        @click=${() => this.open(!this.isOpen)}
      >
        ${icons.settings}
      </button>
      <div
        id="caption-settings"
        class="sheet"
        role="group"
        aria-label=${label}
        ?hidden=${!this.isOpen}
        @keydown=${(event: KeyboardEvent) => {
          if (event.key === "Escape") this.open(false);
        }}
      >
        ${this.isOpen ? [first, this.sheet(position, notes, rhythms)] : nothing}
      </div>
    </div>`;
  }

  private sheet(position: Position, notes: string[], rhythms: Rhythm[]) {
    const places: [Position, string][] = [
      ["bottom", t("En bas de l’image")],
      ["top", t("En haut de l’image")],
      ["below", t("Sous l’image")],
    ];
    const grounds: [Ground, string][] = [
      ["veil", t("Voilé")],
      ["solid", t("Opaque")],
      ["none", t("Sans fond")],
    ];
    return html`
      <label class="field">
        <span>
          ${t("Taille des sous-titres")} <output>${preferences.size}${"\u00a0"}%</output>
        </span>
        <input
          type="range"
          min="100"
          max="250"
          step="25"
          .value=${String(preferences.size)}
          ${variable("--filled", `${(preferences.size - 100) / 1.5}%`)}
          @input=${(event: InputEvent) =>
            this.set({ size: Number((event.target as HTMLInputElement).value) })}
        />
      </label>
      <fieldset class="field">
        <legend>${t("Place")}</legend>
        ${places.map(([place, text]) =>
          choice("position", text, place === position, () => this.set({ position: place })),
        )}
      </fieldset>
      <fieldset class="field">
        <legend>${t("Fond")}</legend>
        <div class="side-by-side">
          ${grounds.map(([ground, text]) =>
            choice("ground", text, ground === preferences.ground, () => this.set({ ground })),
          )}
        </div>
      </fieldset>
      ${rhythms.length ? this.rhythm(rhythms) : nothing}
      ${this.place.live ? this.check(t("Lus par le lecteur d’écran"), "announce") : nothing}
      ${this.check(t("Raccourcis clavier"), "shortcuts")}
      ${
        preferences.shortcuts && this.place.keys.length
          ? html`<p class="keys">
              ${this.place.keys.map(([key, act]) => html`<kbd>${key}</kbd> ${act} `)}
            </p>`
          : nothing
      }
      ${notes.map((text) => html`<p class="note">${text}</p>`)}
    `;
  }

  private rhythm(rhythms: Rhythm[]) {
    return html`<fieldset class="field">
      <legend>${t("Rythme")}</legend>
      ${rhythms.map(({ synchronised, text, detail }) =>
        choice(
          "rhythm",
          text,
          preferences.synchronised === synchronised,
          () => this.set({ synchronised }),
          detail,
        ),
      )}
    </fieldset>`;
  }

  private check(text: string, name: "announce" | "shortcuts") {
    return html`<label class="choice">
      <input
        type="checkbox"
        .checked=${preferences[name]}
        @change=${() => this.set({ [name]: !preferences[name] })}
      />
      <span>${text}</span>
    </label>`;
  }

  private open(open: boolean): void {
    this.isOpen = open;
    this.set({});
    const sheet = document.querySelector("#caption-settings");
    const first = sheet?.querySelector<HTMLElement>("[type=radio]:checked, [type=range]");
    if (open) first?.focus();
    else document.querySelector<HTMLElement>(".settings .tool")?.focus();
  }
}

/** One of several, of which one holds. */
export function choice(name: string, text: string, checked: boolean, act: () => void, detail = "") {
  return html`<label class="choice">
    <input type="radio" name=${name} .checked=${checked} @change=${act} />
    <span>${text}${detail ? html`<small>${detail}</small>` : nothing}</span>
  </label>`;
}
