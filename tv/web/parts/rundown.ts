// The rundown in the control room: what is lined up, looked at, and on air.

import { html, nothing } from "lit";
import { repeat } from "lit/directives/repeat.js";
import * as clock from "../clock";
import { hour, seconds, stopwatch } from "../french";
import type { Live } from "../live";
import type { Lab, Synthesis } from "../lab_items";
import type { Entry, Poll, Question, Screen } from "../protocol";
import type { Requests } from "../requests";
import type { Post } from "../wall_items";
import { button } from "./button";
import { onAir } from "./on_air";
import { type Draft, RundownForm } from "./rundown_form";
import { typeset } from "./text";

const KINDS: Record<Entry["type"], string> = {
  bandeau: "Bandeau",
  question: "Question",
  poll: "Sondage",
  post: "Message du mur",
  synthesis: "Synthèse",
  announcement: "Annonce",
  countdown: "Compte à rebours",
};

const PICTURE = 10; // seconds for which a small picture of the channel is good
const TARGETS = { both: "écrans et habillage", screens: "écrans", overlay: "habillage" };

export class RundownDesk {
  private readonly form = new RundownForm(
    () => this.changed(),
    (draft) => this.add(draft),
  );

  constructor(
    private readonly channel: string,
    private readonly live: Live,
    private readonly requests: Requests,
    private readonly changed: () => void,
  ) {}

  /** The laboratories that syntheses may come from. */
  labs: Lab[] = [];

  /** `mayTake`: whether they put on air; `talk`: whose questions and polls can be lined up. */
  render(mayTake: boolean, talk: string | undefined) {
    const entries = this.live
      .items<Entry>("rundown", "entry")
      .sort((a, b) => a.rank - b.rank);
    const preview = entries.find(({ state }) => state === "preview");
    const line = entries.filter(({ state }) => state === "queued" || state === "preview");
    const now = entries.filter(({ state }) => state === "on_air");
    const past = entries.filter(({ state }) => state === "off");
    return html`${this.monitors(preview, now, mayTake)}
      <ul class="entries" aria-label="À l’antenne">
        ${this.cards(now, mayTake)}
      </ul>
      <ul class="entries" aria-label="En attente">
        ${this.cards(line, mayTake)}
      </ul>
      ${now.length || line.length ? nothing : html`<p class="empty">Le conducteur est vide.</p>`}
      ${this.form.render(this.choices(talk), this.places())}
      ${
        past.length
          ? html`<details class="past">
              <summary>Déjà passés (${past.length})</summary>
              <ul class="entries">
                ${this.cards(past, mayTake)}
              </ul>
            </details>`
          : nothing
      }`;
  }

  /** Whether anything is on air. */
  get onAir(): boolean {
    return this.live.items<Entry>("rundown", "entry").some(({ state }) => state === "on_air");
  }

  /** What the page is to follow besides, for what can be lined up. */
  get topics(): string[] {
    return this.form.open ? ["wall", "shared"] : [];
  }

  /** What would show, and what shows, over the picture that is on air. */
  private monitors(preview: Entry | undefined, onAirNow: Entry[], mayTake: boolean) {
    const backdrop = `/${this.channel}/thumbnail.jpg?t=${Math.floor(clock.now() / PICTURE)}`;
    const monitor = (name: string, kind: string, entries: Entry[]) =>
      html`<figure class="monitor ${kind}">
        <figcaption>${name}</figcaption>
        <img src=${backdrop} alt="" />
        <div class="air-box">${onAir(entries.filter(drawable), this.labs)}</div>
      </figure>`;
    return html`<div class="monitors">
      ${monitor("Aperçu", "air-preview", preview ? [preview] : [])}
      ${monitor("À l’antenne", "air-program", onAirNow)}
      ${
        preview && mayTake
          ? this.button("Passer l’aperçu à l’antenne", "primary", preview, "take")
          : nothing
      }
    </div>`;
  }

