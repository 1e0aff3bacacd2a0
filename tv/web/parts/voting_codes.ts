// Voting codes in the control room: how many to print, and the files.

import { html } from "lit";

export const PRINTED = 100; // codes
const MOST = 3000;
const SHEETS = 300; // cards in one file

/** `print` receives the number of codes that are wanted. */
export function printing(printed: number, print: (codes: number) => void) {
  const files = Array.from({ length: Math.ceil(printed / SHEETS) }, (_, n) => {
    const first = n * SHEETS + 1;
    const last = Math.min(printed, first + SHEETS - 1);
    return html`<a
      class="quiet"
      href="/api/v1/voting-codes.pdf?first=${first}&count=${last - first + 1}"
      download="codes-${first}-${last}.pdf"
      >Cartes ${first} à ${last}</a
    >`;
  });
  return html`<fieldset class="printing">
    <legend>Codes à imprimer</legend>
    <p class="note">
      Chaque code vaut un bulletin par tour. Remettez une carte à chaque votant, sans noter à
      qui\u00a0: les mêmes codes servent à tous les votes de l’événement.
    </p>
    <label>
      <span>Nombre de codes</span>
      <input
        type="text"
        inputmode="numeric"
        maxlength="4"
        .value=${String(printed)}
        @change=${({ target }: Event) => {
          const { value } = target as HTMLInputElement;
          print(Math.min(MOST, Math.max(1, Math.round(Number(value)) || PRINTED)));
        }}
      />
    </label>
    <div class="acts">
      ${files}
      <a
        class="quiet"
        href="/api/v1/voting-codes.csv?count=${printed}"
        download="codes.csv"
        >Liste (CSV)</a
      >
    </div>
  </fieldset>`;
}
