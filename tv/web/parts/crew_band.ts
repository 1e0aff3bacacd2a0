// For the crew, above a replay: whether it is on line, its marks, and putting it there.

import { html, nothing } from "lit";
import type { Problem } from "../api";
import { spoken } from "../french";
import { type Replay, trim } from "../recorded";
import { Clip } from "./clip";
import { Publication } from "./publication";
import { announce } from "./text";

const SHORTEST = 1; // seconds

export class CrewBand {
  private readonly publication: Publication;
  private readonly clip: Clip;
  private busy = false;

  /** `changed` draws; `done` is called when the replay is another one. */
  constructor(
    private readonly moment: () => number,
    private readonly changed: () => void,
    private readonly done: () => void,
    private readonly talk: string,
  ) {
    this.publication = new Publication(talk, changed, done);
    this.clip = new Clip(talk, moment, changed);
  }

  render(replay: Replay) {
    const published = replay.state === "replay";
    const { start, end } = replay;
    return html`<section class="crew-band" aria-label="Mise en ligne">
      <p class="crew-state">
        <strong>${published ? "En ligne" : "Pas encore en ligne"}</strong>
        <span>
          ${published ? "Tout le monde peut voir ce replay." : "Seule l’équipe voit ce replay."}
        </span>
      </p>
      <div class="acts" role="group" aria-label="Couper">
        ${this.cut("Début ici", () => ({ start: this.moment(), end }))}
        ${this.cut("Fin ici", () => ({ start, end: this.moment() }))}
        ${this.cut("Ne rien couper", () => ({ start: null, end: null }))}
        <span class="note">Durée${"\u00a0"}: ${spoken(replay.duration)}</span>
      </div>
      ${replay.complete ? this.clip.render(replay) : nothing}
      ${replay.complete ? this.publication.render(published) : nothing}
    </section>`;
  }

  private cut(text: string, marks: () => { start: number | null; end: number | null }) {
    return html`<button
      class="quiet"
      aria-disabled=${this.busy ? "true" : nothing}
      @click=${() => void this.trim(marks())}
    >
      ${text}
    </button>`;
  }

  private async trim(marks: { start: number | null; end: number | null }): Promise<void> {
    if (this.busy) return;
    if (marks.start != null && marks.end != null && marks.end - marks.start < SHORTEST)
      return announce("Il ne resterait rien du replay.", true);
    this.busy = true;
    this.changed();
    try {
      await trim(this.talk, marks);
      this.done();
    } catch (error) {
      announce((error as Problem).message, true);
    } finally {
      this.busy = false;
      this.changed();
    }
  }
}
