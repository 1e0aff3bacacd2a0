// What keys do on a page that plays, and the list of them, shown by « ? ».

import { html, nothing } from "lit";
import { prefer, preferences } from "../kept";
import { t } from "../language";
import { Sheet } from "./sheet";

export interface Key {
  keys: string[]; // as events name them, small letters
  text: string; // what it does
  act: () => void;
  within?: boolean; // only while one is in the player
}

const NAMES: Record<string, string> = {
  " ": t("Espace"),
  ArrowLeft: "←",
  ArrowRight: "→",
  ArrowUp: "↑",
  ArrowDown: "↓",
};

const WRITING = "input:not([type=radio], [type=checkbox]), textarea, select, dialog";
const PRESSING = "button, a, summary, [role=button], [role=tab], input";
const MOVING = "input, [role=tab], [role=log]";

export class Keys {
  private readonly sheet = new Sheet("keys");

  /** `known` are what keys do now; `others` are listed as well, as key and what it does. */
  constructor(
    private readonly known: () => Key[],
    private readonly others: [string, string][],
  ) {
    document.addEventListener("keydown", (event) => this.press(event));
  }

  private press(event: KeyboardEvent): void {
    const target = event.target as HTMLElement;
    if (event.ctrlKey || event.metaKey || event.altKey || target.closest(WRITING)) return;
    if (event.key === "?") return this.list(); // also to have the others back
    if (!preferences.shortcuts) return;
    const name = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    const key = this.known().find(({ keys }) => keys.includes(name));
    if (!key || (key.within && !target.closest(".scene"))) return;
    if (name === " " && target.closest(PRESSING)) return;
    if (name.startsWith("Arrow") && target.closest(MOVING)) return;
    event.preventDefault();
    if (!event.repeat || name.startsWith("Arrow")) key.act(); // one that is held only moves on
  }

  private list(): void {
    this.draw();
    this.sheet.open();
  }

  private draw(): void {
    const rows: [string[], string][] = [
      ...this.known().map(({ keys, text }): [string[], string] => [keys.map(named), text]),
      ...this.others.map(([key, text]): [string[], string] => [[key], text]),
      [["?"], t("Cette liste")],
    ];
    this.sheet.draw(
      t("Raccourcis clavier"),
      html`<dl class="key-list">
          ${rows.map(
            ([keys, text]) =>
              html`<div>
                <dt>${keys.map((key, rank) => html`${rank ? " " : nothing}<kbd>${key}</kbd>`)}</dt>
                <dd>${text}</dd>
              </div>`,
          )}
        </dl>
        <label class="choice">
          <input
            type="checkbox"
            .checked=${preferences.shortcuts}
            @change=${() => {
              prefer({ shortcuts: !preferences.shortcuts });
              this.draw();
            }}
          />
          <span>${t("Raccourcis clavier actifs")}</span>
        </label>`,
    );
  }
}

function named(key: string): string {
  return NAMES[key] ?? key.toUpperCase();
}
