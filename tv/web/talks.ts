// Which of a channel's talks a page is about, and what is said of its hour.

import * as clock from "./clock";
import { day, hour, seconds } from "./french";
import { t } from "./language";
import type { Instant, Talk } from "./protocol";

type States = Record<Talk["state"], number>;

// What the audience looks at: what is on, else what was, else what comes; the crew goes on at once.
export const AUDIENCE: States = { live: 0, ended: 1, replay: 1, scheduled: 2, cancelled: 3 };
export const CREW: States = { live: 0, scheduled: 1, ended: 2, replay: 3, cancelled: 4 };

/** A channel's talks, the one a page is about first: by their states, then of those to come the
 * next (one that stands without a schedule last), of those that were the last. */
export function ranked(talks: Talk[], slug: string, states: States): Talk[] {
  const order = (talk: Talk) =>
    talk.state === "scheduled"
      ? (seconds(talk.planned_start) ?? (talk.standing ? Infinity : Number.MAX_VALUE))
      : -(seconds(talk.started_at) ?? 0);
  return talks
    .filter(({ channel }) => channel === slug)
    .sort((a, b) => states[a.state] - states[b.state] || compare(order(a), order(b)));
}

/** The channel's next talk that is to begin after `now`, breaks left out. */
export function following(talks: Talk[], slug: string, now: number): Talk | undefined {
  const begins = ({ planned_start }: Talk) => seconds(planned_start) ?? 0;
  return talks
    .filter((talk) => talk.channel === slug && talk.state === "scheduled" && talk.type !== "break")
    .filter((talk) => begins(talk) > now)
    .sort((a, b) => begins(a) - begins(b))[0];
}

/** « Prévue à 10 h 00 », « Déplacée, d’abord prévue à 9 h 30, Salle 2 »; "" when nothing is known. */
export function whenPlanned(talk: Talk): string {
  if (talk.state === "cancelled") return t("Annulée");
  if (talk.state !== "scheduled") return "";
  if (!talk.moved) return talk.planned_start ? t("Prévue {when}", { when: at(talk.planned_start) }) : "";
  const before = [at(talk.moved.planned_start), talk.moved.room].filter(Boolean).join(", ");
  return t("Déplacée, d’abord prévue {when}", { when: before });
}

/** « à 10 h 00 », with the day unless it is today. */
function at(instant: Instant | null): string {
  const time = seconds(instant);
  if (time == null) return "";
  return day(time) === day(clock.now())
    ? t("à {hour}", { hour: hour(time) })
    : t("{day} à {hour}", { day: day(time), hour: hour(time) });
}

function compare(a: number, b: number): number {
  return a === b ? 0 : a < b ? -1 : 1;
}
