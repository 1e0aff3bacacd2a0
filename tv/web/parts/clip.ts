// A part of a replay to keep: from where one is to where one is later, then taken as a film.

import { html, nothing } from "lit";
import { stopwatch } from "../french";
import { t } from "../language";
import { type Replay, clipOf } from "../recorded";
import { Film } from "./film";

const SHORTEST = 1; // seconds
const LONGEST = 30 * 60;
const NEARLY = 0.02; // seconds: a player goes to its microsecond, not quite to ours

export class Clip {
  private start: number | null = null; // broadcast times
  private end: number | null = null;
  private readonly film: Film;

  constructor(
    talk: string,
    private readonly moment: () => number,
    private readonly changed: () => void,
  ) {
    const span = () => ({ start: this.start ?? 0, end: this.end ?? 0 });
    this.film = new Film(() => clipOf(talk, span()), t("Télécharger l’extrait"), changed);
  }

  render(replay: Replay) {
    const { start, end } = this;
    const at = (time: number | null) => (time == null ? "…" : stopwatch(time - replay.start + NEARLY));
    const length = start != null && end != null ? end - start : 0;
    return html`<div class="acts" role="group" aria-label=${t("Extrait")}>
      ${this.mark(t("Extrait d’ici"), () => (this.start = this.moment()))}
      ${this.mark(t("Extrait jusqu’ici"), () => (this.end = this.moment()))}
      ${start == null && end == null ? nothing : html`<span class="note">${at(start)} – ${at(end)}</span>`}
      ${length >= SHORTEST && length <= LONGEST ? this.film.render() : wrong(start, end)}
    </div>`;
  }

  private mark(text: string, set: () => void) {
    return html`<button
      class="quiet"
      @click=${() => {
        set();
        this.changed();
      }}
    >
      ${text}
    </button>`;
  }
}

function wrong(start: number | null, end: number | null) {
  if (start == null || end == null) return nothing;
  return html`<span class="note trouble" role="status">
    ${
      end - start > LONGEST
        ? t("Trente minutes au plus.")
        : end >= start
          ? t("Une seconde au moins.")
          : t("La fin vient avant le début.")
    }
  </span>`;
}
