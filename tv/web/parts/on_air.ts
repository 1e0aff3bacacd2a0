// What is on air besides the picture, as the overlay and the screens draw it.

import { html, nothing } from "lit";
import { repeat } from "lit/directives/repeat.js";
import * as clock from "../clock";
import { count, quoted, seconds, stopwatch } from "../french";
import type { Lab, Synthesis } from "../lab_items";
import type { Entry, Poll, Question } from "../protocol";
import type { Post } from "../wall_items";
import { results } from "./results";
import { from, paragraphs } from "./syntheses";
import { typeset } from "./text";
import { type Join, invitation } from "./waiting_card";
import { picture, signature } from "./wall";

const AIRED = 700; // characters of a synthesis: who reads more reads it on their own page

/** `labs` are those that syntheses may come from; `join` is how people in the room may vote. */
export function onAir(entries: Entry[], labs: Lab[] = [], join?: Join) {
  return repeat(
    entries,
    ({ id }) => id,
    (entry) =>
      html`<article class="insert" data-layer=${entry.layer} data-type=${entry.type}>
        ${inside(entry, labs, join)}
      </article>`,
  );
}

/** Whether something on air changes by itself with every second. */
export function ticks(entries: Entry[]): boolean {
  return entries.some(({ type }) => type === "countdown");
}

function inside(entry: Entry, labs: Lab[], join?: Join) {
  switch (entry.type) {
    case "bandeau":
      return html`<p class="air-name">${entry.title}</p>
        ${entry.text ? html`<p class="air-role">${entry.text}</p>` : nothing}`;
    case "question":
      return question(entry.shows as Question);
    case "poll":
      return poll(entry.shows as Poll, join);
    case "post":
      return post(entry.shows as Post);
    case "countdown":
      return html`${entry.title ? html`<p class="air-role">${entry.title}</p>` : nothing}
        <p class="air-time" role="timer">${left(entry)}</p>`;
    case "synthesis":
      return entry.shows ? synthesis(entry.shows as Synthesis, labs) : written(entry, "Synthèse");
    case "announcement":
      return written(entry);
  }
}

/** What was worded in the control room. */
function written({ title, text }: Entry, kind = "") {
  return html`${kind ? html`<p class="eyebrow">${kind}</p>` : nothing}
    ${title ? html`<h2>${typeset(title)}</h2>` : nothing} ${words(text)}`;
}

function question({ body, anchor }: Question) {
  return html`<p class="eyebrow">Question du public</p>
    ${anchor?.quote ? html`<blockquote>${quoted(anchor.quote)}</blockquote>` : nothing}
    ${words(body)}`;
}

function poll(item: Poll, join?: Join) {
  const open = item.state === "open";
  return html`<p class="eyebrow">${open ? "Vote ouvert" : "Résultats"}</p>
    <h2>${typeset(item.prompt)}</h2>
    ${
      item.counts || !open
        ? results(item)
        : html`<ol class="air-options">
              ${item.options.map(({ text }) => html`<li>${typeset(text)}</li>`)}
            </ol>
            <p class="air-role">${count(item.ballots, "bulletin", "bulletins")}</p>`
    }
    ${open && join ? invitation(join, "Votez ici") : nothing}`;
}

function post(item: Post) {
  return html`${picture(item)} ${item.text ? words(item.text) : nothing}
    <p class="air-role">${signature(item)}</p>`;
}

function synthesis(item: Synthesis, labs: Lab[]) {
  const told = item.body.split(/\n\s*\n/);
  let room = AIRED;
  const shown = told.filter((text, rank) => (room -= text.length) >= 0 || !rank);
  return html`${from(item, labs)}
    <h2>${typeset(item.title)}</h2>
    <div class="air-text">${paragraphs(shown.join("\n\n"))}</div>
    ${
      shown.length < told.length && item.open
        ? html`<p class="air-role">La suite est sur la page des idées.</p>`
        : nothing
    }`;
}

/** As it was typed, but no line begins with the « h » of « 14 h ». */
function words(text: string) {
  return html`<p class="air-words">${typeset(text.replace(/(\d) (?=h\b)/g, "$1\u00a0"))}</p>`;
}

function left({ ends_at }: Entry): string {
  return stopwatch(Math.ceil((seconds(ends_at) ?? 0) - clock.now()));
}
