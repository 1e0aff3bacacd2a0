// Polls for the audience: a ballot while open, a table of results when they may be seen.

import { html, nothing } from "lit";
import { seconds, spoken } from "../french";
import { t } from "../language";
import type { Answer, Poll } from "../protocol";
import { begun, type Change, complete, type Filled, one, written } from "./ballot";
import * as icons from "./icons";
import type { Later } from "./later";
import { typeset } from "./text";

const MORE_TIME = 60; // seconds after the end for who asked

export interface Ballot extends Filled {
  sending: boolean; // `choices` and `texts` are what the server has
  moreTime: boolean; // asked for
}

export interface Draft {
  latest(): Filled | undefined; // what is not sent
  fill(filled: Filled): void;
  vote(filled: Filled): void;
  askTime(): void;
}

/** What is loaded once a poll needs it: most are a single choice, and none begins with results. */
export interface Rarer {
  kinds: Later<typeof import("./ballot_kinds")>;
  results: Later<typeof import("./results")>;
}

const STATES = {
  draft: t("Brouillon"),
  open: t("Vote ouvert"),
  closed: t("Vote clos"),
  published: t("Résultats"),
};

/** `answers` are those to any poll: what was written, and read by a moderator. */
export function poll(
  item: Poll,
  ballot: Ballot,
  draft: Draft,
  rarer: Rarer,
  answers: Answer[],
  now: number,
) {
  return html`<article class="poll ${item.state}" aria-labelledby="prompt-${item.id}">
    <p class="poll-state">
      ${item.state === "open" ? html`<span class="tally"></span>` : nothing}${STATES[item.state]}
      ${item.round > 1 ? html`<span class="dot"></span>${t("tour {n}", { n: item.round })}` : nothing}
      ${remaining(item, now)}
    </p>
    <h3 id="prompt-${item.id}">${typeset(item.prompt)}</h3>
    ${
      votes(item, ballot, now)
        ? voting(item, ballot, draft, rarer)
        : rarer.results.get()?.results(item, ballot.choices, answers)
    }
  </article>`;
}

/** « encore 40 s », in a poll that closes by itself. */
export function remaining({ state, closes_at }: Poll, now: number) {
  const end = seconds(closes_at);
  if (state !== "open" || end == null) return nothing;
  return html`<span class="dot"></span>${end > now ? t("encore {time}", { time: spoken(end - now) }) : t("terminé")}`;
}

function votes({ state, closed_at }: Poll, { moreTime }: Ballot, now: number): boolean {
  const end = seconds(closed_at);
  return state === "open" || (state === "closed" && moreTime && now < (end ?? 0) + MORE_TIME);
}

function voting(item: Poll, ballot: Ballot, draft: Draft, { kinds, results }: Rarer) {
  const single = !item.codes && (item.type === "single" || item.type === "rating");
  const fields = single ? one : kinds.get()?.fields;
  if (!fields) return nothing;
  const { latest, fill, vote, askTime } = draft;
  const filled = latest();
  const given = ballot.choices.length || ballot.texts.length ? ballot : undefined;
  if (given) results.get(); // to be here when they show: else all phones ask for them in that second
  const shown = filled ?? given ?? begun(item);
  const change: Change = (made) => fill(made(latest() ?? shown));
  const votable = (made: Filled) =>
    !ballot.sending && complete(item, made) && !(given && same(written(made), given));
  return html`<form
    @submit=${(event: Event) => {
      event.preventDefault();
      const typed = latest() ?? shown; // since this was drawn
      if (votable(typed)) vote(written(typed));
    }}
  >
    ${fields(item, shown, change)}
    <div class="vote">
      <button class="primary" aria-disabled=${votable(shown) ? nothing : "true"}>
        ${given ? t("Changer mon vote") : t("Voter")}
      </button>
      <p class="note">
        ${
          ballot.sending
            ? t("Envoi de votre vote…")
            : given
              ? html`${icons.done} ${t("Vote enregistré. Vous pouvez le modifier jusqu’à la clôture.")}`
              : t("Résultats à la clôture.")
        }
      </p>
    </div>
    ${
      item.closes_at == null
        ? nothing
        : ballot.moreTime
          ? html`<p class="note">${t("Vous avez une minute de plus après la clôture.")}</p>`
          : html`<button type="button" class="link" @click=${askTime}>
              ${t("Il me faut plus de temps")}
            </button>`
    }
  </form>`;
}

function same(one: Filled, other: Filled): boolean {
  return String(one.choices) === String(other.choices) && String(one.texts) === String(other.texts);
}
