// What a screen shows of the laboratories: how far one of them is, or all of them side by side.

import { html, nothing, render } from "lit";
import { Asking } from "../asking";
import * as clock from "../clock";
import { seconds, stopwatch } from "../french";
import type { Cafe, Lab, Progress, Synthesis, Table } from "../lab_items";
import { asked, lamps, left, stepName } from "../labs/round";
import type { Live } from "../live";
import { labOf, labSign, tableNumber } from "../parts/lab_sign";
import { typeset } from "../parts/text";
import { variable } from "../parts/variable";
import { columns, type Comparison, latest } from "./comparison";

const LOOKING = 10; // seconds between two looks at how many ideas there are
const TURN = 15; // seconds for which one shared synthesis stands there
const TURNS = 4; // the newest, one after the other
const SOON = 60; // seconds before the end of a step
const LONG = 110; // characters of a question; beyond, it is set smaller
const LONGER = 200;

/** The screen of one laboratory. */
export class LabFace {
  private readonly tables: Asking<{ items: Table[] }>;

  constructor(
    private readonly element: HTMLElement,
    private readonly live: Live,
    changed: () => void,
  ) {
    this.tables = new Asking(LOOKING, changed);
    setInterval(changed, 1000);
  }

  topics(lab: string): string[] {
    return [`lab:${lab}`, "shared"];
  }

  draw(labs: Lab[], id: string): void {
    const { live } = this;
    const lab = labOf(labs, id);
    const progress = live.item<Progress>(`lab:${id}`, "progress", id);
    const cafe = progress && live.item<Cafe>(`lab:${id}`, "cafe", progress.cafe);
    const tables = live
      .items<Table>(`lab:${id}`, "table")
      .filter(({ cafe: of }) => of === progress?.cafe);
    const told = this.tables.of(cafe ? `/api/v1/tables?lab=${id}` : "")?.items ?? [];
    const ideas = told.reduce((all, table) => all + (table.ideas ?? 0), 0);
    const people = tables.reduce((all, { seated }) => all + seated, 0);
    const written = this.shared().filter(
      ({ lab: of, cafe: within }) => of === id && within === cafe?.id,
    ).length;
    const name = lab?.name ?? id;
    const step = !cafe ? "none" : cafe.state === "closed" ? "over" : (progress?.step ?? "none");
    render(
      html`<div
        class="lab-face"
        data-step=${step}
        ${variable("--lab", lab?.colour ?? "var(--light)")}
      >
        <header>
          ${labSign(lab)}
          <div>
            <h2>${typeset(name)}</h2>
            ${lab?.step ? html`<p>${lab.step}</p>` : nothing}
          </div>
          ${
            progress && cafe
              ? html`<p class="lab-where">${lamps(progress, cafe)}${stepName(progress, cafe)}</p>`
              : nothing
          }
        </header>
        ${progress && cafe ? scene(progress, cafe) : html`<p class="lab-call">Bienvenue</p>`}
        <footer>
          ${
            cafe
              ? html`<dl class="lab-totals">
                  ${total(ideas, "idée", "idées")}
                  ${people && step !== "over" ? total(people, "personne ici", "personnes ici") : nothing}
                  ${written ? total(written, "synthèse partagée", "synthèses partagées") : nothing}
                </dl>`
              : nothing
          }
          ${this.newest(labs, id)}
        </footer>
      </div>`,
      this.element,
    );
  }

  private shared(): Synthesis[] {
    return this.live
      .items<Synthesis>("shared", "synthesis")
      .filter(({ state }) => state === "shared");
  }

  /** The newest syntheses that this laboratory was given, in turn. */
  private newest(labs: Lab[], id: string) {
    const given = this.shared()
      .filter(({ labs: to }) => !to.length || to.includes(id))
      .sort((a, b) => (seconds(b.shared_at) ?? 0) - (seconds(a.shared_at) ?? 0))
      .slice(0, TURNS);
    const shown = given[Math.floor(clock.now() / TURN) % given.length];
    if (!shown) return nothing;
    const from = labOf(labs, shown.lab);
    return html`<div class="lab-news" ${variable("--lab", from?.colour ?? "var(--light)")}>
      <p class="from-lab">
        ${labSign(from)} ${from?.name ?? shown.lab}, table ${tableNumber(shown.table)}
      </p>
      <p class="lab-news-title">${typeset(shown.title)}</p>
    </div>`;
  }
}

function scene(progress: Progress, cafe: Cafe) {
  if (cafe.state === "closed") return html`<p class="lab-call">Merci à toutes les tables</p>`;
  if (progress.step === "gathering") {
    return html`<div class="lab-scene">
      <p class="lab-call">On met en commun</p>
      <p class="lab-hint">Chaque table regroupe ses idées et écrit sa synthèse.</p>
    </div>`;
  }
  const question = asked(progress, cafe);
  const size = question.length > LONGER ? "longer" : question.length > LONG ? "long" : "";
  const rest = left(progress, clock.now());
  const paused = progress.left != null;
  const planned = progress.step === "moving" ? cafe.moving_seconds : cafe.round_seconds;
  const moving = progress.step === "moving";
  return html`<div class="lab-scene">
      ${moving ? html`<p class="lab-call">Changez de table</p>` : nothing}
      ${
        progress.step === "waiting"
          ? html`<p class="lab-hint">Prenez place${"\u00a0"}: le premier tour va commencer.</p>`
          : nothing
      }
      ${moving && cafe.prompts.length > 1 ? html`<p class="lab-hint">La question suivante</p>` : nothing}
      <p class="lab-question ${size}">${typeset(question)}</p>
    </div>
    ${
      rest == null
        ? nothing
        : html`<p class="lab-clock ${paused ? "paused" : rest < SOON ? "soon" : ""}" role="timer">
              <span class="visually-hidden">Il reste</span> ${stopwatch(Math.ceil(rest))}
              ${paused ? html`<small>en pause</small>` : nothing}
            </p>
            <span
              class="lab-rest"
              ${variable("--part", String(Math.min(1, rest / Math.max(planned, rest, 1))))}
            ></span>`
    }`;
}

function total(n: number, one: string, many: string) {
  return html`<div>
    <dt>${n < 2 ? one : many}</dt>
    <dd>${n.toLocaleString("fr-FR")}</dd>
  </div>`;
}

/** All laboratories side by side. */
export class ComparisonFace {
  private readonly asking: Asking<Comparison>;

  constructor(
    private readonly element: HTMLElement,
    private readonly live: Live,
    changed: () => void,
  ) {
    this.asking = new Asking(LOOKING, changed);
  }

  topics(): string[] {
    return ["cafes"];
  }

  draw(): void {
    const cafe = latest(this.live.items<Cafe>("cafes", "cafe"));
    const found = this.asking.of(cafe ? `/api/v1/cafes/${cafe.id}/comparison` : "");
    render(
      found
        ? html`<div class="comparison-face">${columns(found)}</div>`
        : html`<p class="lab-call">Les laboratoires n’ont pas encore commencé</p>`,
      this.element,
    );
  }
}
