// Grouping a table's ideas: choose cards and say where they go, or drag them there.

import { html, nothing } from "lit";
import { repeat } from "lit/directives/repeat.js";
import { count } from "../french";
import type { Cluster, Idea } from "../lab_items";
import { goOnTo, goTo } from "../parts/places";
import { announce, typeset } from "../parts/text";
import { provenance } from "./card";
import { alike, type GroupingActs, groupName, type Laid, putAway, toRead } from "./host_lists";
import type { Suggestion } from "./host_lists";

const BAR = "#grouping-bar";
const KIND = "application/x-fabrique-idea"; // what is dragged

export class Grouping {
  private chosen = new Set<string>();
  private renaming = "";
  private over = ""; // where something is dragged: a group, "loose" or "new"
  private dragged: string[] = [];
  private naming: string[] = []; // ideas that were dropped for a new group

  constructor(
    private readonly acts: GroupingActs,
    private readonly changed: () => void,
  ) {}

  render(laid: Laid) {
    const shown = new Set(laid.ideas.map(({ id }) => id));
    for (const id of this.chosen) if (!shown.has(id)) this.chosen.delete(id);
    const known = new Set(laid.clusters.map(({ id }) => id));
    const groupOf = (idea: Idea) => idea.clusters.find((id) => known.has(id)) ?? "";
    const loose = laid.ideas.filter((idea) => !groupOf(idea));
    return html`
      ${this.help(laid)} ${alike(laid, this.acts, this.accept)}
      <div class="groups">
        ${repeat(
          laid.clusters,
          ({ id }) => id,
          (cluster) =>
            this.group(
              cluster,
              laid.ideas.filter((idea) => groupOf(idea) === cluster.id),
              laid,
            ),
        )}
        ${this.target("new", html`<p class="empty">Déposez une carte ici pour un nouveau groupe</p>`)}
      </div>
      ${this.target(
        "loose",
        html`<section aria-labelledby="loose-title">
          <h3 id="loose-title">
            ${laid.clusters.length ? "Pas encore rangées" : "Les idées de la table"}
            <span class="badge">${loose.length || ""}</span>
          </h3>
          ${
            loose.length
              ? this.cards(loose, laid)
              : html`<p class="empty">
                  ${laid.ideas.length ? "Tout est rangé." : "Les idées viendront ici à mesure."}
                </p>`
          }
        </section>`,
      )}
      ${toRead(laid, this.acts)} ${putAway(laid, this.acts)} ${this.bar(laid)}
    `;
  }

