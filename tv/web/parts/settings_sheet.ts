// What is set on the sheet behind the gear: what one receives, and how captions are to be read.

import { html, nothing } from "lit";
import {
  type Ground,
  type Position,
  type Preferences,
  type Reception,
  type Signs,
  preferences,
} from "../kept";
import { t } from "../language";
import type { Rhythm } from "./rhythms";
import { variable } from "./variable";

/** Keeps a change, and draws. */
type Set = (change: Partial<Preferences>) => void;

/** `qualities` are the smaller pictures that there are now, such as "720p". */
export function receiving(
  wanted: Reception,
  qualities: readonly string[],
  receive: (reception: Reception) => void,
) {
  const smaller = qualities.map((name): [Reception, string, string] => [
    name as Reception,
    name,
    t("moins de données, toujours la même qualité"),
  ]);
  const choices: [Reception, string, string][] = [
    ["auto", t("Automatique"), t("l’image suit votre réseau")],
    ...(smaller.length ? [["source", t("Comme au plateau"), ""] as [Reception, string, string]] : []),
    ...smaller,
    ["sound", t("Son seul"), t("environ 60\u00a0Mo par heure")],
    ["words", t("Sous-titres seuls"), t("ni image ni son\u202f; presque pas de données")],
  ];
  return html`<fieldset class="field">
    <legend>${t("Réception")}</legend>
    ${choices.map(([reception, text, detail]) =>
      choice("reception", text, reception === wanted, () => receive(reception), detail),
    )}
  </fieldset>`;
}

/** Where the interpreter is shown, and how large. */
export function signing(set: Set) {
  const places: [Signs, string][] = [
    ["", t("Masquée")],
    ["corner", t("Dans l’image")],
    ["beside", t("À côté de l’image")],
  ];
  const size = preferences.signsSize;
  return html`<fieldset class="field">
      <legend>${t("Langue des signes")}</legend>
      ${places.map(([signs, text]) =>
        choice("signs", text, signs === preferences.signs, () => set({ signs })),
      )}
    </fieldset>
    <label class="field" ?hidden=${!preferences.signs}>
      <span>${t("Taille de l’interprète")} <b>${size}${"\u00a0"}%</b></span>
      <input
        type="range"
        min="20"
        max="50"
        step="2"
        .value=${String(size)}
        ${variable("--filled", `${(size - 20) / 0.3}%`)}
        @input=${(event: InputEvent) =>
          set({ signsSize: Number((event.target as HTMLInputElement).value) })}
      />
    </label>`;
}

/**
 * `notes` say what captions they are, and how the picture comes; `rhythms` are to choose from; `live`:
 * not all words are known already; `keys` are listed with what each does.
 */
export function reading(
  { live, keys }: { live: boolean; keys: [string, string][] },
  position: Position,
  notes: string[],
  rhythms: Rhythm[],
  set: Set,
) {
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
        ${t("Taille des sous-titres")} <b>${preferences.size}${"\u00a0"}%</b>
      </span>
      <input
        type="range"
        min="100"
        max="250"
        step="25"
        .value=${String(preferences.size)}
        ${variable("--filled", `${(preferences.size - 100) / 1.5}%`)}
        @input=${(event: InputEvent) =>
          set({ size: Number((event.target as HTMLInputElement).value) })}
      />
    </label>
    <fieldset class="field">
      <legend>${t("Place")}</legend>
      ${places.map(([place, text]) =>
        choice("position", text, place === position, () => set({ position: place })),
      )}
    </fieldset>
    <fieldset class="field">
      <legend>${t("Fond")}</legend>
      <div class="side-by-side">
        ${grounds.map(([ground, text]) =>
          choice("ground", text, ground === preferences.ground, () => set({ ground })),
        )}
      </div>
    </fieldset>
    ${rhythms.length ? rhythm(rhythms, set) : nothing}
    ${live ? check(t("Lus par le lecteur d’écran"), "announce", set) : nothing}
    ${check(t("Raccourcis clavier"), "shortcuts", set)}
    ${
      preferences.shortcuts && keys.length
        ? html`<p class="keys">${keys.map(([key, act]) => html`<kbd>${key}</kbd> ${act} `)}</p>`
        : nothing
    }
    ${notes.map((text) => html`<p class="note">${text}</p>`)}
  `;
}

function rhythm(rhythms: Rhythm[], set: Set) {
  return html`<fieldset class="field">
    <legend>${t("Rythme")}</legend>
    ${rhythms.map(({ synchronised, text, detail }) =>
      choice(
        "rhythm",
        text,
        preferences.synchronised === synchronised,
        () => set({ synchronised }),
        detail,
      ),
    )}
  </fieldset>`;
}

/** One of several, of which one holds. */
function choice(name: string, text: string, checked: boolean, act: () => void, detail = "") {
  return html`<label class="choice">
    <input type="radio" name=${name} .checked=${checked} @change=${act} />
    <span>${text}${detail ? html`<small>${detail}</small>` : nothing}</span>
  </label>`;
}

function check(text: string, name: "announce" | "shortcuts", set: Set) {
  return html`<label class="choice">
    <input
      type="checkbox"
      .checked=${preferences[name]}
      @change=${() => set({ [name]: !preferences[name] })}
    />
    <span>${text}</span>
  </label>`;
}
