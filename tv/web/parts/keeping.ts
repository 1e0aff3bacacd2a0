// What is kept of the channel: how its recording does, and the replays of its talks.

import { html, nothing } from "lit";
import { repeat } from "lit/directives/repeat.js";
import { count, hour, seconds, spoken } from "../french";
import type { Recording, Talk } from "../protocol";
import { Publication } from "./publication";

const SHOWN = 2; // replays: the others are folded away
const DAY = 86_400; // seconds
const STATES = {
  on: ["Enregistrement en cours", "good"],
  paused: ["Enregistrement en pause", "bad"],
  off: ["Rien ne s’enregistre", ""],
};

export class Keeping {
  private readonly publications = new Map<string, Publication>();

  constructor(private readonly changed: () => void) {}

  /** `talks` are those of the channel; `mayRun`: may publish. */
  render(recording: Recording | null | undefined, talks: Talk[], mayRun: boolean) {
    const over = talks.filter(({ state, marks }) => marks && /^(ended|replay)$/.test(state));
    over.sort((a, b) => (seconds(b.ended_at) ?? 0) - (seconds(a.ended_at) ?? 0));
    const card = (talk: Talk) => this.card(talk, mayRun);
    return html`
      ${recording ? state(recording) : nothing}
      ${
        over.length
          ? html`<ul class="cards">
              ${repeat(over.slice(0, SHOWN), ({ id }) => id, card)}
            </ul>`
          : html`<p class="empty">Le replay de chaque intervention sera ici dès sa fin.</p>`
      }
      ${
        over.length > SHOWN
          ? html`<details class="past">
              <summary>Les replays plus anciens</summary>
              <ul class="cards">
                ${repeat(over.slice(SHOWN), ({ id }) => id, card)}
              </ul>
            </details>`
          : nothing
      }
    `;
  }

  private card(talk: Talk, mayRun: boolean) {
    const published = talk.state === "replay";
    const { start, end } = talk.marks ?? { start: 0, end: 0 };
    const address = `/revoir/${encodeURIComponent(talk.id)}`;
    return html`<li class="card replay-card">
      <p class="restream-name">
        <strong>${talk.title || "Le direct"}</strong>
        <span class="chip ${published ? "good" : "warn"}">
          <span class="lamp"></span>${published ? "En ligne" : "Pas encore en ligne"}
        </span>
      </p>
      <p class="facts">
        <span>${hour(start)}</span><span>${spoken(end - start)}</span>
        <span>
          ${published ? (talk.captions_reviewed ? "sous-titres relus" : "sous-titres non relus") : nothing}
        </span>
      </p>
      ${mayRun && !published ? this.publication(talk.id).render(false) : nothing}
      <div class="acts">
        <a class="quiet" href=${address}>${mayRun ? "Revoir et couper" : "Revoir"}</a>
        ${mayRun && published ? this.publication(talk.id).render(true) : nothing}
      </div>
    </li>`;
  }

  private publication(talk: string): Publication {
    let found = this.publications.get(talk);
    if (!found) {
      found = new Publication(talk, this.changed, this.changed);
      this.publications.set(talk, found);
    }
    return found;
  }
}

function state({ state: name, reason, missing, room, since }: Recording) {
  const [words, mood] = STATES[name] as [string, string];
  const facts = [
    name === "on" && since ? `depuis ${hour(since)}` : "",
    !room ? "" : `de la place pour ${roughly(room)}`,
    missing >= 1 ? `il manque ${spoken(missing)}` : "",
  ].filter(Boolean);
  return html`<div class="recording">
    <p class="restream-name">
      <span class="chip ${reason && mood === "good" ? "warn" : mood}">
        <span class="lamp"></span>${words}
      </span>
    </p>
    ${
      facts.length
        ? html`<p class="facts">${facts.map((fact) => html`<span>${fact}</span>`)}</p>`
        : nothing
    }
    <div role="alert">${reason ? html`<p class="advice">${reason}</p>` : nothing}</div>
  </div>`;
}

/** « 11 jours », « 5 h », « 40 min »: nobody plans a day by the second. */
function roughly(duration: number): string {
  if (duration >= 2 * DAY) return count(Math.floor(duration / DAY), "jour", "jours");
  const unit = duration < 3600 ? 60 : 3600;
  return spoken(Math.floor(duration / unit) * unit);
}
