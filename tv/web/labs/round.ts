// How far a laboratory is in its session: the step in words, the time left as a ring and in figures.

import { html, nothing } from "lit";
import { seconds, stopwatch } from "../french";
import type { Cafe, Progress } from "../lab_items";
import { variable } from "../parts/variable";

const SOON = 60; // seconds before the end, from which on it is said with insistence

/** Seconds that the step under way has left, also while it is paused; null without a timer. */
export function left(progress: Progress, now: number): number | null {
  if (progress.left != null) return progress.left;
  const end = seconds(progress.ends_at);
  return end == null ? null : Math.max(0, end - now);
}

/** « Tour 2 sur 3 » */
export function stepName({ step, round }: Progress, { state, rounds }: Cafe): string {
  if (state === "closed") return "Session terminée";
  switch (step) {
    case "waiting":
      return "Avant le premier tour";
    case "round":
      return `Tour ${round} sur ${rounds}`;
    case "moving":
      return "Changement de table";
    case "gathering":
      return "Mise en commun";
  }
}

/** The question of the round under way, or of the next one while people move. */
export function asked({ step, round }: Progress, { prompts }: Cafe): string {
  const of = Math.max(1, step === "moving" ? round + 1 : round);
  return prompts[Math.min(of, prompts.length) - 1] ?? "";
}

/** Whether ideas can be added. */
export function takesIdeas({ step }: Progress, { state }: Cafe): boolean {
  return state === "open" && step !== "waiting";
}

/** Nothing where no time runs. */
export function timer(progress: Progress, cafe: Cafe, now: number) {
  const time = left(progress, now);
  if (time == null || cafe.state !== "open") return nothing;
  const paused = progress.left != null;
  const planned = progress.step === "moving" ? cafe.moving_seconds : cafe.round_seconds;
  const part = Math.min(1, time / Math.max(planned, time, 1));
  return html`<div class="timer ${paused ? "paused" : time < SOON ? "soon" : ""}" role="timer">
    <svg viewBox="0 0 100 100" aria-hidden="true" focusable="false">
      <circle class="track" cx="50" cy="50" r="45" />
      <circle class="left" cx="50" cy="50" r="45" pathLength="1" ${variable("--part", String(part))} />
    </svg>
    <p>
      <span class="visually-hidden">${paused ? "En pause, reste" : "Reste"}</span>
      <span class="timer-figures">${stopwatch(Math.ceil(time))}</span>
      ${paused ? html`<span class="timer-note">en pause</span>` : nothing}
    </p>
  </div>`;
}

/** The rounds as lamps: over, under way, to come. For the eye alone: `stepName` says it. */
export function lamps({ step, round }: Progress, { state, rounds }: Cafe) {
  const over = state === "closed" || step === "gathering" ? rounds : round - Number(step === "round");
  return html`<span class="lamps" aria-hidden="true">
    ${Array.from({ length: rounds }, (_, rank) => {
      const look = rank < over ? "over" : rank === over && step === "round" ? "on" : "";
      return html`<i class=${look}></i>`;
    })}
  </span>`;
}
