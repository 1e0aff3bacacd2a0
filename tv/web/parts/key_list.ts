// The list of what keys do, and whether they do it.

import { html, nothing } from "lit";
import { prefer, preferences } from "../kept";
import { t } from "../language";
import type { Key } from "./keys";
import { Sheet } from "./sheet";

const NAMES: Record<string, string> = {
  " ": t("Espace"),
  ArrowLeft: "←",
  ArrowRight: "→",
  ArrowUp: "↑",
  ArrowDown: "↓",
};

const sheet = new Sheet("keys");

/** Show it: `known` are what keys do now; `others` are listed as well, as key and what it does. */
export function list(known: Key[], others: [string, string][]): void {
  draw(known, others);
  sheet.open();
}

function draw(known: Key[], others: [string, string][]): void {
  const rows: [string[], string][] = [
    ...known.map(({ keys, text }): [string[], string] => [keys.map(named), text]),
    ...others.map(([key, text]): [string[], string] => [[key], text]),
    [["?"], t("Cette liste")],
  ];
  sheet.draw(
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
            draw(known, others);
          }}
        />
        <span>${t("Raccourcis clavier actifs")}</span>
      </label>`,
  );
}

function named(key: string): string {
  return NAMES[key] ?? key.toUpperCase();
}
