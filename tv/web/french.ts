// Times, numbers, plurals and the names of states, as people say them: in French, or in the
// language of the page.

import { either, language, t } from "./language";
import { page } from "./page";
import type { Instant, QuestionState } from "./protocol";

/** An instant as broadcast seconds; null when there is none. */
export function seconds(instant: Instant | null | undefined): number | null {
  if (instant == null || instant === "") return null;
  return typeof instant === "number" ? instant : Date.parse(instant) / 1000;
}

const timeZone = page.zone;
// A page's first format of a time takes tens of milliseconds: not before one is wanted.
let clocks: Intl.DateTimeFormat | undefined;
let days: Intl.DateTimeFormat | undefined;

/** « 11 h 12 », where the event is: as its programme says, and the clock in its hall. */
export function hour(instant: Instant | null | undefined): string {
  const time = seconds(instant);
  if (time == null) return "";
  const [hours, minutes = ""] = clockOf(time).split(":");
  return t("{hours}\u00a0h\u00a0{minutes}", { hours: Number(hours), minutes });
}

/** « 09:12:07 », where the event is. */
export function clockOf(time: number): string {
  clocks ??= new Intl.DateTimeFormat("fr", { timeStyle: "medium", timeZone });
  return clocks.format(time * 1000);
}

/** « jeudi 26 », where the event is. */
export function day(time: number): string {
  days ??= new Intl.DateTimeFormat(language, { weekday: "long", day: "numeric", timeZone });
  return days.format(time * 1000);
}

/** « 1:02:07 » or « 4:31 »: a stopwatch. */
export function stopwatch(duration: number): string {
  const total = Math.max(0, Math.floor(duration));
  const minutes = Math.floor(total / 60) % 60;
  const rest = String(total % 60).padStart(2, "0");
  const hours = Math.floor(total / 3600);
  return hours ? `${hours}:${String(minutes).padStart(2, "0")}:${rest}` : `${minutes}:${rest}`;
}

/** « 1 h 2 min 7 s », « 40 s »: as it is said. */
export function spoken(duration: number): string {
  const total = Math.max(0, Math.round(duration));
  const parts: [number, string][] = [
    [Math.floor(total / 3600), "h"],
    [Math.floor(total / 60) % 60, "min"],
    [total % 60, "s"],
  ];
  const said = parts.filter(([n]) => n).map(([n, unit]) => `${n}\u00a0${unit}`);
  return said.join(" ") || "0\u00a0s";
}

/** « à l’instant », « il y a 12 s », « il y a 4 min », then the hour. */
export function ago(instant: Instant | null | undefined, now: number): string {
  const time = seconds(instant);
  if (time == null) return "";
  const age = now - time;
  if (age < 5) return t("à l’instant");
  if (age < 60) return t("il y a {n}\u00a0s", { n: Math.floor(age / 5) * 5 });
  if (age < 3600) return t("il y a {n}\u00a0min", { n: Math.floor(age / 60) });
  return t("à {hour}", { hour: hour(time) });
}

const numbers = new Intl.NumberFormat(language);

/** « 1 soutien », « 43 soutiens »; both are in the catalogues. */
export function count(n: number, one: string, many: string): string {
  return `${numbers.format(n)}\u00a0${either(n, one, many)}`;
}

/** « 0,4 s » */
export function decimal(value: number, digits = 1): string {
  return value.toLocaleString(language, {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  });
}

/** « 4,2 Mbit/s », « 820 kbit/s » */
export function sized(bits: number): string {
  if (bits < 1e6) return `${Math.round(bits / 1000)}\u00a0kbit/s`;
  return `${decimal(bits / 1e6)}\u00a0Mbit/s`;
}

export function percent(part: number, whole: number): string {
  return t("{n}\u00a0%", { n: whole ? Math.round((100 * part) / whole) : 0 });
}

/** « texte », with the spaces French wants. */
export function quoted(text: string): string {
  return t("«\u00a0{text}\u00a0»", { text });
}

const REASONS: Record<string, string> = {
  off_topic: t("hors sujet"),
  hors_sujet: t("hors sujet"),
  duplicate: t("déjà posée"),
  doublon: t("déjà posée"),
  offensive: t("propos déplacés"),
  propos: t("propos déplacés"),
  personal: t("met en cause une personne"),
  personne_visee: t("met en cause une personne"),
  private: t("donnée personnelle"),
  illegal: t("contenu illicite"),
  advertising: t("publicité"),
  publicite: t("publicité"),
  other: t("autre raison"),
  autre: t("autre raison"),
};

/** A reason's code in words; the régie's own words stay as they are. */
export function reason(code: string): string {
  return REASONS[code] ?? code;
}

/** What the author of a question reads about it. */
export function fate(question: {
  state: QuestionState;
  reason?: string | null;
  answered_at: Instant | null;
}): string {
  switch (question.state) {
    case "pending":
      return t("En attente de relecture");
    case "approved":
      return t("Publiée");
    case "live":
      return t("Réponse en cours");
    case "answered":
      return question.answered_at
        ? t("Réponse donnée à {hour}", { hour: hour(question.answered_at) })
        : t("Réponse donnée");
    case "merged":
      return t("Regroupée avec une question proche");
    case "rejected":
      return question.reason
        ? t("Non retenue\u00a0: {reason}", { reason: reason(question.reason) })
        : t("Non retenue");
    case "withdrawn":
      return t("Retirée");
  }
}
