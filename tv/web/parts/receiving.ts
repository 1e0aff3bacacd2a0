// What one receives of a channel: the picture as the line carries it, less of it, or words alone.

import { html } from "lit";
import { type Reception, type Signs, preferences } from "../kept";
import { t } from "../language";
import { choice } from "./caption_settings";
import { variable } from "./variable";

/** `qualities` are the smaller pictures that there are now, such as "720p". */
export function receiving(
  wanted: Reception,
  qualities: readonly string[],
  receive: (reception: Reception) => void,
) {
  const whole = t("Comme au plateau");
  const smaller: [Reception, string, string][] = qualities.map((name) => [
    name as Reception,
    name,
    t("moins de données, toujours la même qualité"),
  ]);
  const choices: [Reception, string, string][] = [
    ["auto", t("Automatique"), t("l’image suit votre réseau")],
    ...(smaller.length ? [["source", whole, ""] as [Reception, string, string], ...smaller] : []),
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
export function signing(set: (change: { signs?: Signs; signsSize?: number }) => void) {
  const places: [Signs, string][] = [
    ["", t("Masquée")],
    ["corner", t("Dans l’image")],
    ["beside", t("À côté de l’image")],
  ];
  return html`<fieldset class="field">
      <legend>${t("Langue des signes")}</legend>
      ${places.map(([signs, text]) =>
        choice("signs", text, signs === preferences.signs, () => set({ signs })),
      )}
    </fieldset>
    <label class="field" ?hidden=${!preferences.signs}>
      <span>
        ${t("Taille de l’interprète")} <output>${preferences.signsSize}${"\u00a0"}%</output>
      </span>
      <input
        type="range"
        min="20"
        max="50"
        step="2"
        .value=${String(preferences.signsSize)}
        ${variable("--filled", `${(preferences.signsSize - 20) / 0.3}%`)}
        @input=${(event: InputEvent) =>
          set({ signsSize: Number((event.target as HTMLInputElement).value) })}
      />
    </label>`;
}