  private group(cluster: Cluster, ideas: Idea[], laid: Laid) {
    const { id, name } = cluster;
    const off = laid.busy.has(id) ? "true" : nothing;
    const cited = laid.cited.has(id);
    return this.target(
      id,
      html`<section class="group" aria-label="Groupe ${name}">
        <header>
          ${
            this.renaming === id
              ? groupName(`rename-${id}`, name, "Renommer", async (said) => {
                  if (said !== name && !(await this.acts.rename(id, said))) return false;
                  this.renaming = "";
                  this.changed();
                  goOnTo(`#renames-${id}`);
                  return true;
                })
              : html`<h3>
                  ${typeset(name)} <span class="badge">${ideas.length || ""}</span>
                </h3>`
          }
          <div class="acts">
            ${
              this.renaming === id
                ? nothing
                : html`<button
                    class="link"
                    id="renames-${id}"
                    aria-label="Renommer le groupe ${name}"
                    @click=${() => this.startRenaming(id)}
                  >
                    Renommer
                  </button>`
            }
            <button
              class="link"
              aria-disabled=${cited ? "true" : off}
              aria-label="Citer le groupe ${name} dans la synthèse"
              @click=${() => !cited && this.acts.cite([], [id])}
            >
              ${cited ? "Cité" : "Citer"}
            </button>
            <button
              class="link"
              aria-disabled=${off}
              aria-label="Défaire le groupe ${name}"
              @click=${() => this.acts.undo(id)}
            >
              Défaire
            </button>
          </div>
        </header>
        ${ideas.length ? this.cards(ideas, laid) : html`<p class="empty">Aucune carte.</p>`}
      </section>`,
    );
  }

  private cards(ideas: Idea[], laid: Laid) {
    return html`<ul class="grouping-cards">
      ${repeat(
        ideas,
        ({ id }) => id,
        (idea) => this.card(idea, laid),
      )}
    </ul>`;
  }

  /** All of it chooses the card: by finger, by mouse, and by the space bar. */
  private card(idea: Idea, laid: Laid) {
    const { id, text, picture, author, dots } = idea;
    const facts = [
      idea.table === laid.table ? `Tour ${idea.round}` : provenance(idea, laid.table, laid.labs),
      author,
      dots ? count(dots, "point", "points") : "",
      laid.cited.has(id) ? "citée" : "",
    ];
    return html`<li
      class="grouping-card ${idea.table === laid.table ? "" : "carried"}"
      draggable="true"
      data-id=${id}
      @dragstart=${(event: DragEvent) => this.drag(event, id)}
      @dragend=${() => this.drop("")}
    >
      <label>
        <input
          type="checkbox"
          .checked=${this.chosen.has(id)}
          @change=${() => this.choose(id)}
          @keydown=${(event: KeyboardEvent) => {
            if (event.key !== "Enter") return;
            event.preventDefault();
            if (!this.chosen.has(id)) this.choose(id);
            this.goToBar();
          }}
        />
        <span class="grouping-words">
          ${text ? html`<span class="grouping-text">${typeset(text)}</span>` : nothing}
          ${
            picture
              ? html`<img
                  src=${picture.url}
                  width=${picture.width}
                  height=${picture.height}
                  alt=${picture.alt || "Une image"}
                  draggable="false"
                />`
              : nothing
          }
          <span class="meta">
            ${facts.filter(Boolean).map((fact) => html`<span>${fact}</span>`)}
          </span>
        </span>
      </label>
    </li>`;
  }

  private help({ ideas }: Laid) {
    if (ideas.length < 2) return nothing;
    return html`<div class="grouping-help">
      <p class="note">
        Touchez les cartes qui vont ensemble, ou faites-les glisser. Au clavier\u00a0: Espace choisit,
        Entrée range.
      </p>
      <button class="quiet" @click=${() => this.acts.suggest()}>Chercher les idées proches</button>
    </div>`;
  }

  /** What becomes of the chosen cards: at the end, so that no card moves when it comes. */
  private bar(laid: Laid) {
    const ids = this.naming.length ? this.naming : [...this.chosen];
    if (!ids.length) return nothing;
    const ideas = laid.ideas.filter(({ id }) => ids.includes(id));
    const inGroup = laid.clusters.some(({ id }) => ideas.some((idea) => idea.clusters.includes(id)));
    const fromHere = ideas.every(({ table }) => table === laid.table);
    return html`<div
      class="grouping-bar"
      id=${BAR.slice(1)}
      role="region"
      aria-label="Ranger les cartes choisies"
    >
      <div class="bar-line">
        <p class="chosen-count">${count(ids.length, "carte choisie", "cartes choisies")}</p>
        <button class="link" @click=${() => this.clear()}>Ne plus choisir</button>
      </div>
      ${groupName("new-group", "", "Nouveau groupe", async (name) => {
        const done = await this.acts.make(name, ids);
        return done && this.put(ids, name);
      })}
      ${
        laid.clusters.length
          ? html`<ul class="into" aria-label="Ranger dans un groupe">
              <li class="note" aria-hidden="true">Ranger dans</li>
              ${laid.clusters.map(
                ({ id, name }) =>
                  html`<li>
                    <button class="quiet" @click=${() => this.into(id, name, ids)}>
                      <span class="visually-hidden">Ranger dans</span> ${name}
                    </button>
                  </li>`,
              )}
            </ul>`
          : nothing
      }
      <div class="acts">
        <button class="link" @click=${() => this.cite(ids)}>Citer dans la synthèse</button>
        ${
          inGroup
            ? html`<button class="link" @click=${() => this.out(ids)}>Sortir du groupe</button>`
            : nothing
        }
        ${
          fromHere
            ? html`<button class="link" @click=${() => this.hide(ids)}>Masquer</button>`
            : nothing
        }
      </div>
    </div>`;
  }

  /** A place where cards may be dropped. */
  private target(place: string, content: unknown) {
    return html`<div
      class="drop ${place === "new" ? "drop-new" : ""} ${this.over === place ? "over" : ""}"
      ?hidden=${place === "new" && !this.dragged.length}
      @dragover=${(event: DragEvent) => {
        if (!event.dataTransfer?.types.includes(KIND)) return;
        event.preventDefault();
        if (this.over === place) return;
        this.over = place;
        this.changed();
      }}
      @drop=${(event: DragEvent) => {
        event.preventDefault();
        this.drop(place);
      }}
    >
      ${content}
    </div>`;
  }

  private drag(event: DragEvent, id: string): void {
    event.dataTransfer?.setData(KIND, id);
    this.dragged = this.chosen.has(id) ? [...this.chosen] : [id];
    // Not now: what changes under the pointer while a drag begins would end it.
    setTimeout(this.changed);
  }

  private drop(place: string): void {
    const ids = this.dragged;
    this.dragged = [];
    this.over = "";
    if (place === "new") {
      this.naming = ids;
      this.changed();
      this.goToBar();
    } else if (place === "loose") {
      if (ids.length) this.out(ids);
    } else if (place && ids.length) {
      void this.acts.group(place, ids).then((done) => done && this.clear());
    }
    this.changed();
  }

  private choose(id: string): void {
    if (!this.chosen.delete(id)) this.chosen.add(id);
    this.naming = [];
    this.changed();
  }

  private clear(): boolean {
    this.chosen.clear();
    this.naming = [];
    this.changed();
    goOnTo(".grouping-card input");
    return true;
  }

  private put(ids: string[], name: string): boolean {
    announce(`${count(ids.length, "carte rangée", "cartes rangées")} dans «\u00a0${name}\u00a0».`);
    return this.clear();
  }

  private into(cluster: string, name: string, ids: string[]): void {
    void this.acts.group(cluster, ids).then((done) => done && this.put(ids, name));
  }

  private out(ids: string[]): void {
    void this.acts.ungroup(ids).then((done) => done && this.clear());
  }

  private hide(ids: string[]): void {
    for (const id of ids) this.acts.judge(id, "hide");
    this.clear();
  }

  private cite(ids: string[]): void {
    this.acts.cite(ids, []);
    this.clear();
  }

  private accept = async (suggestion: Suggestion, into: Cluster | undefined): Promise<void> => {
    const { ideas, name } = suggestion;
    const done = into
      ? await this.acts.group(into.id, ideas)
      : await this.acts.make(name || "Idées proches", ideas);
    if (!done) return;
    this.acts.dismiss(suggestion);
    goOnTo("#suggestions-title");
  };

  private startRenaming(id: string): void {
    this.renaming = id;
    this.changed();
    goTo(`#rename-${id}`);
  }

  private goToBar(): void {
    goTo(`${BAR} input`);
  }
}
