// How much time a talk has left, and when who speaks is told so. Pure.

import { seconds } from "../french";
import type { Talk } from "../protocol";

const SOON = 300; // seconds
const LAST = 60;
const RECENT = 20; // seconds for which a mark that was passed is still worth a signal

export interface TimeLeft {
  end: number; // when it is to be over
  rest: number; // seconds until then, negative afterwards
  part: number; // of the whole, from 1 down to 0
  level: "" | "soon" | "last" | "over";
}

/** By the plan; of a talk that began after its planned end, by how long it was to be. */
export function timeLeft(talk: Talk | undefined, now: number): TimeLeft | null {
  const began = seconds(talk?.started_at);
  const planned = seconds(talk?.planned_end);
  if (talk?.state !== "live" || began == null || planned == null) return null;
  const start = seconds(talk.planned_start);
  const end = planned > began || start == null ? planned : began + planned - start;
  const rest = end - now;
  const level = rest <= 0 ? "over" : rest <= LAST ? "last" : rest <= SOON ? "soon" : "";
  return { end, rest, part: Math.min(1, Math.max(0, rest / Math.max(1, end - began))), level };
}

/** The figure, and what it is of: nothing in it moves faster than by the minute. */
export function worded({ rest }: TimeLeft): [string, string] {
  if (rest > LAST) return [`${Math.ceil(rest / 60)}\u00a0min`, "reste"];
  if (rest > 0) return ["1\u00a0min", "reste moins de"];
  const over = Math.floor(-rest / 60);
  return over ? [`${over}\u00a0min`, "dépassé de"] : ["C’est l’heure", ""];
}

/** Says once that five minutes are left, and that one is. */
export class Signals {
  private before: number | null = null;

  look(left: TimeLeft | null): string {
    const { before } = this;
    this.before = left?.rest ?? null;
    if (before == null || !left) return "";
    const passed = [SOON, LAST].find(
      (mark) => before > mark && left.rest <= mark && left.rest > mark - RECENT,
    );
    if (passed == null) return "";
    return passed === SOON ? "Plus que 5\u00a0minutes" : "Plus qu’une minute";
  }
}
