// Small pieces of text that several parts show.

import { html, nothing } from "lit";
import { hour, quoted } from "../french";
import { t } from "../language";
import type { Anchor } from "../protocol";

/** The sentence that a question is about. */
export function quotation(anchor: Anchor | null | undefined) {
  if (!anchor?.quote) return nothing;
  return html`<blockquote class="quotation">
    <p>${quoted(anchor.quote)}</p>
    <footer>${t("entendu à {hour}", { hour: hour(anchor.media_time) })}</footer>
  </blockquote>`;
}

const TOGETHER = /((?:«\s)?\S+(?:\s[?!;:»]+(?=\s|$))+|«\s\S+|\S*\p{L}-\p{L}\S*)/gu;
const LONGEST = 28; // characters that may be kept on one line

/**
 * Text as it was typed, but no line begins with « ? » or with the end of « passe-t-il ».
 * The characters stay the same: one can search and copy them.
 */
export function typeset(text: string) {
  const pieces = text.split(TOGETHER);
  return pieces.map((piece, rank) =>
    rank % 2 && piece.length <= LONGEST ? html`<span class="together">${piece}</span>` : piece,
  );
}

/** Until there is a picture. */
export function connecting() {
  return html`<p class="stage-note" aria-hidden="true">
    <span class="spinner"></span>${t("Connexion au direct…")}
  </p>`;
}

/** Says something once, to everyone: on the page and to screen readers. */
export function announce(text: string, trouble = false): void {
  const region = document.querySelector<HTMLElement>("#announcements");
  if (!region) return;
  const line = document.createElement("p");
  line.textContent = text;
  line.classList.toggle("trouble", trouble);
  region.replaceChildren(line);
  clearTimeout(leaving);
  leaving = window.setTimeout(() => line.remove(), 3000 + 80 * text.length);
}

let leaving = 0;