  private cards(entries: Entry[], mayTake: boolean) {
    return repeat(
      entries,
      ({ id }) => id,
      (entry, rank) => html`<li class="entry ${entry.state}">
        <p class="meta">
          ${entry.state === "on_air" ? html`<span class="tally"></span>` : nothing}
          <strong>${KINDS[entry.type]}</strong>
          <span class="dot"></span>${TARGETS[entry.target]}${this.times(entry)}
        </p>
        <p>${typeset(summary(entry))}</p>
        <div class="acts">
          ${
            entry.state === "on_air"
              ? mayTake
                ? this.button("Retirer", "quiet", entry, "off")
                : nothing
              : html`${
                  mayTake
                    ? this.button(
                        "À l’antenne",
                        entry.state === "preview" ? "primary" : "primary soft",
                        entry,
                        "take",
                      )
                    : nothing
                }
                ${entry.state === "preview" ? nothing : this.button("Aperçu", "quiet", entry, "preview")}
                ${
                  entry.state === "queued" && rank > 0
                    ? this.button("Monter", "link", entry, "move", { before: entries[rank - 1]?.id })
                    : nothing
                }
                <button
                  class="link"
                  aria-disabled=${this.requests.busy.has(entry.id) ? "true" : nothing}
                  @click=${() =>
                    this.requests.send(entry.id, "DELETE", `/api/v1/rundown/${entry.id}`)}
                >
                  Supprimer
                </button>`
          }
        </div>
      </li>`,
    );
  }

  private times({ state, on_at, off_at, ends_at }: Entry) {
    const ends = seconds(ends_at);
    const said =
      state === "off"
        ? `jusqu’à ${hour(off_at)}`
        : state === "on_air"
          ? ends == null
            ? stopwatch(clock.now() - (seconds(on_at) ?? 0))
            : `encore ${stopwatch(ends - clock.now())}`
          : "";
    return said ? html`<span class="dot"></span>${said}` : nothing;
  }

  private button(text: string, kind: string, entry: Entry, verb: string, body?: object) {
    const act = ({ id }: Entry) =>
      void this.requests.send(id, "POST", `/api/v1/rundown/${id}:${verb}`, body);
    return button(text, kind, entry, { busy: this.requests.busy, act }, verb);
  }

  private add(draft: Draft): Promise<boolean> {
    return this.requests.create("entry", "/api/v1/rundown", draft);
  }

  private choices(talk: string | undefined): [string, string, string][] {
    const topic = `talk:${talk}`;
    const questions = this.live
      .items<Question>(topic, "question")
      .filter(({ state }) => state === "approved" || state === "live")
      .map(({ id, body }): [string, string, string] => ["question", id, body]);
    const polls = this.live
      .items<Poll>(topic, "poll")
      .filter(({ state }) => state !== "draft")
      .map(({ id, prompt }): [string, string, string] => ["poll", id, prompt]);
    const posts = this.live
      .items<Post>("wall", "post")
      .filter(({ state, text }) => state === "shown" && text)
      .map(({ id, text }): [string, string, string] => ["post", id, text]);
    const syntheses = this.live
      .items<Synthesis>("shared", "synthesis")
      .filter(({ state }) => state === "shared")
      .map(({ id, title }): [string, string, string] => ["synthesis", id, title]);
    return [...questions, ...polls, ...posts, ...syntheses];
  }

  private places(): [string, string][] {
    const screens = this.live.items<Screen>("screens", "screen");
    const groups = new Set(screens.map(({ group }) => group).filter(Boolean));
    return [
      ...[...groups].map((group): [string, string] => [group, `Groupe ${group}`]),
      ...screens.map(({ id, name }): [string, string] => [id, name]),
    ];
  }
}

/** Whether what it is about is known: without, there is nothing to draw. */
function drawable({ type, shows }: Entry): boolean {
  return shows !== null || !["question", "poll", "post"].includes(type);
}

/** What an entry says, in a line. */
function summary({ title, text, shows }: Entry): string {
  if (shows?.kind === "question") return shows.body;
  if (shows?.kind === "poll") return shows.prompt;
  if (shows?.kind === "post") return shows.text || "Une image";
  if (shows?.kind === "synthesis") return shows.title;
  return [title, text].filter(Boolean).join(" – ") || "Sans titre";
}
