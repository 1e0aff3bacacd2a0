// A synthesis as everybody reads it: whose it is, what it comes from, what people say about it.

import { html, nothing } from "lit";
import { count, hour } from "../french";
import type { Idea, Lab, Sources, Synthesis } from "../lab_items";
import { t } from "../language";
import { alertButton } from "./alert";
import { comments, type Commenting, type Said } from "./comments";
import * as icons from "./icons";
import { labOf, labSign, place, tableNumber } from "./lab_sign";
import { typeset } from "./text";
import { variable } from "./variable";
import { picture } from "./wall";

const OPENING = 320; // characters of a text that show before one asks for all of it

export type Panel = "sources" | "comments";

/** What there is to show of a synthesis. */
export interface Read {
  synthesis: Synthesis;
  labs: Lab[];
  supported: boolean;
  whole: boolean; // its text is shown to the end
  panel: Panel | undefined; // which of the two is open
  sources: Sources | undefined; // once they have come
  said: Said;
  told: { at: number; address: string } | null; // on the set: when, and where to see it again
}

export interface Reading extends Commenting {
  support(synthesis: Synthesis, on: boolean): void;
  unfold(synthesis: Synthesis): void;
  open(synthesis: Synthesis, panel: Panel): void;
}

export function synthesisCard(read: Read, acts: Reading) {
  const { synthesis, labs, supported, panel } = read;
  const { id, title } = synthesis;
  const lab = labOf(labs, synthesis.lab);
  const supports = count(synthesis.support, "soutien", "soutiens");
  return html`<article
    class="synthesis"
    id=${id}
    tabindex="-1"
    aria-labelledby="title-${id}"
    ${variable("--lab", lab?.colour ?? "var(--line-strong)")}
  >
    ${from(synthesis, labs)}
    <h3 id="title-${id}">${typeset(title)}</h3>
    ${text(read, acts)} ${told(read)}
    <div class="acts">
      <button
        class="quiet like"
        aria-pressed=${String(supported)}
        aria-label=${t("Soutenir\u00a0: {what} ({supports})", { what: title, supports })}
        @click=${() => acts.support(synthesis, !supported)}
      >
        ${supported ? icons.supported : icons.support}${synthesis.support}
      </button>
      ${toggle(read, acts, "comments", t("Commentaires"), synthesis.comments)}
      ${
        synthesis.ideas.length
          ? toggle(read, acts, "sources", t("Idées d’origine"), synthesis.ideas.length)
          : nothing
      }
      ${alertButton({ about: "synthesis", id, text: title })}
    </div>
    ${
      panel === "comments"
        ? comments(synthesis, read.said, acts)
        : panel === "sources"
          ? sources(read)
          : nothing
    }
  </article>`;
}

/** Where it was written: « Chercher · Table 3 », and the laboratory's step below. */
export function from(synthesis: Synthesis, labs: Lab[]) {
  const lab = labOf(labs, synthesis.lab);
  return html`<p class="eyebrow synthesis-from">
    ${labSign(lab)}
    <span>
      ${lab?.name ?? synthesis.lab}<span class="dot"></span>${t("Table {n}", { n: tableNumber(synthesis.table) })}
      ${lab?.step ? html`<small>${lab.step}</small>` : nothing}
    </span>
  </p>`;
}

export function paragraphs(body: string) {
  return body
    .split(/\n\s*\n/)
    .filter((each) => each.trim())
    .map((each) => html`<p>${typeset(each.trim())}</p>`);
}

function text({ synthesis, whole }: Read, acts: Reading) {
  const { title, body } = synthesis;
  if (!body.trim()) return nothing;
  const long = body.length > OPENING;
  return html`<div class="synthesis-text ${long && !whole ? "folded" : ""}">${paragraphs(body)}</div>
    ${
      long
        ? html`<button
            class="link"
            aria-expanded=${String(whole)}
            aria-label="${whole ? t("Replier") : t("Lire la suite")}\u00a0: ${title}"
            @click=${() => acts.unfold(synthesis)}
          >
            ${whole ? t("Replier") : t("Lire la suite")}
          </button>`
        : nothing
    }`;
}

function told({ told: on }: Read) {
  if (!on) return nothing;
  return html`<p class="meta">
    ${t("Présentée sur le plateau à {hour}", { hour: hour(on.at) })}
    ${on.address ? html`<span class="dot"></span><a href=${on.address}>${t("Revoir")}</a>` : nothing}
  </p>`;
}

function toggle({ synthesis, panel }: Read, acts: Reading, which: Panel, name: string, n: number) {
  const { id, title } = synthesis;
  return html`<button
    class="quiet"
    aria-expanded=${String(panel === which)}
    aria-controls="${which}-${id}"
    aria-label="${name}\u00a0: ${title} (${n})"
    title=${name}
    @click=${() => acts.open(synthesis, which)}
  >
    ${which === "comments" ? html`${icons.ask}${n || nothing}` : count(n, "idée", "idées")}
  </button>`;
}

function sources({ synthesis, sources: found }: Read) {
  const groups = found?.clusters ?? [];
  const loose = found?.ideas.filter((idea) => !groups.some(({ id }) => idea.clusters.includes(id)));
  return html`<div class="synthesis-panel" id="sources-${synthesis.id}">
    ${found ? nothing : html`<p class="note">${t("Un instant…")}</p>`}
    ${groups.map(
      ({ id, name }) =>
        html`<h4>${typeset(name)}</h4>
          ${sourceList(found?.ideas.filter(({ clusters }) => clusters.includes(id)) ?? [])}`,
    )}
    ${groups.length && loose?.length ? html`<h4>${t("Et aussi")}</h4>` : nothing} ${sourceList(loose ?? [])}
  </div>`;
}

function sourceList(ideas: Idea[]) {
  if (!ideas.length) return nothing;
  return html`<ul class="sources-list">
    ${ideas.map(
      (idea) =>
        html`<li>
          ${idea.text ? html`<p>${typeset(idea.text)}</p>` : nothing} ${picture(idea)}
          <p class="meta">
            ${idea.table ? place(idea.table, idea.round) : nothing}
            ${
              idea.dots
                ? html`<span class="dot"></span>${count(idea.dots, "point", "points")}`
                : nothing
            }
            ${alertButton({ about: "idea", id: idea.id, text: idea.text })}
          </p>
        </li>`,
    )}
  </ul>`;
}
