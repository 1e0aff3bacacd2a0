// The ballots that are not one choice among several, filled in with a finger, a keyboard or a screen
// reader.

import { html, nothing } from "lit";
import { live } from "lit/directives/live.js";
import { repeat } from "lit/directives/repeat.js";
import { count } from "../french";
import { t } from "../language";
import type { Poll } from "../protocol";
import { type Change, type Filled, one } from "./ballot";
import { announce } from "./text";
import { keepVotingCode, votingCode } from "./voting_code";

const DOTS = 10; // to give
const WORD = 30; // characters
const TEXT = 280;

export function fields(poll: Poll, filled: Filled, change: Change) {
  return html`${kind(poll, filled, change)}${poll.codes ? code(poll) : nothing}`;
}

/**
 * The voting code. It goes along with the ballot as a cookie, which a scanned card sets too
 * (tv/voting_codes.py): so the usual ballot, which all phones load, knows nothing of codes.
 */
function code({ id }: Poll) {
  return html`<label class="voting-code">
    <span>${t("Votre code de vote")}</span>
    <input
      type="text"
      name="code"
      id="code-${id}"
      required
      autocomplete="off"
      autocapitalize="characters"
      spellcheck="false"
      maxlength="16"
      pattern="\\s*[A-Za-z0-9]{4}[\\s\\-]?[A-Za-z0-9]{4}\\s*"
      title=${t("Huit lettres et chiffres, comme sur votre carte.")}
      .value=${votingCode()}
      @input=${(event: Event) => keepVotingCode((event.target as HTMLInputElement).value)}
    />
  </label>`;
}


function kind(poll: Poll, filled: Filled, change: Change) {
  switch (poll.type) {
    case "single":
    case "rating":
      return one(poll, filled, change);
    case "multiple":
      return several(poll, filled, change);
    case "ranking":
      return ranking(poll, filled, change);
    case "dots":
      return dots(poll, filled, change);
    default:
      return writing(poll, filled, change);
  }
}

function several({ prompt, options, max_choices }: Poll, { choices }: Filled, change: Change) {
  const all = max_choices >= options.length;
  return html`<fieldset class="ballot">
    <legend class="visually-hidden">${prompt}</legend>
    ${
      all
        ? nothing
        : html`<p class="note">
            ${t("{answers} au plus.", { answers: count(max_choices, "réponse", "réponses") })}
          </p>`
    }
    ${options.map(({ id, text }) => {
      const ticked = choices.includes(id);
      return html`<label class="option">
        <input
          type="checkbox"
          .checked=${live(ticked)}
          ?disabled=${!ticked && choices.length >= max_choices}
          @change=${() =>
            change((now) => {
              const others = now.choices.filter((other) => other !== id);
              const added = others.length === now.choices.length;
              return { choices: added ? [...others, id] : others, texts: [] };
            })}
        />
        <span>${text}</span>
      </label>`;
    })}
  </fieldset>`;
}

/** In order by two buttons each, never by dragging alone (RGAA 13.10). */
function ranking({ id: poll, prompt, options }: Poll, { choices }: Filled, change: Change) {
  const texts = new Map(options.map(({ id, text }) => [id, text]));
  const move = (id: string, by: number) => {
    change((now) => {
      const others = now.choices.filter((other) => other !== id);
      const rank = Math.min(Math.max(now.choices.indexOf(id) + by, 0), others.length);
      const place = { name: texts.get(id) ?? "", rank: rank + 1, all: others.length + 1 };
      announce(t("{name}\u00a0: rang {rank} sur {all}.", place));
      return { choices: [...others.slice(0, rank), id, ...others.slice(rank)], texts: [] };
    });
    refocus(`rank-${poll}-${id}-${by}`, `rank-${poll}-${id}-${-by}`);
  };
  const arrow = (rank: number, by: number, id: string) =>
    html`<button
      type="button"
      class="step"
      id="rank-${poll}-${id}-${by}"
      aria-label="${by < 0 ? t("Monter") : t("Descendre")}\u00a0: ${texts.get(id)}"
      ?disabled=${rank + by < 0 || rank + by >= choices.length}
      @click=${() => move(id, by)}
    >
      ${by < 0 ? "↑" : "↓"}
    </button>`;
  return html`<p class="note">${t("Mettez en premier ce qui compte le plus pour vous.")}</p>
    <ol class="ballot ranking" aria-label=${prompt}>
      ${repeat(
        choices,
        (id) => id,
        (id, rank) =>
          html`<li class="option">
            <span>${texts.get(id)}</span>${arrow(rank, -1, id)}${arrow(rank, 1, id)}
          </li>`,
      )}
    </ol>`;
}

function dots({ prompt, options }: Poll, { choices }: Filled, change: Change) {
  const left = DOTS - choices.length;
  const more = (id: string) =>
    change(({ choices: now }) => ({ choices: [...now, id].slice(0, DOTS), texts: [] }));
  const less = (id: string) =>
    change(({ choices: now }) => {
      const last = now.lastIndexOf(id);
      return { choices: now.filter((_, rank) => rank !== last), texts: [] };
    });
  return html`<fieldset class="ballot">
    <legend class="visually-hidden">${prompt}</legend>
    <p class="note" role="status">
      ${left ? t("{points} à répartir", { points: count(left, "point", "points") }) : t("Tous les points sont donnés")}
    </p>
    ${options.map(({ id, text }) => {
      const given = choices.filter((choice) => choice === id).length;
      return html`<div class="option" role="group" aria-label=${text}>
        <span>${text}</span>
        <button
          type="button"
          class="step"
          aria-label=${t("Un point de moins")}
          aria-disabled=${given ? nothing : "true"}
          @click=${() => less(id)}
        >
          −
        </button>
        <output>${given}</output>
        <button
          type="button"
          class="step"
          aria-label=${t("Un point de plus")}
          aria-disabled=${left ? nothing : "true"}
          @click=${() => more(id)}
        >
          +
        </button>
      </div>`;
    })}
  </fieldset>`;
}

function writing({ type, prompt, max_choices }: Poll, { texts }: Filled, change: Change) {
  const write = (event: InputEvent, rank: number) => {
    const { value } = event.target as HTMLInputElement;
    change((now) => {
      const written = Array.from({ length: max_choices }, (_, n) => now.texts[n] ?? "");
      written[rank] = value;
      return { choices: [], texts: written };
    });
  };
  if (type === "text") {
    return html`<textarea
      class="answer"
      aria-label=${prompt}
      rows="3"
      maxlength=${TEXT}
      .value=${live(texts[0] ?? "")}
      @input=${(event: InputEvent) => write(event, 0)}
    ></textarea>`;
  }
  return html`<fieldset class="ballot">
    <legend class="visually-hidden">${prompt}</legend>
    ${Array.from(
      { length: max_choices },
      (_, rank) =>
        html`<input
          type="text"
          autocomplete="off"
          aria-label=${t("Mot {n}", { n: rank + 1 })}
          placeholder=${t("Mot {n}", { n: rank + 1 })}
          maxlength=${WORD}
          .value=${live(texts[rank] ?? "")}
          @input=${(event: InputEvent) => write(event, rank)}
        />`,
    )}
  </fieldset>`;
}

/** Moving takes the focus away: give it back, or to the other arrow where that one is at its end. */
function refocus(...ids: string[]): void {
  requestAnimationFrame(() =>
    requestAnimationFrame(() => {
      const found = ids.map((id) => document.getElementById(id) as HTMLButtonElement | null);
      found.find((arrow) => arrow && !arrow.disabled)?.focus();
    }),
  );
}
