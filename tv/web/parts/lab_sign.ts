// A laboratory as it is recognised everywhere: its pictogram, in its colour, and its name.

import { html, nothing, svg } from "lit";
import { call } from "../api";
import type { Lab } from "../lab_items";
import { t } from "../language";
import { variable } from "./variable";

let asked: Promise<Lab[]> | null = null;

/** The laboratories, in the order of the journey; none when the server does not answer. */
export function labsOnce(): Promise<Lab[]> {
  asked ??= call<{ items: Lab[] }>("GET", "/api/v1/labs").then(
    ({ items }) => items,
    () => {
      asked = null; // the next who asks tries again
      return [];
    },
  );
  return asked;
}

export function labOf(labs: Lab[], slug: string): Lab | undefined {
  return labs.find(({ id }) => id === slug);
}

export function labName(labs: Lab[], slug: string): string {
  return labOf(labs, slug)?.name || slug;
}

/** The number in a table's id: « labo-1.3 » → « 3 ». */
export function tableNumber(table: string): string {
  return table.slice(table.lastIndexOf(".") + 1);
}

/** « table 3, tour 1 » */
export function place(table: string, round: number): string {
  const n = tableNumber(table);
  return round ? t("table {n}, tour {round}", { n, round }) : t("table {n}", { n });
}

/** Its sign alone: what it means is said in words beside it. */
export function labSign(lab: Lab | undefined) {
  if (!lab) return nothing;
  return html`<span class="lab-sign" aria-hidden="true" ${variable("--lab", lab.colour)}
    >${
      lab.drawing
        ? svg`<svg class="icon" viewBox="0 0 24 24"><path d=${lab.drawing} /></svg>`
        : lab.pictogram
    }</span
  >`;
}
