// How loud a studio is: a bar that one sees from afar, and the figure that says it.

import { html } from "lit";
import { decimal } from "../french";
import { variable } from "./variable";

const FLOOR = -60; // LUFS at the bar's left end
const NOTHING = -70; // EBU R128: what is below is not heard as sound

/** `level` is EBU R128 momentary loudness in LUFS; null while nothing has been measured. */
export function loudness(level: number | null | undefined, silent: boolean) {
  const heard = level != null && level > NOTHING;
  const shown = heard ? Math.min(0, Math.max(FLOOR, level)) : FLOOR;
  const figure = heard ? `${decimal(level).replace("-", "−")}\u00a0LUFS` : "–";
  const words = heard ? `${figure}, ${verdict(level)}` : silent ? "silence" : "pas de mesure";
  return html`<div class="loudness">
    <span class="loudness-name" aria-hidden="true">Son</span>
    <div
      class="meter"
      role="meter"
      aria-label="Niveau sonore"
      aria-valuemin=${FLOOR}
      aria-valuemax="0"
      aria-valuenow=${Math.round(shown)}
      aria-valuetext=${words}
    >
      <span class="meter-level" ${variable("--level", `${(100 * (shown - FLOOR)) / -FLOOR}%`)}></span>
    </div>
    <span class="loudness-figure" aria-hidden="true">${figure}</span>
  </div>`;
}

function verdict(level: number): string {
  if (level > -10) return "trop fort";
  if (level > -16) return "fort";
  if (level > -30) return "bon niveau";
  return "faible";
}
