// In which phase the event is: the choice of who runs it.

import { html } from "lit";
import { live } from "lit/directives/live.js";
import type { Happening } from "../protocol";

const NAMES = {
  before: "Avant l’événement",
  rehearsal: "Répétition",
  open: "Événement ouvert",
  after: "Événement terminé",
};

/** For who runs the event. Leaving a rehearsal wipes what it wrote: asked twice. */
export function phases(happening: Happening, choose: (phase: Happening["phase"]) => void) {
  const changed = (event: Event) => {
    const select = event.target as HTMLSelectElement;
    const wanted = select.value as Happening["phase"];
    const wipes = happening.phase === "rehearsal";
    const sure =
      !wipes ||
      confirm("Terminer la répétition\u202f? Tout ce qui y a été écrit sera effacé, pour tout le monde.");
    if (sure) choose(wanted);
    select.value = happening.phase; // until the server says otherwise
  };
  return html`<label class="desk-choice">
    <span>Phase</span>
    <select @change=${changed}>
      ${Object.entries(NAMES).map(
        ([phase, name]) =>
          html`<option value=${phase} .selected=${live(phase === happening.phase)}>${name}</option>`,
      )}
    </select>
  </label>`;
}
