// How one wants to read captions: size, place, rhythm; kept on the device.

import { html, nothing } from "lit";
import { type Position, type Preferences, preferences } from "../kept";
import * as icons from "./icons";
import type { Rhythm } from "./rhythm";
import { variable } from "./variable";

/** What differs between the direct and a replay: there all words are known already. */
export interface Place {
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

  /** `notes` say what captions they are, and how the picture comes; `rhythms` are to choose from. */
  render(position: Position, notes: string[], rhythms: Rhythm[] = []) {
    const label = "Réglages des sous-titres";
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
        ${this.isOpen ? this.sheet(position, notes, rhythms) : nothing}
      </div>
    </div>`;
  }

  private sheet(position: Position, notes: string[], rhythms: Rhythm[]) {
    const places: [Position, string][] = [
      ["bottom", "En bas de l’image"],
      ["top", "En haut de l’image"],
      ["below", "Sous l’image"],
    ];
    return html`
      <label class="field">
        <span>Taille <output>${preferences.size}${"\u00a0"}%</output></span>
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
        <legend>Place</legend>
        ${places.map(([place, text]) =>
          this.choice("position", text, place === position, () => this.set({ position: place })),
        )}
      </fieldset>
      ${rhythms.length ? this.rhythm(rhythms) : nothing} ${this.check("Fond opaque", "solid")}
      ${this.place.live ? this.check("Lus par le lecteur d’écran", "announce") : nothing}
      ${this.check("Raccourcis clavier", "shortcuts")}
      ${
        preferences.shortcuts
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
      <legend>Rythme</legend>
      ${rhythms.map(({ synchronised, text, detail }) =>
        this.choice(
          "rhythm",
          text,
          preferences.synchronised === synchronised,
          () => this.set({ synchronised }),
          detail,
        ),
      )}
    </fieldset>`;
  }

  private choice(name: string, text: string, checked: boolean, act: () => void, detail = "") {
    return html`<label class="choice">
      <input type="radio" name=${name} .checked=${checked} @change=${act} />
      <span>${text}${detail ? html`<small>${detail}</small>` : nothing}</span>
    </label>`;
  }

  private check(text: string, name: "solid" | "announce" | "shortcuts") {
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
    const target = open ? "#caption-settings input" : ".settings .tool";
    document.querySelector<HTMLElement>(target)?.focus();
  }
}
